"""What each platform is asked, and what its answers and refusals mean."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from showcase.errors import Failure, VendorError
from showcase.metrics.client import Allowance, fingerprints
from showcase.metrics.domain import Platform, Reference

from tests.unit.metrics.vendors import NAMES, answering, broken, failed, fetch


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_may_say_when_to_come_back(platform: Platform, status: int) -> None:
    assert failed(platform, answering(status, {})).failure is Failure.UNAVAILABLE
    limited = failed(platform, answering(status, {}, {"retry-after": "17"}))
    assert (limited.failure, limited.retry_after) == (Failure.RATE_LIMITED, 17)


@pytest.mark.parametrize(("platform", "prefix"), [(Platform.GITHUB, "x-ratelimit"), (Platform.TWITTER, "x-rate-limit")])
def test_retry_after_goes_before_the_reset_and_the_reset_before_a_minute(platform: Platform, prefix: str) -> None:
    reset = {f"{prefix}-remaining": "0", f"{prefix}-reset": str(int(time.time()) + 300)}
    assert failed(platform, answering(429, {}, reset | {"retry-after": "17"})).retry_after == 17
    waited = failed(platform, answering(429, {}, reset)).retry_after
    assert waited is not None
    assert 290 < waited <= 300
    assert failed(platform, answering(429, {})).retry_after == 60


def test_xs_usage_cap_lasts_until_the_next_month_and_linkedins_quota_until_midnight() -> None:
    now = datetime.now(UTC)
    capped = failed(Platform.TWITTER, answering(429, {"type": "https://api.x.com/2/problems/usage-capped"}))
    back = now + timedelta(seconds=capped.retry_after or 0)
    assert (back + timedelta(seconds=2)).day == 1
    spent = failed(Platform.LINKEDIN, answering(429, {}))
    back = now + timedelta(seconds=(spent.retry_after or 0) + 2)
    assert (back.date(), back.hour) == (now.date() + timedelta(days=1), 0)


def test_github_is_asked_by_name_or_id_in_variables_alone() -> None:
    asked: list[dict[str, Any]] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(200, json={})

    fetch(Platform.GITHUB, respond, ['a/b"){x}', "c/d"])
    assert "{x}" not in asked[0]["query"]
    assert asked[0]["variables"] == {"r0o": "a", "r0n": 'b"){x}', "r1o": "c", "r1n": "d"}


def test_beyond_4000_characters_linkedin_is_asked_in_the_body() -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    fetch(Platform.LINKEDIN, respond)
    fetch(Platform.LINKEDIN, respond, url=f"https://vendor.example/{'long/' * 780}here")
    short, tunnelled = seen
    query = "ids=List(urn%3Ali%3Ashare%3A1,urn%3Ali%3Aactivity%3A2)"
    assert (short.method, short.url.query.decode(), short.content) == ("GET", query, b"")
    assert (tunnelled.method, tunnelled.url.query, tunnelled.content.decode()) == ("POST", b"", query)
    assert tunnelled.headers["x-http-method-override"] == "GET"
    assert tunnelled.headers["content-type"] == "application/x-www-form-urlencoded"
    for request in seen:
        assert request.headers["x-restli-method"] == "BATCH_GET"
        assert request.headers["x-restli-protocol-version"] == "2.0.0"
        assert len(request.headers["linkedin-version"]) == 6


@pytest.mark.parametrize("platform", [Platform.TWITTER, Platform.LINKEDIN])
def test_numbers_that_no_post_can_have_are_not_asked_about(platform: Platform) -> None:
    impossible = NAMES[platform][0] + "0" * 19
    batch = fetch(platform, broken(AssertionError("asked")), [impossible])
    result = batch.results[Reference(impossible)]
    assert isinstance(result, VendorError)
    assert (result.failure, batch.allowance) == (Failure.GONE, Allowance())


def test_linkedins_statuses_tell_where_its_errors_do_not() -> None:
    body = {"results": {}, "errors": {}, "statuses": {"urn%3Ali%3Ashare%3A1": 404, "urn:li:activity:2": 403}}
    results = fetch(Platform.LINKEDIN, answering(200, body)).results.values()
    assert [result.failure for result in results if isinstance(result, VendorError)] == ["gone", "forbidden"]


def test_a_pool_is_known_by_fingerprints_alone() -> None:
    pool = fingerprints(" first, second ,,")
    assert list(pool.values()) == ["first", "second"]
    assert all(len(name) == 12 and "first" not in name for name in pool)
