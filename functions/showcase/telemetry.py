"""What a request leaves behind: JSON log lines, Server-Timing, errors for Sentry. Ids only: no tokens, no bodies."""

import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from typing_extensions import override

from showcase.settings import CoreSettings

log = logging.getLogger("showcase")


@dataclass(frozen=True)
class RequestTrace:
    """One request's id, and the milliseconds it spent on each kind of outside call."""

    request_id: str
    spent: dict[str, float] = field(default_factory=dict)

    def server_timing(self) -> str:
        """The value of the `Server-Timing` header (W3C Server Timing), e.g. `db;dur=3.1, github;dur=80.4`."""
        return ", ".join(f"{name};dur={spent:.1f}" for name, spent in self.spent.items())


_trace: ContextVar[RequestTrace | None] = ContextVar("trace", default=None)


@contextmanager
def tracing(trace: RequestTrace) -> Iterator[None]:
    """Makes `trace` the current request's, for `timed` and for log lines."""
    token = _trace.set(trace)
    try:
        yield
    finally:
        _trace.reset(token)


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Adds what happens inside to the current request's Server-Timing under `name`."""
    start = time.perf_counter()
    try:
        yield
    finally:
        if trace := _trace.get():
            trace.spent[name] = trace.spent.get(name, 0.0) + (time.perf_counter() - start) * 1000


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with the field names that Cloud Logging reads (`severity`, `message`, `time`)."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        trace = _trace.get()
        line: dict[str, object] = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            **({"request_id": trace.request_id} if trace else {}),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure(settings: CoreSettings) -> None:
    """Sets up logging, and Sentry where a DSN is set."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    log.handlers = [handler]
    log.propagate = False
    log.setLevel(settings.log_level)
    if settings.sentry_dsn:
        import sentry_sdk  # a third of a second that only those pay who use it

        sentry_sdk.init(
            dsn=settings.sentry_dsn.get_secret_value(),
            environment=settings.environment,
            release=settings.release,
            auto_enabling_integrations=False,  # finding out which of its SDKs are installed costs a second
            send_default_pii=False,
            max_request_body_size="never",
            include_local_variables=False,
        )


def report(error: BaseException) -> None:
    """Records an error that is ours to mend: in the log with its trace, and at Sentry where that is set up."""
    log.error("%s", type(error).__name__, exc_info=error)
    if (sentry := sys.modules.get("sentry_sdk")) is not None:
        sentry.capture_exception(error)
