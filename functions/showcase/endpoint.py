"""An endpoint: what it takes, who may call it, what it answers; and the one pipeline that serves them all."""

import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from showcase import http, jobs
from showcase.auth import ANONYMOUS, Caller, Kind, authenticate
from showcase.core import Core
from showcase.disconnect import until_disconnect
from showcase.errors import AccountGone, ApiError, Forbidden, Unauthorized
from showcase.observability import telemetry, tracing
from showcase.observability.telemetry import report
from showcase.observability.tracing import RequestTrace

EVERYONE = frozenset(Kind)
USERS = frozenset({Kind.USER})
SERVICES = frozenset({Kind.SERVICE})
CLIENT_GONE = 499  # what proxies log for a client that left; nobody reads the answer

Handler = Callable[[Request], Awaitable[Response]]
Body = TypeVar("Body")
Dependencies = TypeVar("Dependencies")


@dataclass(frozen=True)
class Call(Generic[Body]):
    """One request as a handler sees it: read, validated, its caller known."""

    body: Body
    caller: Caller
    request: Request
    request_id: str


@dataclass(frozen=True)
class Endpoint(Generic[Body, Dependencies]):
    """One function under `/functions/v1/`.

    `body` says how a request is read: a Pydantic model (JSON; for GET the query), or `bytes` for the body as it came.
    `callers` are the roles that may call; None leaves it to the handler, which checks a signature.
    `connect` makes what the handler needs, once a process; `handle` answers with a model or a ready response.

    The rest is for the OpenAPI document: `problems` are the refusals that are the handler's own, beside those of the
    pipeline; `also` are the answers that are no model, as statuses with their media types and a word about each (or
    a model); `parameters` are read from the request by the handler; `reads` is the media type of raw `bytes`.
    """

    name: str
    summary: str
    body: type[Body]
    answer: type[BaseModel] | None
    callers: frozenset[Kind] | None
    connect: Callable[[Core], Dependencies]
    handle: Callable[[Call[Body], Dependencies], Awaitable[BaseModel | Response]]
    method: str = "POST"  # or several: "GET, POST"
    max_body: int = 64 * 1024  # bytes
    cancel_on_disconnect: bool = False  # for work that may end anywhere: nobody waits for it any more
    checks_account: bool = False  # the handler's own reading raises AccountGone, before anything is written
    problems: tuple[type[ApiError], ...] = ()
    also: Mapping[int, Mapping[str, str | type[BaseModel]]] = field(default_factory=dict)
    parameters: tuple[tuple[Literal["query", "header"], str], ...] = ()
    reads: str = "application/json"


@dataclass(frozen=True)
class _Received:
    """A request as it came. `headers` are looked up many times, which Starlette's own are slow at."""

    request: Request
    headers: Mapping[str, str]
    trace: RequestTrace


def serve(endpoint: Endpoint[Any, Any], core: Core) -> Handler:
    """The endpoint as a function that functions-framework can call."""
    dependencies = endpoint.connect(core)

    async def handler(request: Request) -> Response:
        start = time.perf_counter()
        headers = http.headers_of(request)
        trace = tracing.begin(headers, http.request_id(headers), endpoint.name)
        if request.method == "OPTIONS":
            return http.finish(http.preflight(endpoint.method), trace.request_id)
        with telemetry.observing(trace) as transaction:
            response = await _answer(endpoint, core, dependencies, _Received(request, headers, trace))
            spent = (time.perf_counter() - start) * 1000
            telemetry.log_request(trace, request.method, response.status_code, spent)
            if transaction:
                transaction.set_http_status(response.status_code)
        if isinstance(response, StreamingResponse):
            response.body_iterator = _watched(response.body_iterator, trace)
        trace.spent["total"] = spent
        return http.finish(response, trace.request_id, trace.server_timing())

    return handler


async def _answer(endpoint: Endpoint[Any, Any], core: Core, dependencies: Any, received: _Received) -> Response:
    """Every outcome as a response: what is expected as its own problem, the rest as a 500 that is reported."""
    request_id = received.trace.request_id
    try:
        answer = await _work(endpoint, core, dependencies, received)
    except ApiError as error:
        if error.status >= 500:
            report(error)
        return http.problem(error, request_id)
    except ClientDisconnect:
        return Response(status_code=CLIENT_GONE)
    except Exception as error:  # noqa: BLE001 - the last line of defence: nothing of it may reach the caller
        report(error)
        return http.problem(ApiError(), request_id)
    if isinstance(answer, BaseModel):
        return Response(answer.model_dump_json(), media_type="application/json")
    return answer


async def _work(
    endpoint: Endpoint[Any, Any], core: Core, dependencies: Any, received: _Received
) -> BaseModel | Response:
    """What the handler answers. Raises: AccountGone, before any other refusal of what was asked."""
    caller = ANONYMOUS
    if endpoint.callers is not None:
        caller = await authenticate(received.headers, core.settings, core.keys)
    received.trace.user_id = caller.user_id
    if not endpoint.checks_account:
        await _require_account(core, caller)
    try:
        call = await _read(endpoint, caller, received)
        job = jobs.named(received.headers) if caller.kind is Kind.SERVICE else None
        work = endpoint.handle(call, dependencies)
        if endpoint.cancel_on_disconnect:
            work = until_disconnect(received.request, work)
        return await jobs.recorded(core.database, job, call.request_id, work)
    except ApiError as error:
        if endpoint.checks_account and error.status < 500:
            await _require_account(core, caller)
        raise


async def _require_account(core: Core, caller: Caller) -> None:
    """Raises: AccountGone."""
    if caller.kind is Kind.USER and await core.database.is_gone(caller):
        raise AccountGone


async def _read(endpoint: Endpoint[Any, Any], caller: Caller, received: _Received) -> Call[Any]:
    request, headers = received.request, received.headers
    http.require_method(request, endpoint.method)
    if endpoint.callers is not None and caller.kind not in endpoint.callers:
        raise Unauthorized if caller.kind is Kind.ANONYMOUS else Forbidden
    if endpoint.body is bytes:
        body: Any = await http.read_body(request, headers, endpoint.max_body)
    elif endpoint.method == "GET":
        body = http.read_query(request, endpoint.body)
    else:
        body = await http.read_json(request, headers, endpoint.body, endpoint.max_body)
    return Call(body, caller, request, received.trace.request_id)


async def _watched(body: AsyncIterable[Any], trace: RequestTrace) -> AsyncIterator[Any]:
    """A stream that breaks off after its answer has begun is reported as its request's."""
    try:
        async for piece in body:
            yield piece
    except Exception as error:
        with tracing.tracing(trace):
            report(error)
        raise
