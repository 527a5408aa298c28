"""HTTP requests to the platforms: errors, rate limits, and checks of their JSON."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from showcase.errors import Failure, VendorError
from showcase.metrics.client import Allowance
from showcase.metrics.domain import Reference, Result
from showcase.observability.telemetry import timed
from showcase.outbound.errors import TransportError
from showcase.outbound.http_client import HttpClient
from showcase.outbound.retry import Deadline
from showcase.outbound.retry_after import DEFAULT_RETRY_AFTER, parse_retry_after, parse_seconds
from showcase.responses import HttpResponse

LONGEST_RETRY_AFTER = 86_400.0  # seconds; a longer one is cut
LONGEST_NUMBER = 19  # digits of a post's number at X and LinkedIn; with a longer one they refuse the whole batch


async def send(
    http: HttpClient, vendor: str, deadline: Deadline, method: str, url: str, **request: Any
) -> HttpResponse:
    """One attempt of `HttpClient.request`.

    Raises:
        VendorError: there is no answer before the deadline, or a server error.

    A server error with Retry-After counts as `rate_limited`, so that there is no request before that time.
    """
    try:
        with timed(vendor):
            async with asyncio.timeout(deadline.remaining):
                response = await http.request(method, url, **request)
    except (TransportError, TimeoutError) as error:
        raise VendorError(vendor, Failure.UNAVAILABLE, type(error).__name__) from error
    if response.status_code >= 500:
        named = parse_retry_after(response.headers) is not None
        raise VendorError(
            vendor,
            Failure.RATE_LIMITED if named else Failure.UNAVAILABLE,
            f"status {response.status_code}",
            retry_after=retry_after(response.headers, "") if named else None,
        )
    return response


def read_json(response: HttpResponse) -> Any:
    """The JSON of a response; None where it is none."""
    try:
        return response.json()
    except ValueError:
        return None


def retry_after(headers: Mapping[str, str], prefix: str) -> float:
    """Seconds until the next request: of Retry-After, else to the reset of the rate limit, else the default."""
    if (wait := parse_retry_after(headers)) is not None:
        return min(LONGEST_RETRY_AFTER, wait)
    reset = parse_seconds(headers.get(f"{prefix}-reset", ""))
    if headers.get(f"{prefix}-remaining") == "0" and reset is not None:
        return min(LONGEST_RETRY_AFTER, max(1.0, reset - time.time()))
    return DEFAULT_RETRY_AFTER


def allowance(remaining: Any, resets_at: datetime | None) -> Allowance:
    """The rest of a rate limit, if its numbers are plausible: the window is of a day at most."""
    if resets_at is None or not is_count(remaining) or resets_at.tzinfo is None:
        return Allowance()
    ahead = resets_at - datetime.now(UTC)
    return Allowance(remaining, resets_at) if abs(ahead) <= timedelta(seconds=LONGEST_RETRY_AFTER) else Allowance()


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; none where it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def gone_by_number(vendor: str, references: Sequence[Reference]) -> dict[Reference, Result]:
    """Posts whose number is too long for any post are gone; no request is made for them."""
    too_long = (r for r in references if len(r.name.rpartition(":")[2]) > LONGEST_NUMBER)
    return {reference: VendorError(vendor, Failure.GONE) for reference in too_long}


def is_count(value: Any) -> bool:
    """Whether this is a number that the database takes: whole, not negative, within 32 bits."""
    return type(value) is int and 0 <= value < 2**31
