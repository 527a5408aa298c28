"""refreshSocialMetrics where all is well, or as well as limits and money allow."""

import asyncio
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from showcase.metrics.client import Batch, fingerprints
from showcase.metrics.domain import Platform, Reference
from showcase.metrics.refresh_due import refresh_due
from showcase.metrics.refresh_project import refresh_project
from showcase.outbound.retry import Deadline

from tests.integration.metrics.running import TOKEN, Metrics

REPORT = {
    "leased", "recorded", "gone", "forbidden", "failed", "rate_limited", "put_off", "remaining",
    "upstream_requests", "stopped",
    "not_before", "rejected_credentials",
}  # fmt: skip


def test_only_services_may_call_it(metrics: Metrics) -> None:
    assert metrics.call("refreshSocialMetrics", {}, "anon").status_code == 401
    assert metrics.call("refreshSocialMetrics", {}, metrics.owner).status_code == 403
    assert metrics.call("refreshSocialMetrics", {"platform": "github"}).status_code == 422


def test_everything_due_is_recorded_once(metrics: Metrics) -> None:
    sources = [source for platform in ("github", "linkedin", "twitter") for source in metrics.make(120, platform)]
    report = metrics.refresh()
    assert metrics.recorded(sources) == set(sources)
    assert set(report) == {"github", "linkedin", "twitter"}
    for platform, requests in (("github", 2), ("linkedin", 3), ("twitter", 2)):
        done = report[platform]
        assert set(done) == REPORT
        assert (done["leased"], done["recorded"], done["remaining"], done["stopped"]) == (120, 120, 0, None)
        assert done["upstream_requests"] == metrics.count(platform) == requests
    assert metrics.refresh()["github"]["leased"] == 0


def test_a_draft_is_not_asked_about(metrics: Metrics) -> None:
    metrics.make(2, status="draft")
    assert metrics.refresh()["github"]["leased"] == 0


def test_one_repository_in_two_projects_is_asked_once(metrics: Metrics) -> None:
    first, second = metrics.make(2)
    with metrics.connect() as connection:
        connection.execute(
            "update projects set github_link = %s where id = %s",
            (f"https://github.com/{first.subject}", second.project),
        )
    metrics.refresh()
    assert metrics.recorded([first, second]) == {first, second}
    (request,) = metrics.seen("github", first.subject)["requests"]
    assert request["body"].count("repository(") == 1


def test_a_renamed_repository_is_found_by_its_id(metrics: Metrics) -> None:
    (source,) = metrics.make(1)
    metrics.behave("github", source.subject, {"kind": "counts", "stars": 77})
    metrics.refresh()
    known = metrics.state(source)["platform_id"]
    assert known
    metrics.behave(
        "github", source.subject, {"kind": "renamed", "to": f"{source.subject}-new"}, {"kind": "counts", "stars": 78}
    )
    metrics.make_due()
    assert metrics.refresh()["github"]["recorded"] == 1
    request = metrics.seen("github", source.subject)["requests"][0]
    assert known in request["body"]
    assert "repository(" not in request["body"]
    assert metrics.get(source)["counts"]["stars"] == 78


LIMITS = [
    ("github", {"kind": "points_per_hour", "limit": 3}, 400, 250),  # in batches of 50, 100 and 100
    ("twitter", {"kind": "requests_per_window", "limit": 2}, 300, 200),
    ("linkedin", {"kind": "requests_per_day", "limit": 2}, 150, 100),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("platform", "limit", "number", "allowed"), LIMITS, ids=[each[0] for each in LIMITS])
async def test_a_limit_that_really_limits_is_respected_by_all_workers(
    metrics: Metrics, platform: str, limit: dict[str, object], number: int, allowed: int
) -> None:
    sources = metrics.make(number, platform)
    token = uuid.uuid4().hex  # the simulators remember what a token has used
    metrics.behave(platform, f"token:{token}", limit)
    async with metrics.dependencies(
        github_token=token, x_bearer_token=token, linkedin_access_token=token
    ) as dependencies:
        done = (await refresh_due(dependencies))[Platform(platform)]
        assert (done.recorded, done.rate_limited) == (allowed, number - allowed)
        assert (done.remaining, done.stopped) == (number - allowed, "rate_limited")
        assert done.not_before is not None
        assert datetime.fromisoformat(done.not_before) > datetime.now(UTC)
        asked = metrics.count(platform, f"token:{token}")
        reports = await asyncio.gather(*(refresh_due(dependencies) for _ in range(4)))
        assert all(report[Platform(platform)].leased == 0 for report in reports)
        for source in sorted(set(sources) - metrics.recorded(sources), key=str)[:3]:
            assert await refresh_project(dependencies, source.project, [Platform(platform)], 60) == {
                platform: "rate_limited"
            }
        assert metrics.count(platform, f"token:{token}") == asked

        metrics.behave(platform, f"token:{token}")
        with metrics.connect() as connection:
            connection.execute("update private.metric_budgets set not_before = now(), resets_at = now()")
        await refresh_due(dependencies)
    assert metrics.recorded(sources) == set(sources)


