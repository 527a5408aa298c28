"""The HTTP side that all functions share: reading requests within limits, problem documents, CORS, request ids."""

import random
import re
from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from showcase.errors import (
    ApiError,
    BadRequest,
    ContentTooLarge,
    MethodNotAllowed,
    UnprocessableContent,
    UnsupportedMediaType,
)
from showcase.responses import parse_json

# What Supabase's SDKs send (`corsHeaders` of @supabase/supabase-js/cors; https://supabase.com/docs/guides/functions/cors),
# request ids and Sentry's traces; and what browsers may read.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "authorization, x-client-info, apikey, content-type, x-retry-count, "
    "traceparent, tracestate, baggage, sentry-trace, x-request-id",
    "Access-Control-Expose-Headers": "x-request-id, server-timing, retry-after, ratelimit-limit, ratelimit-remaining, "
    "ratelimit-reset",
}
_CORS_HEADERS = [(name.lower().encode(), value.encode()) for name, value in CORS.items()]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class RequestModel(BaseModel):
    """Base of what callers send: unknown fields are refused. Its validator is built by the first request."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class NoFields(RequestModel):
    """Takes no fields."""


class ResponseModel(BaseModel):
    """Base of what we answer. Built when it is first needed: an entry point needs few of its capability's models."""

    model_config = ConfigDict(frozen=True, defer_build=True)


ModelT = TypeVar("ModelT", bound=BaseModel)


def headers_of(request: Request) -> dict[str, str]:
    """Its headers, names in lower case; of those that come twice, the first."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(request.headers.raw)}


def request_id(headers: Mapping[str, str]) -> str:
    """The caller's X-Request-Id where it is a plain word, else a new one."""
    given = headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else str(UUID(int=random.getrandbits(128), version=4))


def preflight(method: str) -> Response:
    """The answer to a browser's CORS preflight."""
    return Response(
        status_code=204,
        headers={"Access-Control-Allow-Methods": f"{method}, OPTIONS", "Access-Control-Max-Age": "86400"},
    )


def problem(error: ApiError, request_id: str) -> Response:
    """An error as `application/problem+json` (RFC 9457)."""
    return JSONResponse(
        error.problem(request_id), error.status, headers=error.headers, media_type="application/problem+json"
    )


def finish(response: Response, request_id: str, server_timing: str = "") -> Response:
    """Adds what every answer carries. Once: it appends, and looks for no header of the same name."""
    response.raw_headers += [*_CORS_HEADERS, (b"x-request-id", request_id.encode())]
    if server_timing:
        response.raw_headers.append((b"server-timing", server_timing.encode()))
    return response


def refuse(error: ApiError, request_id: str) -> Response:
    """The whole answer, for what is refused before any endpoint is asked."""
    return finish(problem(error, request_id), request_id)


def require_method(request: Request, method: str) -> None:
    """Raises: MethodNotAllowed, with `Allow`."""
    if request.method not in method.split(", "):
        allow = f"{method}, OPTIONS"
        raise MethodNotAllowed(f"Use {method.replace(', ', ' or ')} for this function.", headers={"Allow": allow})


async def read_body(request: Request, headers: Mapping[str, str], limit: int) -> bytes:
    """The raw body, at most `limit` bytes; it is refused as soon as it is known to be larger.

    Raises:
        ContentTooLarge: the body, or what Content-Length announces, is over the limit.
    """
    announced = headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdigit() or int(announced) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> ContentTooLarge:
    return ContentTooLarge(f"The body may have at most {limit} bytes.")


async def read_json(request: Request, headers: Mapping[str, str], model: type[ModelT], limit: int) -> ModelT:
    """The JSON body as `model`; a number is no text, and 0 is not false.

    No body is one without fields: SDKs send none then.

    Raises:
        UnsupportedMediaType, ContentTooLarge, BadRequest (not JSON), UnprocessableContent (not this model).
    """
    body = await read_body(request, headers, limit)
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type != "application/json":
        raise UnsupportedMediaType
    body = body or b"{}"
    try:
        parse_json(body)  # Pydantic alone takes NaN, and what is too large for a number
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        if error.errors()[0]["type"] != "json_invalid":
            raise _refused(error) from None
    except ValueError:
        pass
    raise BadRequest("The body is not valid JSON.", code="invalid_json")


def read_query(request: Request, model: type[ModelT]) -> ModelT:
    """The query parameters as `model`. Raises: UnprocessableContent."""
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise _refused(error) from None


def _refused(error: ValidationError) -> UnprocessableContent:
    return UnprocessableContent(errors=[_field_error(problem) for problem in error.errors()])


def _field_error(problem: Mapping[str, Any]) -> dict[str, str]:
    """Where and what, without the value that was sent."""
    return {
        "field": ".".join(str(part) for part in problem["loc"]),
        "code": str(problem["type"]),
        "detail": str(problem["msg"]),
    }
