"""JSON log lines, one object each, as Cloud Logging reads them.

https://docs.cloud.google.com/logging/docs/structured-logging#special-payload-fields
"""

import json
import logging
import sys
from datetime import UTC, datetime

from pydantic_core import to_json
from typing_extensions import override

from showcase.observability.log_writer import NonBlockingHandler
from showcase.observability.redaction import Redactor, stack_trace
from showcase.observability.tracing import current
from showcase.settings import CoreSettings

OURS = "showcase"
_SERVER = ("uvicorn", "uvicorn.error", "gunicorn.error")
_QUERIES = ("uvicorn.access", "gunicorn.access")  # their lines have whole addresses, with what is secret in them


class JsonFormatter(logging.Formatter):
    """Of others' log lines only the template is reported, since what they fill in may be anybody's."""

    def __init__(self, settings: CoreSettings, redact: Redactor) -> None:
        super().__init__()
        self._project = settings.google_cloud_project
        self._service = {"service": "showcase", "version": settings.release}
        self._environment = settings.environment
        self._redact = redact

    @override
    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON, with Cloud Logging's special fields, redacted."""
        ours = record.name == OURS
        line: dict[str, object] = {
            "severity": record.levelname,
            "message": record.getMessage() if ours else str(record.msg).partition("\n")[0][:200],
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "serviceContext": self._service,
            **({} if ours else {"logger": record.name}),
            **self._request(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["stack_trace"] = stack_trace(record.exc_info[1])
        text = _encode(line)
        return _encode(self._redact.inside(line)) if self._redact.may_match(text) else text

    def _request(self) -> dict[str, object]:
        trace = current()
        if trace is None:
            return {"logging.googleapis.com/labels": {"environment": self._environment}}
        reported: dict[str, object] = {
            "request_id": trace.request_id,
            "trace_id": trace.trace_id,
            "span_id": trace.span_id,
            "logging.googleapis.com/labels": {"environment": self._environment, "function": trace.function},
        }
        if trace.user_id:
            reported["user_id"] = str(trace.user_id)
        if self._project:
            reported["logging.googleapis.com/trace"] = f"projects/{self._project}/traces/{trace.trace_id}"
            reported["logging.googleapis.com/spanId"] = trace.span_id
        return reported


def _encode(line: object) -> str:
    """Not in ASCII alone: the redactor looks for secrets as they are."""
    try:
        return to_json(line, fallback=str).decode()
    except ValueError:  # half of a surrogate pair
        return json.dumps(line, default=str, ensure_ascii=False)


def configure(settings: CoreSettings, redact: Redactor) -> None:
    """Everything that this process logs goes through one formatter."""
    _look_up_only_what_is_shown()
    handler = NonBlockingHandler(sys.stderr.fileno())
    handler.setFormatter(JsonFormatter(settings, redact))
    ours = logging.getLogger(OURS)
    ours.handlers, ours.propagate = [handler], False
    ours.setLevel(settings.log_level)
    logging.getLogger().handlers = [handler]

    # The servers set up their own handlers after us; a filter is what they leave alone.
    def adopt(record: logging.LogRecord) -> bool:
        handler.handle(record)
        return False

    for name in _SERVER:
        logging.getLogger(name).filters = [adopt]
    for name in _QUERIES:
        logging.getLogger(name).filters = [lambda _: False]


def _look_up_only_what_is_shown() -> None:
    """No line shows the place in the code, the thread, the process or the task that it was logged from.

    https://docs.python.org/3/howto/logging.html#optimization
    """
    for name in ("logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks"):
        setattr(logging, name, False)
    logging._srcfile = None  # noqa: SLF001 - as documented there
