"""What a request leaves behind: log lines, Server-Timing, and at Sentry, where that is set up, errors and traces.

Ids only: no tokens, no e-mail addresses, no bodies.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from showcase.observability import logs, redaction
from showcase.observability.tracing import RequestTrace, current, tracing
from showcase.settings import CoreSettings

log = logging.getLogger(logs.OURS)


def configure(settings: CoreSettings) -> None:
    """Sets up logging, and Sentry where a DSN is set; what they still hold when the process ends is sent first."""
    redact = redaction.redactor(os.environ)
    logs.configure(settings, redact)
    _exit_on_sigterm()
    if settings.sentry_dsn:
        from showcase.observability import sentry  # a third of a second that only those pay who use it

        sentry.start(settings, redact)


def _exit_on_sigterm() -> None:
    """A server that is asked to end ends by the same signal again, which by default runs no exit handlers."""
    by_default = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if by_default and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def _sentry() -> Any:
    return sys.modules.get("showcase.observability.sentry")


def observing(trace: RequestTrace) -> AbstractContextManager[Any]:
    """Makes `trace` the current request's, for `timed`, `report` and log lines; its Sentry transaction, or None."""
    sentry = _sentry()
    return _watching(sentry, trace) if sentry else tracing(trace)


@contextmanager
def _watching(sentry: Any, trace: RequestTrace) -> Iterator[Any]:
    with tracing(trace), sentry.watching(trace) as transaction:
        yield transaction


class timed:  # noqa: N801 - as `tracing`
    """Adds what happens inside to the current request's Server-Timing under `name`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._trace, sentry = current(), _sentry()
        self._span = sentry.spanning(self._name) if sentry and self._trace else None
        if self._span:
            self._span.__enter__()
        self._start = time.perf_counter()

    def __exit__(self, *raised: Any) -> None:
        if self._trace:
            spent = (time.perf_counter() - self._start) * 1000
            self._trace.spent[self._name] = self._trace.spent.get(self._name, 0.0) + spent
        if self._span:
            self._span.__exit__(*raised)


def report(error: BaseException, level: str = "error", **fields: object) -> None:
    """Records an error that is ours to look at: in the log with its trace, and at Sentry where that is set up.

    `level` is `warning` for what may pass by itself: a vendor that is down.
    """
    text = f"{type(error).__name__}: {redaction.describe(error)}".removesuffix(": ")
    # A failure that passes says all it has to say in its name; where it came from is of no interest.
    if level == "error":
        log.error("%s", text, exc_info=error, extra={"fields": fields})
    else:
        log.warning("%s", text, extra={"fields": fields})
    if sentry := _sentry():
        sentry.capture(error, level)


def log_request(trace: RequestTrace, method: str, status: int, milliseconds: float) -> None:
    """One line for each request, with the fields that Cloud Logging shows as a request; its address without a query."""
    request = {
        "requestMethod": method,
        "requestUrl": f"/functions/v1/{trace.function}",
        "status": status,
        "latency": f"{milliseconds / 1000:.4f}s",
    }
    spent = {name: round(each, 1) for name, each in trace.spent.items()}
    fields = {"function": trace.function, "httpRequest": request, "ms": round(milliseconds, 1), "spent": spent}
    level = logging.ERROR if status >= 500 else logging.INFO
    log.log(level, "%s %s", trace.function, status, extra={"fields": fields})
