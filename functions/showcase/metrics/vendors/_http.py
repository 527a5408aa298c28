"""What the platforms' HTTP sides share."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from showcase.errors import Failure, VendorError
from showcase.http_client import HttpClient, HttpResponse
from showcase.metrics.client import Allowance, Reference, Result
from showcase.responses import parse_json
from showcase.retry import Deadline
from showcase.retry_after import parse_retry_after, told_seconds
from showcase.telemetry import timed
from showcase.transport import TransportError

DEFAULT_RETRY_AFTER = 60.0  # seconds to stay away where a platform does not say how long
LONGEST_WAIT = 86_400.0  # seconds to believe a platform that says how long
LONGEST_NUMBER = 19  # digits of a post's number at X and LinkedIn; with a longer one they refuse the whole batch


async def send(
    http: HttpClient, vendor: str, deadline: Deadline, method: str, url: str, **request: Any
) -> HttpResponse:
    """One attempt of `HttpClient.request`.

    Raises:
        VendorError: there is no answer before the deadline, or a server error.

    A server that says when it will be back (Retry-After) is left alone until then, as one whose limit is reached.
    """
    try:
        with timed(vendor):
            async with asyncio.timeout(deadline.remaining):
                response = await http.request(method, url, **request)
    except (TransportError, TimeoutError) as error:
        raise VendorError(vendor, Failure.UNAVAILABLE, type(error).__name__) from error
    if response.status_code >= 500:
        reported = parse_retry_after(response.headers) is not None
        raise VendorError(
            vendor,
            Failure.RATE_LIMITED if reported else Failure.UNAVAILABLE,
            f"status {response.status_code}",
            retry_after=retry_after(response.headers, "") if reported else None,
        )
    return response


def read_json(response: HttpResponse) -> Any:
    """The JSON of a response; None where it is none."""
    try:
        return parse_json(response.content)
    except ValueError:
        return None


def retry_after(headers: Mapping[str, str], prefix: str) -> float:
    """Seconds until a platform wants to be asked again: Retry-After, else the reset of its window, else a minute."""
    if (wait := parse_retry_after(headers)) is not None:
        return min(LONGEST_WAIT, wait)
    reset = told_seconds(headers.get(f"{prefix}-reset", ""))
    if headers.get(f"{prefix}-remaining") == "0" and reset is not None:
        return min(LONGEST_WAIT, max(1.0, reset - time.time()))
    return DEFAULT_RETRY_AFTER


def allowance(remaining: Any, resets_at: datetime | None) -> Allowance:
    """What a platform says is left, where that can be: a window of a day at most."""
    if resets_at is None or not is_count(remaining) or resets_at.tzinfo is None:
        return Allowance()
    ahead = resets_at - datetime.now(UTC)
    return Allowance(remaining, resets_at) if abs(ahead) <= timedelta(seconds=LONGEST_WAIT) else Allowance()


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of what should be a list of them."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def unknown(vendor: str, references: Sequence[Reference]) -> dict[Reference, Result]:
    """Posts with a number that no post can have: gone, without asking."""
    too_long = (r for r in references if len(r.name.rpartition(":")[2]) > LONGEST_NUMBER)
    return {reference: VendorError(vendor, Failure.GONE) for reference in too_long}


def is_count(value: Any) -> bool:
    """Whether this is a number that the database takes: whole, not negative, within 32 bits."""
    return type(value) is int and 0 <= value < 2**31
