"""Snapshots, and who asks a platform."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tests.sql.acting import ADA, ENGINE, GRACE, NOTE_G, Connection, acting_as, superuser

SNAPSHOT = {
    "platform", "likes", "comments", "stars", "forks", "watchers", "retweets", "replies", "recorded_at", "as_of",
}  # fmt: skip


def claim(connection: Connection, *platforms: str, seconds: int = 30) -> dict[str, DictRow]:
    query = "select * from public.claim_metric_sources(%s, %s, %s)"
    rows = connection.execute(query, (ENGINE, list(platforms), seconds)).fetchall()
    return {row["platform"]: row for row in rows}


def record(connection: Connection, counts: object, platform: str = "github") -> dict[str, Any]:
    query = "select public.record_metric_snapshot(%s, %s, %s) as row"
    row = connection.execute(query, (ENGINE, platform, Jsonb(counts))).fetchone()
    assert row is not None
    stored: dict[str, Any] = row["row"]
    return stored


def fail(connection: Connection, reason: str, retry_after: int) -> None:
    connection.execute("select public.fail_metric_source(%s, 'github', %s, %s)", (ENGINE, reason, retry_after))


def metrics(connection: Connection, project: UUID) -> dict[str, Any] | None:
    row = connection.execute("select public.get_project_metrics(%s) as answer", (project,)).fetchone()
    assert row is not None
    answer: dict[str, Any] | None = row["answer"]
    return answer


def test_the_latest_snapshot_of_each_platform(untouched_database: str) -> None:
    with acting_as(untouched_database, "anon") as connection:
        answer = metrics(connection, ENGINE)
    assert answer is not None
    assert answer["user_id"] == str(ADA)
    assert answer["status"] == "published"
    assert answer["github_link"] == "https://github.com/ada/analytical-engine"
    assert {"linkedin_link", "twitter_link"} <= answer.keys()
    assert [s["platform"] for s in answer["snapshots"]] == ["github", "linkedin", "twitter"]
    github = answer["snapshots"][0]
    assert set(github) == SNAPSHOT
    assert (github["stars"], github["forks"], github["watchers"]) == (126, 28, 14)
    assert (datetime.now(UTC) - datetime.fromisoformat(github["as_of"])).total_seconds() > 24 * 3600


def test_a_project_that_the_caller_cannot_see_is_null(untouched_database: str) -> None:
    for role, user in (("anon", None), ("authenticated", GRACE)):
        with acting_as(untouched_database, role, user) as connection:
            assert metrics(connection, NOTE_G) is None
            assert metrics(connection, uuid4()) is None
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        answer = metrics(connection, NOTE_G)
        assert answer is not None
        assert answer["snapshots"] == []


def test_a_claim_is_taken_once_and_freed_by_the_answer(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        assert claim(connection, "github") == {"github": {"platform": "github", "claimed": True, "reason": None}}
        assert claim(connection, "github", "twitter", "github") == {
            "github": {"platform": "github", "claimed": False, "reason": "refresh_in_progress"},
            "twitter": {"platform": "twitter", "claimed": True, "reason": None},
        }
        record(connection, {"stars": 1})
        assert claim(connection, "github")["github"]["claimed"]
        assert claim(connection) == {}


def test_a_failure_keeps_others_away_until_it_is_time(database: str) -> None:
    with superuser(database) as connection:
        claim(connection, "github")
        fail(connection, "rate_limited", 60)
        assert claim(connection, "github")["github"] == {
            "platform": "github", "claimed": False, "reason": "rate_limited",
        }  # fmt: skip
        fail(connection, "unavailable", 0)
        assert claim(connection, "github")["github"]["claimed"]
        assert claim(connection, "github")["github"]["reason"] == "refresh_in_progress", "the old failure is forgotten"


def test_a_lease_that_ran_out_is_free(database: str) -> None:
    with superuser(database) as connection:
        claim(connection, "github", seconds=0)
        assert claim(connection, "github")["github"]["claimed"]


def test_of_twenty_claims_at_once_exactly_one_is_taken(database: str) -> None:
    barrier = Barrier(20)

    def attempt(_: int) -> dict[str, bool]:
        with superuser(database) as connection:
            barrier.wait()
            return {name: row["claimed"] for name, row in claim(connection, "twitter", "github", "linkedin").items()}

    for _ in range(3):
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(attempt, range(20)))
        for platform in ("github", "linkedin", "twitter"):
            assert sum(answer[platform] for answer in answers) == 1
        with superuser(database) as connection:
            connection.execute("update private.metric_sources set leased_until = now() - interval '1 second'")


def test_recording_twice_a_day_keeps_one_row(database: str) -> None:
    with superuser(database) as connection:
        connection.execute("set role service_role")
        before = record(connection, {"stars": 5, "forks": 2})
        assert set(before) == SNAPSHOT
        after = record(connection, {"stars": 7})
        assert (after["stars"], after["forks"], after["watchers"]) == (7, 2, 0)
        assert after["recorded_at"] == datetime.now(UTC).date().isoformat()
        assert after["as_of"] > before["as_of"]
        answer = metrics(connection, ENGINE)
        assert answer is not None
        assert answer["snapshots"][0] == after
        count = connection.execute(
            "select count(*) as n from social_metrics where project_id = %s and as_of >= now() - interval '1 minute'",
            (ENGINE,),
        )
        assert count.fetchone() == {"n": 1}


@pytest.mark.parametrize("counts", [{"star": 1}, [], None, "stars", {"stars": "many"}, {"stars": -1}, {"stars": 2**31}])
def test_bad_counts_are_refused(untouched_database: str, counts: object) -> None:
    with superuser(untouched_database) as connection, pytest.raises((psycopg.DataError, psycopg.errors.CheckViolation)):
        record(connection, counts)


def test_an_unknown_platform_or_project_is_refused(untouched_database: str) -> None:
    with superuser(untouched_database) as connection:
        with pytest.raises(psycopg.errors.CheckViolation):
            record(connection, {}, "myspace")
        with pytest.raises(psycopg.errors.CheckViolation):
            claim(connection, "myspace")
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("select * from public.claim_metric_sources(%s, '{github}', 5)", (uuid4(),))


@pytest.mark.parametrize(("role", "user"), [("anon", None), ("authenticated", ADA)])
@pytest.mark.parametrize(
    "statement",
    [
        f"select * from public.claim_metric_sources('{ENGINE}', '{{github}}', 5)",
        f"select public.record_metric_snapshot('{ENGINE}', 'github', '{{}}')",
        f"select public.fail_metric_source('{ENGINE}', 'github', 'x', 5)",
        "select * from private.metric_sources",
        f"insert into public.social_metrics (project_id, platform) values ('{ENGINE}', 'github')",
        "update public.social_metrics set stars = 1000000",
        "delete from public.social_metrics",
    ],
)
def test_only_handlers_write_metrics(untouched_database: str, role: str, user: UUID | None, statement: str) -> None:
    with acting_as(untouched_database, role, user) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())
