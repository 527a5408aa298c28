"""What becomes of answers and failures: snapshots, states, and when a source is asked again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.sql.acting import Connection
from tests.sql.metrics.metric_calls import (
    known,
    lease,
    leased,
    make_project,
    make_projects,
    pass_time,
    record,
    rolled_back,
    snapshots,
)

STARS = {"stars": 3, "forks": 2, "watchers": 1, "platform_id": "R_1"}
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def fail(connection: Connection, project: UUID, failure: str) -> dict[str, Any]:
    """The source after the next failure, once it is due again."""
    pass_time(connection, "100 days")
    taken = lease(connection)
    assert leased(taken) == {project}
    record(connection, taken, {project: {"failure": failure}})
    return known(connection, project)


def test_answers_become_todays_snapshots(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        first, second = make_projects(connection, 2)
        summary = record(connection, lease(connection), {first: STARS, second: {**STARS, "stars": 9}})
        counted = {name: summary[name] for name in ("recorded", "gone", "forbidden", "failed", "returned")}
        assert counted == {"recorded": 2, "gone": 0, "forbidden": 0, "failed": 0, "returned": 0}
        for project, stars in ((first, 3), (second, 9)):
            (row,) = snapshots(connection, project)
            assert (row["stars"], row["forks"], row["watchers"], row["likes"]) == (stars, 2, 1, 0)
            assert row["recorded_at"] == datetime.now(UTC).date()
            assert row["as_of"] == datetime.fromisoformat(summary["as_of"])
            after = known(connection, project)
            assert (after["lease_id"], after["state"], after["platform_id"]) == (None, "active", "R_1")
            tomorrow = datetime.now(UTC).date() + DAY
            assert after["due_at"].astimezone(UTC).date() == tomorrow


def test_recording_twice_is_recording_once(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        taken = lease(connection)
        record(connection, taken, {project: STARS})
        before = (known(connection, project), snapshots(connection, project))
        assert record(connection, taken, {project: {**STARS, "stars": 99}})["recorded"] == 0
        assert (known(connection, project), snapshots(connection, project)) == before


def test_a_later_answer_of_the_day_replaces_the_earlier(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        for stars in (3, 5):
            connection.execute("update private.metric_sources set due_at = now() where project_id = %s", (project,))
            record(connection, lease(connection), {project: {**STARS, "stars": stars}})
        assert [row["stars"] for row in snapshots(connection, project)] == [5]


def test_as_of_never_goes_back(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        record(connection, lease(connection), {project: STARS})
        connection.execute(
            "update social_metrics set as_of = now() + interval '1 second' where project_id = %s", (project,)
        )
        before = snapshots(connection, project)
        connection.execute("update private.metric_sources set due_at = now() where project_id = %s", (project,))
        record(connection, lease(connection), {project: {**STARS, "stars": 99}})
        assert snapshots(connection, project) == before


@pytest.mark.parametrize("failure", ["gone", "forbidden"])
def test_gone_and_forbidden_need_a_second_opinion_and_are_then_asked_ever_more_rarely(
    untouched_database: str, failure: str
) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        first = fail(connection, project, failure)
        assert (first["state"], first["due_in"]) == ("active", HOUR)
        assert first["blocked_for"] == HOUR
        for days in (1, 2, 4, 8, 16, 30, 30):
            row = fail(connection, project, failure)
            assert (row["state"], row["due_in"]) == (failure, days * DAY)
            assert row["last_error"] == failure
        assert snapshots(connection, project) == [], "a missing answer is no zero"
        pass_time(connection, "31 days")
        record(connection, lease(connection), {project: STARS})
        row = known(connection, project)
        assert (row["state"], row["attempts"], row["last_error"], row["blocked_until"]) == ("active", 0, None, None)


def test_another_failure_between_is_no_second_opinion(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        for failure in ("gone", "unavailable", "gone", "forbidden"):
            assert fail(connection, project, failure)["state"] == "active"


def test_a_lost_id_is_looked_for_by_name(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        record(connection, lease(connection), {project: STARS})
        assert fail(connection, project, "unavailable")["platform_id"] == "R_1"
        assert fail(connection, project, "gone")["platform_id"] is None


def test_a_passing_failure_is_tried_again_with_full_jitter(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        longest = []
        for attempts in (0, 1, 4, 8, 9, 30):
            rows = connection.execute(
                """select extract(epoch from due_at - now()) as seconds, next.attempts
                   from generate_series(1, 200) as draw cross join lateral
                     private.next_metric_state('unavailable', 'active', %s + 0 * draw, %s) as next""",
                (attempts, "unavailable" if attempts else None),
            ).fetchall()
            assert {row["attempts"] for row in rows} == {attempts + 1}
            limit = 60 * min(360, 2 ** min(attempts, 9))
            assert all(30 <= row["seconds"] <= limit for row in rows)
            spread = max(row["seconds"] for row in rows) - min(row["seconds"] for row in rows)
            assert spread > (limit - 30) * 0.8
            longest.append(max(row["seconds"] for row in rows))
        assert longest[-1] > 5 * 3600


def test_a_passing_failure_keeps_the_state_and_counts(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        for attempts in (1, 2, 3):
            row = fail(connection, project, "unavailable")
            assert (row["state"], row["attempts"]) == ("active", attempts)
            assert row["blocked_until"] == row["due_at"]


def test_what_is_returned_is_due_again_untouched(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        before = fail(connection, project, "unavailable")
        pass_time(connection, "1 day")
        assert record(connection, lease(connection), {project: {"failure": "returned"}})["returned"] == 1
        row = known(connection, project)
        assert (row["state"], row["attempts"], row["last_error"]) == ("active", before["attempts"], "unavailable")
        assert (row["due_in"], row["lease_id"], row["blocked_until"]) == (timedelta(0), None, None)
        assert snapshots(connection, project) == []


def test_one_lease_may_bring_everything_at_once(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        projects = make_projects(connection, 5)
        kinds: list[dict[str, Any]] = [
            STARS, {"failure": "gone"}, {"failure": "forbidden"}, {"failure": "unavailable"}, {"failure": "returned"},
        ]  # fmt: skip
        summary = record(connection, lease(connection), dict(zip(projects, kinds, strict=True)))
        del summary["as_of"]
        assert summary == {"recorded": 1, "gone": 1, "forbidden": 1, "failed": 1, "returned": 1}
        assert [len(snapshots(connection, project)) for project in projects] == [1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "counts", [{}, {"star": 1}, {"stars": None}, {"stars": "many"}, {"stars": -1}, {"stars": 2**31}, {"stars": 1.5}]
)
def test_bad_counts_are_refused(untouched_database: str, counts: dict[str, object]) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        taken = lease(connection)
        with pytest.raises((psycopg.DataError, psycopg.errors.CheckViolation)):
            record(connection, taken, {project: counts})


def test_an_unknown_platform_is_refused(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("select * from private.reserve_metric_budget('myspace', '{c}', 1, 1, null)")
