"""LinkedIn's errors: those of a whole request, and those of one URN among others."""

from dataclasses import asdict, dataclass

from starlette.responses import JSONResponse, Response

from local.simulators.faults import Fault, fault_response
from local.simulators.linkedin.behaviours import (
    BadCredentials,
    NoPermission,
    RateLimited,
    ServerError,
    ServiceUnavailable,
    VersionSunset,
)


@dataclass(frozen=True)
class Refusal:
    status: int
    code: str
    message: str
    # The gateway's own errors have none.
    serviceErrorCode: int | None = None  # noqa: N815  # LinkedIn's name for it

    def as_json(self) -> dict[str, object]:
        return {name: value for name, value in asdict(self).items() if value is not None}

    def response(self) -> Response:
        return JSONResponse(self.as_json(), self.status)


NO_TOKEN = Refusal(401, "EMPTY_ACCESS_TOKEN", "Empty oauth2 access token", 65604)
NO_VERSION = Refusal(
    400,
    "VERSION_MISSING",
    "A version must be present. Please specify a version by adding the LinkedIn-Version header.",
)
TOO_LONG = Refusal(414, "URI_TOO_LONG", "Request URI Too Long")
NOT_SERVED = Refusal(404, "RESOURCE_NOT_FOUND", "No virtual resource found", 0)

_TOKENS = {
    "expired": Refusal(401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired", 65602),
    "revoked": Refusal(
        401, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user", 65601
    ),
    "invalid": Refusal(401, "INVALID_ACCESS_TOKEN", "Invalid access token", 65600),
}
INVALID_TOKEN = _TOKENS["invalid"]

POST_NOT_FOUND = Refusal(404, "NOT_FOUND", "Could not find entity", 0)
POST_FORBIDDEN = Refusal(403, "ACCESS_DENIED", "Not enough permissions to access: GET /socialMetadata", 100)
POST_FAILED = Refusal(500, "INTERNAL_SERVER_ERROR", "Internal Server Error", 0)


def bad_request(message: str) -> Refusal:
    return Refusal(400, "ILLEGAL_ARGUMENT", message, 0)


def nonexistent_version(version: str) -> Refusal:
    """LinkedIn names the version with its revision: 202504 is 20250401."""
    month, _, revision = version.partition(".")
    return Refusal(426, "NONEXISTENT_VERSION", f"Requested version {month}{revision or '01'} is not active")


def quota_spent(scope: str = "APPLICATION") -> Refusal:
    message = f"Resource level throttle {scope} DAY limit for calls to this resource is reached."
    return Refusal(429, "TOO_MANY_REQUESTS", message, 101)


def answer_to(fault: Fault, version: str) -> Response:
    """The answer that a test asked for."""
    match fault:
        case RateLimited():
            return quota_spent(fault.scope).response()
        case BadCredentials():
            return _TOKENS[fault.reason].response()
        case NoPermission():
            return POST_FORBIDDEN.response()
        case VersionSunset():
            return nonexistent_version(version).response()
        case ServiceUnavailable():
            response = Refusal(503, "SERVICE_UNAVAILABLE", "Service Unavailable", 0).response()
            if fault.retry_after is not None:
                response.headers["retry-after"] = str(fault.retry_after)
            return response
        case ServerError():
            return POST_FAILED.response()
        case _:
            return fault_response(fault) or POST_FAILED.response()
