"""getSocialMetrics against a real database and GitHub's simulator. Every test has a repository of its own."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.support import plain_http
from tests.support.stack import Caller, Stack
from tests.support.users import User

GITHUB = {"stars": 1200, "forks": 34, "watchers": 56}
STALE = timedelta(hours=25)


class Project:
    """A project of a user's with a repository that nothing else uses."""

    def __init__(self, stack: Stack, owner: User, status: str = "published") -> None:
        self.stack = stack
        self.owner = owner
        self.repository = f"tests/r-{uuid.uuid4().hex}"
        with stack.client(owner) as client:
            row = {"title": "T", "status": status, "github_link": f"https://github.com/{self.repository}"}
            response = client.post("/rest/v1/projects", json=row, headers={"Prefer": "return=representation"})
        assert response.status_code == 201, response.text
        self.id = response.json()[0]["id"]

    def behave(self, *behaviours: dict[str, Any]) -> None:
        counts = {"kind": "counts", **GITHUB}
        url = f"{self.stack.github_url}/_simulator/behaviours"
        plain_http.put(url, json={self.repository: [*behaviours, counts]}).raise_for_status()

    def asked(self) -> int:
        """How many requests about the repository GitHub's simulator received."""
        answer = plain_http.get(f"{self.stack.github_url}/_simulator", params={"subject": self.repository}).json()
        count: int = answer["counts"][self.repository]
        return count

    def remember(self, age: timedelta, stars: int = 7) -> None:
        """A snapshot taken that long ago."""
        as_of = datetime.now(UTC) - age
        with psycopg.connect(self.stack.database_url) as connection:
            connection.execute(
                """insert into social_metrics (project_id, platform, stars, forks, watchers, recorded_at, as_of)
                   values (%s, 'github', %s, 1, 2, %s, %s)""",
                (self.id, stars, as_of.date(), as_of),
            )

    def rows(self) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.stack.database_url) as connection:
            return connection.execute(
                "select stars, forks, watchers from social_metrics where project_id = %s order by recorded_at",
                (self.id,),
            ).fetchall()

    def ask(self, caller: Caller = "anon") -> httpx.Response:
        with self.stack.client(caller) as client:
            return client.post("/functions/v1/getSocialMetrics", json={"project_id": self.id})

    def github(self, caller: Caller = "anon") -> dict[str, Any]:
        response = self.ask(caller)
        assert response.status_code == 200, response.text
        body = response.json()
        assert body["project_id"] == self.id
        answer: dict[str, Any] = body["platforms"]["github"]
        return answer


@pytest.fixture(autouse=True)
def unspent_budget(stack: Stack) -> None:
    """What an earlier test made GitHub say about our credential holds for all who share it; this one starts again."""
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("delete from private.metric_budgets")


@pytest.fixture
def project(stack: Stack) -> Project:
    project = Project(stack, stack.make_user())
    project.behave()
    return project


def test_missing_numbers_are_fetched_stored_and_then_cached(project: Project) -> None:
    first = project.github()
    assert first["counts"] == GITHUB
    assert (first["stale"], first["reason"]) == (False, None)
    assert first["recorded_at"] == datetime.now(UTC).date().isoformat()
    assert project.github() == first
    assert project.asked() == 1
    assert project.rows() == [(1200, 34, 56)]


def test_a_fresh_snapshot_asks_nobody(project: Project) -> None:
    project.remember(timedelta(hours=23))
    answer = project.github()
    assert (answer["counts"]["stars"], answer["stale"]) == (7, False)
    assert project.asked() == 0


def test_a_stale_snapshot_is_replaced_and_stays_as_history(project: Project) -> None:
    project.remember(STALE)
    assert project.github()["counts"] == GITHUB
    assert project.rows() == [(7, 1, 2), (1200, 34, 56)]


