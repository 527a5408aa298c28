"""getSocialMetrics on all three platforms: refreshes by owners, history, and what it costs."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyqwest
import pytest
from showcase.auth import ANONYMOUS
from showcase.database import Database
from showcase.endpoint import Call
from showcase.metrics.dependencies import MetricsDependencies, platform_clients
from showcase.metrics.handlers import handle_get_social_metrics
from showcase.metrics.schemas import SocialMetricsRequest
from showcase.outbound.http_client import HttpClient
from showcase.outbound.transport import new_transport
from starlette.requests import Request

from tests.integration.metrics.running import TOKEN, Metrics, Source, core_settings

COUNTS = {
    "github": {"stars": 12, "forks": 3, "watchers": 4},
    "twitter": {"likes": 12, "retweets": 3, "replies": 4},
    "linkedin": {"likes": 12, "comments": 4},
}
SAID = {
    "github": {"kind": "counts", "stars": 12, "forks": 3, "watchers": 4},
    "twitter": {"kind": "counts", "likes": 12, "retweets": 3, "replies": 4},
    "linkedin": {"kind": "counts", "reactions": {"LIKE": 7, "PRAISE": 5}, "comments": 4},
}


def age(metrics: Metrics, source: Source, by: timedelta) -> None:
    with metrics.connect() as connection:
        connection.execute(
            """update social_metrics set as_of = as_of - %(by)s,
                 recorded_at = ((as_of - %(by)s) at time zone 'utc')::date where project_id = %(project)s""",
            {"by": by, "project": source.project},
        )


@pytest.mark.parametrize("platform", ["github", "twitter", "linkedin"])
def test_each_platform_s_numbers_are_fetched_and_then_cached(metrics: Metrics, platform: str) -> None:
    (source,) = metrics.make(1, platform)
    metrics.behave(platform, source.subject, SAID[platform])
    first = metrics.get(source)
    assert (first["counts"], first["stale"], first["reason"]) == (COUNTS[platform], False, None)
    assert first["recorded_at"] == datetime.now(UTC).date().isoformat()
    assert metrics.get(source) == first
    age(metrics, source, timedelta(hours=25))
    assert metrics.get(source)["counts"] == COUNTS[platform]
    assert metrics.count(platform, source.subject) == 2


def test_an_owner_may_refresh_once_in_a_while(metrics: Metrics) -> None:
    (source,) = metrics.make(1)
    metrics.behave("github", source.subject, SAID["github"])
    metrics.get(source)
    metrics.behave("github", source.subject, {**SAID["github"], "stars": 13})
    assert metrics.get(source, metrics.owner, refresh=True)["counts"]["stars"] == 12, "it is only seconds old"
    age(metrics, source, timedelta(minutes=16))
    assert metrics.get(source)["counts"]["stars"] == 12, "fresh enough for everybody"
    assert metrics.get(source, metrics.owner, refresh=True)["counts"]["stars"] == 13
    assert metrics.get(source, "service", refresh=True)["counts"]["stars"] == 13
    assert metrics.count("github", source.subject) == 2


def test_an_owner_may_refresh_a_draft(metrics: Metrics) -> None:
    (source,) = metrics.make(1, status="draft")
    assert metrics.get(source, metrics.owner, refresh=True)["stale"] is False


def test_others_may_not_refresh(metrics: Metrics) -> None:
    (source,) = metrics.make(1)
    body = {"project_id": str(source.project), "refresh": True}
    anonymous = metrics.call("getSocialMetrics", body, "anon")
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "unauthorized")
    stranger = metrics.call("getSocialMetrics", body, metrics.stack.make_user())
    assert (stranger.status_code, stranger.json()["code"]) == (403, "not_the_owner")
    assert metrics.count("github", source.subject) == 0


def test_the_history_is_the_daily_series_oldest_first(metrics: Metrics) -> None:
    (source,) = metrics.make(1)
    with metrics.connect() as connection:
        connection.execute(
            """insert into social_metrics (project_id, platform, stars, recorded_at, as_of)
               select %s, 'github', 100 - ago, (now() at time zone 'utc')::date - ago,
                 now() - make_interval(days => ago) from unnest('{0,1,3,29,30}'::int[]) as ago""",
            (source.project,),
        )
    body = {"project_id": str(source.project), "history_days": 30}
    history = metrics.call("getSocialMetrics", body, "anon").json()["history"]
    assert [day["counts"]["stars"] for day in history] == [71, 97, 99, 100]
    assert set(history[0]) == {"platform", "recorded_at", "counts"}
    assert set(history[0]["counts"]) == {"stars", "forks", "watchers"}
    assert metrics.call("getSocialMetrics", {"project_id": str(source.project)}, "anon").json()["history"] == []
    for days in (-1, 367, "many"):
        assert metrics.call("getSocialMetrics", {**body, "history_days": days}).status_code == 422


def test_a_visitor_waits_for_a_slow_platform_once(metrics: Metrics) -> None:
    (source,) = metrics.make(1)
    metrics.behave("github", source.subject, {"kind": "delay", "seconds": 30})
    assert metrics.get(source)["reason"] == "unavailable"
    assert metrics.get(source)["reason"] == "unavailable"
    assert metrics.count("github", source.subject) == 1, "the second visitor was answered at once"
    assert metrics.state(source)["attempts"] == 1


async def requests_of(metrics: Metrics, source: Source, calls: int = 1, **changed: Any) -> tuple[Counter[str], Any]:
    """What so many concurrent calls ask of the database, and of the platforms."""
    seen: Counter[str] = Counter()

    class Counting:
        """The network, with a count of what is asked of it."""

        network = new_transport()

        async def execute(self, request: pyqwest.Request) -> pyqwest.Response:
            seen[httpx.URL(request.url).path.removeprefix("/rest/v1/rpc/")] += 1
            return await self.network.execute(request)

    settings, http = metrics.settings(**changed), HttpClient(timeout=30, transport=Counting())
    dependencies = MetricsDependencies(
        Database(http, core_settings(metrics.stack)), platform_clients(http, settings), settings
    )
    call = Call(
        SocialMetricsRequest(project_id=source.project, history_days=30), ANONYMOUS, Request({"type": "http"}), "-"
    )
    answers = await asyncio.gather(*(handle_get_social_metrics(call, dependencies) for _ in range(calls)))
    return seen, answers


@pytest.mark.anyio
async def test_a_fresh_cache_is_one_round_trip_however_many_come(metrics: Metrics) -> None:
    (source,) = metrics.make(1)
    seen, _ = await requests_of(metrics, source)
    assert seen == {"get_project_metrics": 1, "lease_project_metric_sources": 1, "/graphql": 1, "record_metrics": 1}
    seen, answers = await requests_of(metrics, source, calls=25)
    assert seen == {"get_project_metrics": 25}
    assert len({answer.model_dump_json() for answer in answers}) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("platform", ["github", "twitter", "linkedin"])
async def test_many_who_come_at_once_make_one_request(metrics: Metrics, platform: str) -> None:
    (source,) = metrics.make(1, platform)
    metrics.behave(platform, source.subject, SAID[platform], {"kind": "delay", "seconds": 0.3})
    _, answers = await requests_of(metrics, source, calls=20)
    assert metrics.count(platform, source.subject) == 1
    # On a busy machine some come when the numbers are there already.
    outcomes = [answer.platforms[platform].reason for answer in answers]
    assert {None} <= {*outcomes} <= {None, "refresh_in_progress"}


@pytest.mark.anyio
async def test_platforms_are_asked_side_by_side(metrics: Metrics) -> None:
    sources = {platform: metrics.make(1, platform)[0] for platform in COUNTS}
    project = sources["github"].project
    with metrics.connect() as connection:
        connection.execute(
            """update projects set (twitter_link, linkedin_link) = (
                 (select twitter_link from projects where id = %s), (select linkedin_link from projects where id = %s)
               ) where id = %s""",
            (sources["twitter"].project, sources["linkedin"].project, project),
        )
    for platform in COUNTS:
        metrics.behave(platform, f"token:{TOKEN}", {"kind": "delay", "seconds": 1})
    start = asyncio.get_running_loop().time()
    _, (answer,) = await requests_of(metrics, sources["github"])
    assert asyncio.get_running_loop().time() - start < 2.5
    assert {platform: one.stale for platform, one in answer.platforms.items()} == dict.fromkeys(COUNTS, False)


@pytest.mark.anyio
async def test_a_platform_without_a_credential_says_so(metrics: Metrics) -> None:
    (source,) = metrics.make(1, "twitter")
    seen, (answer,) = await requests_of(metrics, source, x_bearer_token=None)
    assert (answer.platforms["twitter"].reason, answer.platforms["twitter"].counts) == ("not_configured", None)
    assert seen == {"get_project_metrics": 1}
