"""SendGrid's refusals that a test asked for."""

import time

from starlette.responses import Response

from local.simulators.faults import Fault, fault_response
from local.simulators.sendgrid.behaviours import (
    BadCredentials,
    RateLimited,
    Refused,
    ServerError,
    ServiceUnavailable,
)
from local.simulators.sendgrid.requests import refusal


def answer_to(fault: Fault) -> Response:
    match fault:
        case RateLimited():
            response = refusal(429, "too many requests")
            # Whole seconds, rounded up: who waits for it finds the window open.
            reset = int(time.time() + fault.reset_seconds) + (fault.reset_seconds > 0)
            response.headers.update(
                {"X-RateLimit-Limit": "600", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
            )
            return _retry_after(response, fault.retry_after)
        case ServiceUnavailable():
            return _retry_after(refusal(503, "service unavailable"), fault.retry_after)
        case BadCredentials():
            return refusal(401, "The provided authorization grant is invalid, expired, or revoked")
        case Refused():
            return refusal(400, "invalid request")
        case ServerError():
            return refusal(500, "internal server error")
        case _:
            return fault_response(fault) or refusal(500, "internal server error")


def _retry_after(response: Response, seconds: int | None) -> Response:
    if seconds is not None:
        response.headers["Retry-After"] = str(seconds)
    return response
