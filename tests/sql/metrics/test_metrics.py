"""Snapshots: who sees them, how far back, and who writes them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.sql.acting import ADA, ENGINE, GRACE, NOTE_G, Connection, acting_as
from tests.sql.metrics.metric_calls import make_project, rolled_back

SNAPSHOT = {
    "platform", "likes", "comments", "stars", "forks", "watchers", "retweets", "replies", "recorded_at", "as_of",
}  # fmt: skip


def metrics(connection: Connection, project: UUID, history_days: int | None = None) -> dict[str, Any] | None:
    given = (project,) if history_days is None else (project, history_days)
    call = ", ".join(["%s"] * len(given))
    row = connection.execute(f"select public.get_project_metrics({call}) as answer".encode(), given).fetchone()
    assert row is not None
    answer: dict[str, Any] | None = row["answer"]
    return answer


def test_the_latest_snapshot_of_each_platform(untouched_database: str) -> None:
    with acting_as(untouched_database, "anon") as connection:
        answer = metrics(connection, ENGINE)
    assert answer is not None
    assert (answer["user_id"], answer["title"], answer["status"]) == (str(ADA), "Analytical Engine", "published")
    assert answer["github_link"] == "https://github.com/ada/analytical-engine"
    assert {"linkedin_link", "twitter_link"} <= answer.keys()
    assert [s["platform"] for s in answer["snapshots"]] == ["github", "linkedin", "twitter"]
    github = answer["snapshots"][0]
    assert set(github) == SNAPSHOT
    assert (github["stars"], github["forks"], github["watchers"]) == (126, 28, 14)
    assert (datetime.now(UTC) - datetime.fromisoformat(github["as_of"])).total_seconds() > 24 * 3600
    assert answer["history"] == []


def test_the_history_is_of_the_last_days_oldest_first(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(
            connection, github_link="https://github.com/a/b", twitter_link="https://x.com/a/status/1"
        )
        connection.execute(
            """insert into social_metrics (project_id, platform, stars, recorded_at, as_of)
               select %s, platform, ago, (now() at time zone 'utc')::date - ago, now() - make_interval(days => ago)
               from unnest('{0,1,2,6,7,40}'::int[]) as ago cross join unnest('{github,twitter}'::text[]) as platform""",
            (project,),
        )
        for days, expected in ((1, [0]), (2, [1, 0]), (7, [6, 2, 1, 0]), (366, [40, 7, 6, 2, 1, 0])):
            answer = metrics(connection, project, days)
            assert answer is not None
            seen = [(day["stars"], day["platform"]) for day in answer["history"]]
            assert seen == [(ago, platform) for ago in expected for platform in ("github", "twitter")]
            assert set(answer["history"][0]) == SNAPSHOT
            assert [s["stars"] for s in answer["snapshots"]] == [0, 0]


def test_it_says_whether_the_account_of_the_caller_is_gone(untouched_database: str) -> None:
    for role, user, gone in (("anon", None, False), ("authenticated", GRACE, False), ("authenticated", uuid4(), True)):
        with acting_as(untouched_database, role, user) as connection:
            answer = metrics(connection, ENGINE)
            assert answer is not None
            assert answer["account_gone"] is gone


def test_a_project_that_the_caller_cannot_see_is_null(untouched_database: str) -> None:
    for role, user in (("anon", None), ("authenticated", GRACE)):
        with acting_as(untouched_database, role, user) as connection:
            assert metrics(connection, NOTE_G, 30) is None
            assert metrics(connection, uuid4()) is None
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        answer = metrics(connection, NOTE_G)
        assert answer is not None
        assert answer["snapshots"] == []


@pytest.mark.parametrize(
    "column", ["likes", "comments", "stars", "forks", "watchers", "retweets", "replies", "recorded_at", "as_of"]
)
def test_a_snapshot_has_every_number(untouched_database: str, column: str) -> None:
    with rolled_back(untouched_database) as connection, pytest.raises(psycopg.errors.NotNullViolation):
        connection.execute(
            f"insert into social_metrics (project_id, platform, {column}) values (%s, 'github', null)".encode(),
            (make_project(connection),),
        )


def test_a_day_has_one_snapshot_of_a_platform(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        insert = "insert into social_metrics (project_id, platform, recorded_at) values (%s, 'github', %s)"
        today = datetime.now(UTC).date()
        connection.execute(insert, (project, today))
        connection.execute(insert, (project, today - timedelta(days=1)))
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(insert, (project, today))


@pytest.mark.parametrize(("role", "user"), [("anon", None), ("authenticated", ADA)])
@pytest.mark.parametrize(
    "statement",
    [
        "select public.lease_metric_sources('github', '{c}', 1, 1, 5)",
        f"select public.lease_project_metric_sources('{ENGINE}', '{{}}', 5, 5)",
        f"select public.record_metrics('github', '{ENGINE}', 'c', '[]', '{{}}')",
        "select public.count_due_metric_sources()",
        "select * from private.reserve_metric_budget('github', '{c}', 1, 1, null)",
        "select private.settle_metric_budget('github', 'c', '{}')",
        "select private.next_metric_state('gone', 'active', 0, null)",
        f"select private.next_metric_due('{ENGINE}', 'github')",
        "select private.metric_reference('github', 'x')",
        "select * from private.metric_sources",
        "update private.metric_sources set due_at = now()",
        "select * from private.metric_budgets",
        "delete from private.metric_budgets",
        f"insert into public.social_metrics (project_id, platform) values ('{ENGINE}', 'github')",
        "update public.social_metrics set stars = 1000000",
        "delete from public.social_metrics",
    ],
)
def test_only_handlers_write_metrics(untouched_database: str, role: str, user: UUID | None, statement: str) -> None:
    with acting_as(untouched_database, role, user) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())