def test_the_answer_says_what_it_cost(project: Project) -> None:
    timing = project.ask().headers["server-timing"]
    assert "db;dur=" in timing
    assert "github;dur=" in timing


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ({"kind": "not_found"}, "gone"),
        ({"kind": "forbidden"}, "forbidden"),
        ({"kind": "private"}, "gone"),
        ({"kind": "rate_limited", "status": 200}, "rate_limited"),
        ({"kind": "rate_limited", "status": 403}, "rate_limited"),
        ({"kind": "secondary_rate_limited", "status": 200}, "rate_limited"),
        ({"kind": "secondary_rate_limited", "status": 403}, "rate_limited"),
        ({"kind": "secondary_rate_limited", "status": 403, "retry_after": None}, "rate_limited"),
        ({"kind": "secondary_rate_limited", "status": 429}, "rate_limited"),
        ({"kind": "bad_gateway"}, "unavailable"),
        ({"kind": "gateway_timeout"}, "unavailable"),
        ({"kind": "query_timeout"}, "unavailable"),
        ({"kind": "malformed"}, "unavailable"),
        ({"kind": "wrong_shape"}, "unavailable"),
        ({"kind": "dropped"}, "unavailable"),
        ({"kind": "resource_limits_exceeded"}, "unavailable"),
        ({"kind": "bad_credentials"}, "rejected"),
    ],
    ids=lambda value: "-".join(str(v) for v in value.values()) if isinstance(value, dict) else value,
)
def test_where_github_fails_the_last_numbers_come_back_marked(
    project: Project, behaviour: dict[str, Any], reason: str
) -> None:
    project.behave(behaviour)
    project.remember(STALE)
    answer = project.github()
    assert answer["counts"] == {"stars": 7, "forks": 1, "watchers": 2}
    assert (answer["stale"], answer["reason"]) == (True, reason)
    assert project.rows() == [(7, 1, 2)], "a failure must never be stored as numbers"

    before = project.asked()
    again = project.github()
    assert (again["stale"], again["reason"]) == (True, reason)
    assert project.asked() == before, "GitHub must be left alone until the failure may have passed"


def test_where_github_fails_and_nothing_is_known_the_counts_are_null_not_zero(project: Project) -> None:
    project.behave({"kind": "not_found"})
    answer = project.github()
    assert answer == {"counts": None, "recorded_at": None, "as_of": None, "stale": True, "reason": "gone"}


def test_a_slow_github_does_not_hold_the_caller(project: Project) -> None:
    project.behave({"kind": "delay", "seconds": 60})
    project.remember(STALE)
    assert project.github()["reason"] == "unavailable"


def test_a_passing_failure_is_not_noticed(project: Project) -> None:
    project.behave({"kind": "bad_gateway", "times": 1})
    assert project.github()["counts"] == GITHUB
    assert project.asked() == 2


def test_a_renamed_repository_keeps_its_numbers(project: Project) -> None:
    project.behave({"kind": "renamed", "to": f"{project.repository}-new"})
    assert project.github()["counts"]["stars"] == 1200


@pytest.mark.anyio
async def test_fifty_callers_of_a_stale_project_make_one_request(project: Project) -> None:
    project.behave({"kind": "delay", "seconds": 0.5})
    project.remember(STALE)
    async with project.stack.async_client() as client:
        body = {"project_id": project.id}
        calls = [client.post("/functions/v1/getSocialMetrics", json=body) for _ in range(50)]
        answers = [r.raise_for_status().json()["platforms"]["github"] for r in await asyncio.gather(*calls)]
    assert project.asked() == 1
    assert sum(answer["counts"] == GITHUB for answer in answers) >= 1
    assert {answer["reason"] for answer in answers} <= {None, "refresh_in_progress"}
    assert all(answer["counts"] in (GITHUB, {"stars": 7, "forks": 1, "watchers": 2}) for answer in answers)


def test_a_draft_is_seen_by_its_owner_and_the_service_alone(stack: Stack) -> None:
    draft = Project(stack, stack.make_user(), status="draft")
    draft.behave()
    for stranger in ("anon", stack.make_user()):
        response = draft.ask(stranger)
        assert (response.status_code, response.json()["code"]) == (404, "project_not_found")
    assert draft.asked() == 0
    assert draft.ask(draft.owner).status_code == 200
    assert draft.ask("service").status_code == 200


def test_a_project_that_does_not_exist_is_404(stack: Stack) -> None:
    with stack.client() as client:
        response = client.post("/functions/v1/getSocialMetrics", json={"project_id": str(uuid.uuid4())})
    assert (response.status_code, response.json()["code"]) == (404, "project_not_found")


def test_platforms_without_a_credential_say_so(stack: Stack) -> None:
    owner = stack.make_user()
    with stack.client(owner) as client:
        row = {"title": "T", "status": "published", "twitter_link": "https://x.com/ada/status/1"}
        created = client.post("/rest/v1/projects", json=row, headers={"Prefer": "return=representation"}).json()[0]
        body = client.post("/functions/v1/getSocialMetrics", json={"project_id": created["id"]}).json()
    assert set(body["platforms"]) == {"twitter"}
    assert body["platforms"]["twitter"]["reason"] == "not_configured"
