import time

import pytest
from showcase.errors import Failure, VendorError
from showcase.outbound.retry import Deadline, with_retries

pytestmark = pytest.mark.anyio


class Vendor:
    """Fails as reported, then answers."""

    def __init__(self, *failures: VendorError) -> None:
        self.failures = list(failures)
        self.asked = 0

    async def __call__(self) -> str:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


def unavailable() -> VendorError:
    return VendorError("x", Failure.UNAVAILABLE)


async def test_what_may_pass_is_tried_again() -> None:
    vendor = Vendor(unavailable(), unavailable())
    assert await with_retries(lambda: vendor(), Deadline.after(10)) == "answer"  # noqa: PLW0108 - as callers do
    assert vendor.asked == 3


async def test_attempts_are_bounded() -> None:
    vendor = Vendor(*[unavailable() for _ in range(5)])
    with pytest.raises(VendorError):
        await with_retries(vendor, Deadline.after(10))
    assert vendor.asked == 3


@pytest.mark.parametrize("failure", [Failure.GONE, Failure.FORBIDDEN, Failure.REJECTED])
async def test_what_cannot_pass_is_not_tried_again(failure: Failure) -> None:
    vendor = Vendor(VendorError("x", failure))
    with pytest.raises(VendorError):
        await with_retries(vendor, Deadline.after(10))
    assert vendor.asked == 1


async def test_a_short_retry_after_is_waited_for_in_full() -> None:
    vendor = Vendor(VendorError("x", Failure.RATE_LIMITED, retry_after=0.4))
    start = time.monotonic()
    assert await with_retries(vendor, Deadline.after(10)) == "answer"
    assert time.monotonic() - start >= 0.4


async def test_a_long_retry_after_goes_to_the_caller_at_once() -> None:
    vendor = Vendor(VendorError("x", Failure.RATE_LIMITED, retry_after=60))
    with pytest.raises(VendorError) as caught:
        await with_retries(vendor, Deadline.after(100))
    assert vendor.asked == 1
    assert caught.value.retry_after == 60


async def test_nothing_is_tried_after_the_deadline() -> None:
    vendor = Vendor(*[unavailable() for _ in range(5)])
    with pytest.raises(VendorError):
        await with_retries(vendor, Deadline.after(0))
    assert vendor.asked == 1


@pytest.mark.parametrize("failure", [VendorError("x", Failure.RATE_LIMITED, retry_after=3), unavailable()], ids=str)
async def test_a_wait_that_would_end_after_the_deadline_is_not_begun(failure: VendorError) -> None:
    """The caller gets the vendor's own reason at once, with its Retry-After."""
    vendor = Vendor(*[failure] * 20)
    start = time.monotonic()
    with pytest.raises(VendorError) as caught:
        await with_retries(vendor, Deadline.after(0.2), attempts=20)
    assert caught.value is failure
    assert time.monotonic() - start < 3
    if failure.retry_after:
        assert vendor.asked == 1
