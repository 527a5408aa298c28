"""What the platforms' HTTP sides share."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import httpx

from showcase.errors import Failure, VendorError
from showcase.retry import Deadline
from showcase.telemetry import timed

UNTOLD_WAIT = 60.0  # seconds to stay away where a platform does not say how long


async def send(http: httpx.AsyncClient, request: httpx.Request, vendor: str, deadline: Deadline) -> httpx.Response:
    """One attempt. Raises: VendorError (unavailable) where there is no answer before the deadline."""
    try:
        with timed(vendor):
            async with asyncio.timeout(deadline.remaining):
                return await http.send(request)
    except (httpx.TransportError, TimeoutError) as error:
        raise VendorError(vendor, Failure.UNAVAILABLE, type(error).__name__) from error


def retry_after(headers: Mapping[str, str], prefix: str) -> float:
    """Seconds until a platform wants to be asked again: Retry-After, else the reset of its window, else a minute."""
    if (seconds := headers.get("retry-after", "")).isdecimal():
        return float(seconds)
    reset = headers.get(f"{prefix}-reset", "")
    if headers.get(f"{prefix}-remaining") == "0" and reset.isdecimal():
        return max(1.0, float(reset) - time.time())
    return UNTOLD_WAIT


def is_count(value: Any) -> bool:
    """Whether this is a number that the database takes: whole, not negative, within 32 bits."""
    return type(value) is int and 0 <= value < 2**31
