"""Whatever comes over the wire: a result for every reference, or a VendorError, and nothing else."""

import asyncio
from typing import Any

import httpx
import pyqwest
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from showcase.errors import Failure, VendorError
from showcase.metrics.dependencies import platform_clients
from showcase.metrics.domain import COUNTED, Answer, Platform, Reference
from showcase.metrics.settings import MetricsSettings
from showcase.outbound.retry import Deadline

from tests.support.doubles.responding import responding_client
from tests.unit.metrics.vendors import NAMES, answering, broken, failed, fetch_or_fail

KNOWN = [
    "data", "errors", "results", "statuses", "rateLimit", "remaining", "resetAt", "r0", "r1", "id", "stargazerCount",
    "forkCount", "watchers", "totalCount", "type", "path", "message", "public_metrics", "like_count", "retweet_count",
    "reply_count", "resource_id", "value", "reactionSummaries", "commentSummary", "count", "status", "LIKE",
    "urn:li:share:1", "urn%3Ali%3Ashare%3A1", "1",
]  # fmt: skip
leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["NOT_FOUND", "RATE_LIMITED", "1", "2", "r0", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00"])
)  # fmt: skip
bodies = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KNOWN), inner, max_size=5),
    max_leaves=25,
)
headers = st.dictionaries(
    st.sampled_from(
        ["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "x-rate-limit-remaining", "x-rate-limit-reset"]
    ),
    st.sampled_from(["0", "5", "-1", "soon", "1e9", "99999999999999999999", "9" * 400, "", "1700000000"]),
)


@pytest.mark.parametrize("platform", Platform)
@given(st.sampled_from([200, 200, 200, 204, 301, 400, 401, 402, 403, 404, 426, 429, 500, 502, 503]), bodies, headers)
def test_any_answer_is_sorted(platform: Platform, status: int, body: object, given_headers: dict[str, str]) -> None:
    batch = fetch_or_fail(platform, answering(status, body, given_headers))
    if isinstance(batch, VendorError):
        assert batch.retry_after is None or 0 <= batch.retry_after <= 31 * 86_400
        return
    assert set(batch.results) == {Reference(name) for name in NAMES[platform]}
    for result in batch.results.values():
        assert isinstance(result, Answer | VendorError)
        if isinstance(result, Answer):
            assert set(result.counts) == set(COUNTED[platform])
            assert all(type(count) is int and 0 <= count < 2**31 for count in result.counts.values())
    if batch.allowance.resets_at:
        batch.allowance.resets_at.timestamp()
        assert 0 <= (batch.allowance.remaining or 0) < 2**31


@pytest.mark.parametrize("platform", Platform)
@given(st.binary(max_size=50))
def test_what_is_not_json_is_no_answer(platform: Platform, body: bytes) -> None:
    batch = fetch_or_fail(platform, answering(200, body))
    if isinstance(batch, VendorError):
        assert batch.failure is Failure.UNAVAILABLE
    else:
        assert not any(isinstance(result, Answer) for result in batch.results.values())


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize(
    "error",
    [
        ConnectionError("x"), pyqwest.ConnectTimeout("x"), TimeoutError("x"), pyqwest.RemoteProtocolError("x"),
        pyqwest.ReadError("x"), pyqwest.WriteError("x"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_where_nothing_readable_comes_it_is_unavailable(platform: Platform, error: Exception) -> None:
    assert failed(platform, broken(error)).failure is Failure.UNAVAILABLE


@pytest.mark.parametrize("platform", Platform)
def test_no_request_outlives_its_deadline(platform: Platform) -> None:
    async def run() -> None:
        async def stall(_: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            return httpx.Response(200)

        token: Any = SecretStr("t")
        settings = MetricsSettings(github_token=token, x_bearer_token=token, linkedin_access_token=token)
        client = platform_clients(responding_client(stall), settings)[platform]
        await client.fetch([Reference(NAMES[platform][0])], "t", Deadline.after(0.1))

    with pytest.raises(VendorError) as caught:
        asyncio.run(run())
    assert caught.value.failure is Failure.UNAVAILABLE
