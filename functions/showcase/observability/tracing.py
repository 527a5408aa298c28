"""Which request we are in: its id, its place in a trace, and what it spent on outside calls.

Traces are W3C's (https://www.w3.org/TR/trace-context/), or Google's where its load balancer made them.
"""

import random
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

_W3C = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_GOOGLE = re.compile(r"(?!0{32})([0-9a-f]{32})/([0-9]{1,20})(?:;o=[0-9])?")


def random_hex(number: int) -> str:
    """So many bytes, in hexadecimal: to tell requests apart, not to be hard to guess."""
    return (random.getrandbits(8 * number) or 1).to_bytes(number, "big").hex()


@dataclass
class RequestTrace:
    """One request. `parent_id` is the caller's span, `span_id` our own; `spent` is milliseconds by kind of call."""

    request_id: str
    function: str = ""
    trace_id: str = field(default_factory=lambda: random_hex(16))
    parent_id: str | None = None
    span_id: str = field(default_factory=lambda: random_hex(8))
    user_id: UUID | None = None
    spent: dict[str, float] = field(default_factory=dict)

    def server_timing(self) -> str:
        """The value of the `Server-Timing` header (W3C Server Timing), e.g. `db;dur=3.1, github;dur=80.4`."""
        return ", ".join(f"{name};dur={spent:.1f}" for name, spent in self.spent.items())

    def traceparent(self) -> str:
        """What those whom we call go on with. Not marked as sampled: each decides for itself."""
        return f"00-{self.trace_id}-{self.span_id}-00"


_current: ContextVar[RequestTrace | None] = ContextVar("trace", default=None)


def current() -> RequestTrace | None:
    """The request that this is part of, if any."""
    return _current.get()


class tracing:  # noqa: N801 - used as a function that is a context manager, which would take five times as long
    """Makes `trace` the current request's."""

    def __init__(self, trace: RequestTrace) -> None:
        self._trace = trace

    def __enter__(self) -> None:
        self._token = _current.set(self._trace)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


def begin(headers: Mapping[str, str], request_id: str, function: str) -> RequestTrace:
    """A request in the trace that its caller began, else in a new one."""
    if found := _W3C.fullmatch(headers.get("traceparent", "")):
        return RequestTrace(request_id, function, found[1], found[2])
    if found := _GOOGLE.fullmatch(headers.get("x-cloud-trace-context", "")):
        return RequestTrace(request_id, function, found[1], f"{int(found[2]) & (2**64 - 1):016x}")
    return RequestTrace(request_id, function)


def propagated() -> dict[str, str]:
    """`traceparent` and `x-request-id` of the current request, for calls to our own project and nobody else."""
    trace = current()
    return {"traceparent": trace.traceparent(), "x-request-id": trace.request_id} if trace else {}
