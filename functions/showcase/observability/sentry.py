"""Sentry, imported only where a DSN is set: what goes there is built again from what is known to be harmless.

No breadcrumbs, no request, no local variables, no address of anything that we call: `allowed` is all that is left.
Sending happens in a thread of Sentry's own; when the process is asked to end, what waits is sent first.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration

from showcase.errors import ApiError, VendorError
from showcase.observability.redaction import Redactor, chain, describe
from showcase.observability.tracing import RequestTrace, current
from showcase.settings import CoreSettings

LAST_SECONDS = 3  # for what still waits to be sent when the process ends
_UNTRACED = frozenset({"health"})  # asked every few seconds, by uptime checks

_KEPT = ("event_id", "timestamp", "start_timestamp", "level", "platform", "type", "transaction", "fingerprint")
_FRAME = ("filename", "function", "module", "lineno", "in_app", "pre_context", "context_line", "post_context")
_SPAN = ("span_id", "parent_span_id", "trace_id", "op", "description", "start_timestamp", "timestamp", "status")
_TRACE = ("trace_id", "span_id", "parent_span_id", "op", "status")
_TAGS = ("function", "request_id", "vendor", "failure")


def start(settings: CoreSettings, redact: Redactor) -> None:
    """Initialises Sentry's SDK, once in a process; without a DSN it sends nothing."""

    def clean(event: Any, hint: dict[str, Any]) -> Any:
        kept = allowed(event, hint) | {"release": settings.release, "environment": settings.environment}
        return redact.inside(kept)

    def rate(context: Mapping[str, Any]) -> float:
        traced = context["transaction_context"]["name"] not in _UNTRACED
        return settings.sentry_traces_sample_rate if traced else 0.0

    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value() if settings.sentry_dsn else None,
        environment=settings.environment,
        release=settings.release,
        sample_rate=settings.sentry_errors_sample_rate,
        traces_sampler=rate,
        before_send=clean,
        before_send_transaction=clean,
        before_breadcrumb=lambda *_: None,
        max_breadcrumbs=0,
        # Each named: looking for installed SDKs costs a second, and most defaults watch what need not be watched.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[DedupeIntegration(), AtexitIntegration(callback=lambda *_: None)],
        shutdown_timeout=LAST_SECONDS,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        trace_propagation_targets=[],
        auto_session_tracking=False,
        send_client_reports=False,
        spotlight=False,
    )


@contextmanager
def watching(trace: RequestTrace) -> Iterator[Any]:
    """One request: what is captured inside is its own, and it is a transaction where it is sampled."""
    with sentry_sdk.isolation_scope() as scope:
        scope.set_tags({"function": trace.function, "request_id": trace.request_id})
        parent = f"{trace.trace_id}-{trace.parent_id or trace.span_id}"
        transaction = sentry_sdk.continue_trace(
            {"sentry-trace": parent}, op="http.server", name=trace.function, source="component"
        )
        with sentry_sdk.start_transaction(transaction):
            yield transaction


def spanning(name: str) -> Any:
    """A call to another service, by its name alone."""
    return sentry_sdk.start_span(op="db" if name == "db" else "http.client", name=name)


def capture(error: BaseException, level: str) -> None:
    """Reports an error, with the user's id alone; `level` is one of Sentry's."""
    with sentry_sdk.new_scope() as scope:
        scope.level = level
        if (trace := current()) and trace.user_id:
            scope.set_user({"id": str(trace.user_id)})
        for one in chain(error):
            if isinstance(one, VendorError):
                scope.set_tags({"vendor": one.vendor, "failure": str(one.failure)})
                break
        # The same failure is one issue, wherever it is met. `internal_error` may be anything.
        if (described := describe(error)) and described != ApiError.default_code:
            scope.fingerprint = [type(error).__name__, described]
        sentry_sdk.capture_exception(error)


def allowed(event: Mapping[str, Any], hint: Mapping[str, Any]) -> dict[str, Any]:
    """What may be sent of an event or a transaction: what is named here, and no error's own text."""
    kept = _only(event, _KEPT)
    if "user" in event:
        kept["user"] = _only(event["user"], ("id",))
    kept["tags"] = _only(dict(event.get("tags") or {}), _TAGS)
    if trace := (event.get("contexts") or {}).get("trace"):
        kept["contexts"] = {"trace": _only(trace, _TRACE)}
    if "spans" in event:
        kept["spans"] = [_only(span, _SPAN) for span in event["spans"]]
    if "exception" in event:
        error = (hint.get("exc_info") or (None, None))[1]
        described = {type(one).__qualname__: describe(one) for one in chain(error)} if error else {}
        kept["exception"] = {"values": [_exception(one, described) for one in event["exception"]["values"]]}
    return kept


def _exception(value: Mapping[str, Any], described: Mapping[str, str]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or ()
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": described.get(str(value.get("type")), ""),
        "stacktrace": {"frames": [_only(frame, _FRAME) for frame in frames]},
    }


def _only(given: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given}
