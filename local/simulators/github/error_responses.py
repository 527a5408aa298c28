"""GitHub's answers to a whole request that it will not serve, as they come over the wire."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.responses import JSONResponse, PlainTextResponse, Response

from local.simulators.faults import Fault, fault_response
from local.simulators.github.behaviours import BadCredentials, QueryTimeout, RateLimited, SecondaryRateLimited
from local.simulators.rate_limit import Allowance

_DOCS = "https://docs.github.com"
_LIMITS = f"{_DOCS}/rest/using-the-rest-api/rate-limits-for-the-rest-api"
_USER_ID = 583231


@dataclass(frozen=True)
class Standing:
    """How the request's credential stands, for the headers of every answer."""

    allowance: Allowance
    request_id: str

    def headers(self) -> dict[str, str]:
        return {
            "x-github-media-type": "github.v4; format=json",
            "x-github-request-id": self.request_id,
            "x-ratelimit-limit": str(self.allowance.limit),
            "x-ratelimit-remaining": str(self.allowance.remaining),
            "x-ratelimit-used": str(self.allowance.used),
            "x-ratelimit-reset": str(self.allowance.reset),
            "x-ratelimit-resource": "graphql",
        }


def new_request_id() -> str:
    digits = uuid.uuid4().hex.upper()
    return f"{digits[:4]}:{digits[4:9]}:{digits[9:16]}:{digits[16:23]}:{digits[23:31]}"


def refusal(status: int, message: str, documentation: str = f"{_DOCS}/graphql") -> Response:
    """GitHub's REST-like body, which its GraphQL endpoint uses for what never reached GraphQL."""
    return JSONResponse({"message": message, "documentation_url": documentation, "status": str(status)}, status)


def no_user_agent() -> Response:
    return PlainTextResponse(
        "\r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header "
        f"({_DOCS}/en/rest/overview/resources-in-the-rest-api#user-agent-required). "
        "Check https://developer.github.com for other possible causes.\r\n",
        403,
        {"content-type": "text/html; charset=utf-8"},
    )


def unauthenticated(*, credential_given: bool) -> Response:
    if credential_given:
        return refusal(401, "Bad credentials")
    return refusal(
        401,
        "This endpoint requires you to be authenticated.",
        f"{_DOCS}/graphql/guides/forming-calls-with-graphql#authenticating-with-graphql",
    )


def spent(status: int = 200, code: str = "RATE_LIMITED") -> Response:
    """The primary limit. Two forms of the 200 have been seen in the wild, so clients must know both."""
    if status != 200:
        return refusal(status, f"API rate limit exceeded for user ID {_USER_ID}.", _LIMITS)
    if code == "RATE_LIMIT":
        message = f"API rate limit already exceeded for user ID {_USER_ID}."
        return JSONResponse({"errors": [{"type": code, "code": "graphql_rate_limit", "message": message}]})
    return JSONResponse({"errors": [{"type": code, "message": f"API rate limit exceeded for user ID {_USER_ID}."}]})


def too_much_at_once(status: int, retry_after: int | None, request_id: str) -> Response:
    message = (
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out "
        f"to GitHub Support for help, please include the request ID {request_id} and timestamp "
        f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC."
    )
    if status == 200:
        response: Response = JSONResponse({"errors": [{"type": "RATE_LIMITED", "message": message}]})
    else:
        response = refusal(status, message, f"{_LIMITS}#about-secondary-rate-limits")
    if retry_after is not None:
        response.headers["retry-after"] = str(retry_after)
    return response


def took_too_long(request_id: str) -> Response:
    message = (
        "Something went wrong while executing your query. This may be the result of a timeout, or it could be a "
        f"GitHub bug. Please include `{request_id}` when reporting this issue."
    )
    return JSONResponse({"data": None, "errors": [{"message": message}]}, 502)


def answer_to(fault: Fault, standing: Standing) -> Response:
    """The answer that a test asked for."""
    match fault:
        case RateLimited():
            response = spent(fault.status, fault.code)
            reset = int(datetime.now(UTC).timestamp()) + fault.reset_seconds
            limit = standing.allowance.limit
            empty = Standing(Allowance(limit, 0, limit, reset, allowed=False), standing.request_id)
            response.headers.update(empty.headers())
        case SecondaryRateLimited():
            response = too_much_at_once(fault.status, fault.retry_after, standing.request_id)
            response.headers.update(standing.headers())
        case QueryTimeout():
            response = took_too_long(standing.request_id)
            response.headers.update({"x-github-request-id": standing.request_id})
        case BadCredentials():
            response = unauthenticated(credential_given=True)
        case _:
            response = fault_response(fault) or refusal(500, "Server Error")
    return response
