"""The one place where calls are tried again."""

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from showcase.errors import Failure, ServiceUnavailable, VendorError
from showcase.outbound.errors import TransportError

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")

FIRST_WAIT = 0.5  # seconds at most before the second attempt; twice that before each further one
LONGEST_WAIT = 3.0  # seconds; a vendor that wants more is reported to the caller instead of slept for


@dataclass(frozen=True)
class Deadline:
    """The moment (monotonic clock, seconds) by which an answer must be there."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """So many seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, VendorError) and error.failure is Failure.RATE_LIMITED:
        return 0 < (error.retry_after or 0) <= LONGEST_WAIT
    return isinstance(error, TransportError | ServiceUnavailable) or (
        isinstance(error, VendorError) and error.failure is Failure.UNAVAILABLE
    )


def _wait(attempt: "RetryCallState") -> float:
    """Seconds: as long as the vendor says, else full jitter under a bound that doubles."""
    error = attempt.outcome.exception() if attempt.outcome else None
    if isinstance(error, VendorError) and error.retry_after:
        return min(error.retry_after, LONGEST_WAIT)
    return random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt.attempt_number - 1)))  # noqa: S311 - no secret


async def with_retries(call: Callable[[], Awaitable[T]], deadline: Deadline, attempts: int = 3) -> T:
    """Awaits `call()`, again where its failure may pass; where the wait would end after `deadline`, not at all.

    Only for calls that may be repeated: reads, and writes with an idempotency key.

    Raises: what the last attempt raised.
    """
    from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, stop_before_delay

    again = AsyncRetrying(
        retry=retry_if_exception(_may_pass),
        stop=stop_after_attempt(attempts) | stop_before_delay(deadline.remaining),
        wait=_wait,
        reraise=True,
    )

    async def attempt() -> T:  # a lambda that returns an awaitable would not be awaited
        return await call()

    return await again(attempt)
