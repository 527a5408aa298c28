"""X's problems: those of a whole request, and those of one post among others."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from starlette.responses import JSONResponse, Response

from local.simulators.faults import Fault, fault_response
from local.simulators.rate_limit import Allowance
from local.simulators.x.behaviours import (
    BadCredentials,
    ClientForbidden,
    CreditsDepleted,
    RateLimited,
    ServiceUnavailable,
    UsageCapped,
)

PROBLEMS = "https://api.x.com/2/problems"
LEGACY_PROBLEMS = "https://api.twitter.com/2/problems"
_ACCOUNT_ID = "2059529979700846592"


def rate_limit_headers(allowance: Allowance) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(allowance.limit),
        "x-rate-limit-remaining": str(allowance.remaining),
        "x-rate-limit-reset": str(allowance.reset),
    }


def problem(status: int, title: str, detail: str, problem_type: str = "about:blank", **more: object) -> Response:
    body = {**more, "title": title, "detail": detail, "type": problem_type}
    if problem_type == "about:blank":
        body["status"] = status
    return JSONResponse(body, status, media_type="application/problem+json")


def unauthorized() -> Response:
    return problem(401, "Unauthorized", "Unauthorized")


def not_found() -> Response:
    return problem(404, "Not Found", "Not Found")


def too_many_requests() -> Response:
    return problem(429, "Too Many Requests", "Too Many Requests")


def invalid_request(errors: Iterable[Mapping[str, object]]) -> Response:
    detail = "One or more parameters to your request was invalid."
    return problem(400, "Invalid Request", detail, f"{PROBLEMS}/invalid-request", errors=list(errors))


def usage_capped(problems: str) -> Response:
    return problem(
        429,
        "UsageCapExceeded",
        "Usage cap exceeded: Monthly product cap",
        f"{problems}/usage-capped",
        account_id=_ACCOUNT_ID,
        product_name="standard-basic",
        period="Monthly",
        scope="Product",
    )


def credits_depleted(problems: str) -> Response:
    detail = f"Your enrolled account [{_ACCOUNT_ID}] does not have any credits to fulfill this request."
    return problem(402, "CreditsDepleted", detail, f"{problems}/credits", account_id=_ACCOUNT_ID)


def client_forbidden(problems: str) -> Response:
    detail = (
        "When authenticating requests to the X API v2 endpoints, you must use keys and tokens from a developer App "
        "that is attached to a Project. You can create a project via the developer portal."
    )
    return problem(
        403,
        "Client Forbidden",
        detail,
        f"{problems}/client-forbidden",
        client_id="26803547",
        reason="client-not-enrolled",
        required_enrollment="Appropriate Level of API Access",
        registration_url="https://developer.x.com/en/docs/projects/overview",
    )


def of_post(post_id: str, title: str, detail: str, problem_type: str, **more: str) -> dict[str, str]:
    """A problem of one post: an entry of the answer's `errors`."""
    return {
        "value": post_id,
        "detail": f"{detail}: [{post_id}].",
        "title": title,
        "resource_type": "tweet",
        "parameter": "ids",
        "resource_id": post_id,
        "type": problem_type,
        **more,
    }


def answer_to(fault: Fault, allowance: Allowance, problems: str) -> Response:
    """The answer that a test asked for."""
    match fault:
        case RateLimited():
            reset = int(datetime.now(UTC).timestamp()) + fault.reset_seconds
            response = too_many_requests()
            allowance = Allowance(allowance.limit, 0, allowance.limit, reset, allowed=False)
        case UsageCapped():
            response = usage_capped(problems)
        case CreditsDepleted():
            response = credits_depleted(problems)
        case ClientForbidden():
            response = client_forbidden(problems)
        case BadCredentials():
            return unauthorized()
        case ServiceUnavailable():
            response = problem(503, "Service Unavailable", "Service Unavailable")
            if fault.retry_after is not None:
                response.headers["retry-after"] = str(fault.retry_after)
            return response
        case _:
            return fault_response(fault) or problem(500, "Internal Server Error", "Internal Server Error")
    response.headers.update(rate_limit_headers(allowance))
    return response