def test_workers_side_by_side_share_the_work(metrics: Metrics) -> None:
    sources = metrics.make(300)
    metrics.behave("github", f"token:{TOKEN}", {"kind": "delay", "seconds": 0.05})
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: metrics.refresh()["github"], range(4)))
    assert sum(report["recorded"] for report in reports) == 300
    assert metrics.recorded(sources) == set(sources)
    assert all(metrics.count("github", source.subject) == 1 for source in sources[::60])


@pytest.mark.anyio
async def test_a_credential_that_is_refused_is_taken_out_and_the_pool_goes_on(metrics: Metrics) -> None:
    sources = metrics.make(100)
    metrics.behave("github", "token:first", {"kind": "bad_credentials"})
    async with metrics.dependencies(
        github_token="first, second", metrics_lease_size=20, metrics_concurrency=1
    ) as dependencies:
        done = (await refresh_due(dependencies))[Platform.GITHUB]
    assert metrics.recorded(sources) == set(sources)
    assert set(done.rejected_credentials) <= set(fingerprints("first"))
    assert metrics.count("github", "token:first") <= 1
    assert metrics.count("github", "token:second") >= 5


@pytest.mark.anyio
async def test_a_month_s_money_is_not_exceeded_and_its_end_is_a_clear_state(metrics: Metrics) -> None:
    sources = metrics.make(8, "twitter")
    async with metrics.dependencies(x_posts_a_month=5) as dependencies:
        done = (await refresh_due(dependencies))[Platform.TWITTER]
        assert (done.recorded, done.remaining, done.stopped) == (5, 3, "budget_spent")
        assert done.not_before is not None
        assert datetime.fromisoformat(done.not_before).astimezone(UTC).day == 1
        again = (await refresh_due(dependencies))[Platform.TWITTER]
        assert (again.leased, again.stopped) == (0, "budget_spent")
        (left, *_) = set(sources) - metrics.recorded(sources)
        assert await refresh_project(dependencies, left.project, [Platform.TWITTER], 60) == {
            Platform.TWITTER: "budget_spent"
        }
    assert metrics.seen("twitter", f"token:{TOKEN}")["billed"]["*"] >= 5
    assert sum(metrics.seen("twitter", source.subject)["billed"][source.subject] for source in sources) == 5


def test_x_is_asked_once_about_a_post_in_a_day_whatever_happens(metrics: Metrics) -> None:
    (source,) = metrics.make(1, "twitter")
    metrics.refresh()
    for status in ("archived", "published"):
        with metrics.connect() as connection:
            connection.execute("update projects set status = %s where id = %s", (status, source.project))
        metrics.refresh()
        metrics.get(source, metrics.owner, refresh=True)
        with metrics.connect() as connection:
            connection.execute(
                "update social_metrics set as_of = now() - interval '1 hour' where project_id = %s", (source.project,)
            )
    assert metrics.count("twitter", source.subject) == 1


async def _broken(references: Sequence[Reference], credential: str, deadline: Deadline) -> Batch:
    raise ZeroDivisionError


@pytest.mark.anyio
async def test_a_fault_of_ours_at_one_platform_leaves_the_others_untouched(metrics: Metrics) -> None:
    served, broken = metrics.make(3, "linkedin"), metrics.make(3)
    async with metrics.dependencies() as dependencies:
        client = replace(dependencies.clients[Platform.GITHUB], fetch=_broken)
        clients = {**dependencies.clients, Platform.GITHUB: client}
        reports = await refresh_due(replace(dependencies, clients=clients))
    assert metrics.recorded(served) == set(served)
    assert reports[Platform.GITHUB].stopped == "internal_error"
    assert metrics.recorded(broken) == set()
    assert not metrics.state(broken[0])["due"], "its lease runs out by itself"
