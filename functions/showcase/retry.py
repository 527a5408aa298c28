"""The one place where calls are tried again."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx
import stamina

from showcase.errors import Failure, VendorError

T = TypeVar("T")

LONGEST_WAIT = 3.0  # seconds; a vendor that wants more is told to the caller instead of slept for


@dataclass(frozen=True)
class Deadline:
    """The moment (monotonic clock, seconds) by which an answer must be there."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(time.monotonic() + seconds)

    @property
    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())


def _passing(error: Exception) -> bool | float:
    """Whether to try again, or after how many seconds."""
    if isinstance(error, httpx.TransportError):
        return True
    if not isinstance(error, VendorError):
        return False
    if error.failure is Failure.RATE_LIMITED:
        return error.retry_after if error.retry_after and error.retry_after <= LONGEST_WAIT else False
    return error.failure is Failure.UNAVAILABLE


async def retrying(call: Callable[[], Awaitable[T]], deadline: Deadline, attempts: int = 3) -> T:
    """Awaits `call()`, again, with jitter, where its failure may pass; never beyond `deadline`.

    Only for calls that may be repeated: reads, and writes with an idempotency key.

    Raises: what the last attempt raised.
    """
    async for attempt in stamina.retry_context(
        on=lambda error: _passing(error) if deadline.remaining else False,
        attempts=attempts,
        timeout=max(deadline.remaining, 0.001),
        wait_initial=0.1,
        wait_max=LONGEST_WAIT,
    ):
        with attempt:
            return await call()
    raise AssertionError("unreachable: stamina raises what the last attempt raised")
