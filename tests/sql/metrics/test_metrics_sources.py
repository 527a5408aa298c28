"""Sources: in step with the links, and due at a time of their own."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest

from tests.sql.acting import ADA, Connection, acting_as
from tests.sql.metrics.metric_calls import (
    change,
    known,
    lease,
    lease_project,
    leased,
    make_project,
    record,
    references,
    rolled_back,
    snapshots,
    source,
)

LINKS: dict[str, str] = {
    "github_link": "https://github.com/ada/engine",
    "linkedin_link": "https://www.linkedin.com/feed/update/urn:li:activity:7",
    "twitter_link": "https://x.com/ada/status/9",
}
STARS = {"stars": 3, "forks": 2, "watchers": 1, "platform_id": "R_1"}


def recorded(connection: Connection, project: UUID) -> None:
    """The source as it is after an answer."""
    assert record(connection, lease(connection), {project: STARS})["recorded"] == 1


def test_a_project_has_a_source_for_each_link(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection, **LINKS)
        expected = {"github": "ada/engine", "linkedin": "urn:li:activity:7", "twitter": "9"}
        assert references(connection, project) == expected
        row = known(connection, project)
        assert (row["state"], row["due_in"], row["lease_id"], row["attempts"]) == ("active", timedelta(0), None, 0)
        without = make_project(connection, live_link="https://example.com")
        assert references(connection, without) == {}


def test_users_move_sources_by_their_links_alone(untouched_database: str) -> None:
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        row = connection.execute(
            "insert into projects (title, github_link) values ('T', 'https://github.com/a/b') returning id"
        ).fetchone()
        assert row is not None
        connection.execute("update projects set github_link = 'https://github.com/a/c' where id = %s", (row["id"],))
        connection.execute("set role postgres")
        assert references(connection, row["id"]) == {"github": "a/c"}


def test_a_changed_link_starts_anew_and_keeps_the_history(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        recorded(connection, project)
        assert known(connection, project)["platform_id"] == "R_1"
        change(connection, project, github_link="https://github.com/tests/other")
        row = known(connection, project)
        assert (row["reference"], row["platform_id"], row["due_in"]) == ("tests/other", None, timedelta(0))
        assert [s["stars"] for s in snapshots(connection, project)] == [3]


def test_what_was_asked_about_the_old_link_is_not_recorded(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project, other = make_project(connection), make_project(connection)
        taken = lease(connection)
        change(connection, project, github_link="https://github.com/tests/other")
        assert record(connection, taken, {project: STARS, other: STARS})["recorded"] == 1
        assert snapshots(connection, project) == []
        row = known(connection, project)
        assert (row["due_in"], row["platform_id"], row["lease_id"]) == (timedelta(0), None, None)
        assert leased(lease(connection)) == {project}


def test_a_failure_of_the_old_link_is_forgotten(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        for _ in range(2):
            record(connection, lease(connection), {project: {"failure": "gone"}})
            connection.execute("update private.metric_sources set due_at = now() where project_id = %s", (project,))
        assert known(connection, project)["state"] == "gone"
        change(connection, project, github_link="https://github.com/tests/other")
        row = known(connection, project)
        assert (row["state"], row["attempts"], row["last_error"], row["blocked_until"]) == ("active", 0, None, None)


def test_a_removed_link_stops_the_source_and_keeps_the_history(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection, **LINKS)
        recorded(connection, project)
        taken = lease(connection, "twitter")
        change(connection, project, github_link=None, twitter_link=None)
        assert references(connection, project) == {"linkedin": "urn:li:activity:7"}
        assert record(connection, taken, {project: {"likes": 1}}, platform="twitter")["recorded"] == 0
        assert [s["platform"] for s in snapshots(connection, project)] == ["github"]
        assert lease(connection, "twitter")["sources"] == []


def test_a_link_that_is_written_otherwise_but_names_the_same_goes_on(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection, github_link="https://github.com/tests/same")
        recorded(connection, project)
        before = known(connection, project)
        change(connection, project, github_link="https://github.com/tests/same/?tab=readme")
        assert known(connection, project) == before


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_is_not_published_is_asked_on_demand_only(untouched_database: str, status: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection, status=status)
        assert known(connection, project)["state"] == "paused"
        assert lease(connection)["sources"] == []
        taken = lease_project(connection, project)["github"]
        assert record(connection, taken, {project: STARS})["recorded"] == 1
        assert known(connection, project)["state"] == "paused"
        change(connection, project, status="published")
        assert known(connection, project)["state"] == "active"


def test_publishing_anew_does_not_ask_twice_a_day(untouched_database: str) -> None:
    """Else an owner could spend everybody's budget by publishing and archiving."""
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        recorded(connection, project)
        due = known(connection, project)["due_at"]
        change(connection, project, status="archived")
        assert (known(connection, project)["state"], lease(connection)["sources"]) == ("paused", [])
        change(connection, project, status="published")
        row = known(connection, project)
        assert (row["state"], row["due_at"], row["platform_id"]) == ("active", due, "R_1")


def test_publishing_anew_does_not_end_the_wait_after_a_failure(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        record(connection, lease(connection), {project: {"failure": "gone"}})
        change(connection, project, status="draft")
        change(connection, project, status="published")
        row = known(connection, project)
        assert (row["last_error"], row["blocked_for"], row["due_in"]) == (
            "gone",
            timedelta(hours=1),
            timedelta(hours=1),
        )


def test_what_is_published_for_the_first_time_is_due_at_once(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection, status="draft")
        change(connection, project, status="published")
        assert leased(lease(connection)) == {project}


def test_a_project_that_is_deleted_takes_its_sources_along(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        taken = lease(connection)
        connection.execute("delete from projects where id = %s", (project,))
        assert source(connection, project) is None
        assert record(connection, taken, {project: STARS})["recorded"] == 0


def test_times_are_stable_tomorrow_even_and_never_in_the_last_hour(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        rows = connection.execute(
            """with project as materialized (select gen_random_uuid() as id from generate_series(1, 10000))
               select private.next_metric_due(id, 'github') at time zone 'utc' as due,
                 private.next_metric_due(id, 'github') as again, private.next_metric_due(id, 'twitter') as elsewhere,
                 (now() at time zone 'utc')::date as today
               from project"""
        ).fetchall()
    assert all(row["due"].date() == row["today"] + timedelta(days=1) for row in rows)
    assert all(row["due"] == row["again"].replace(tzinfo=None) for row in rows)
    assert sum(row["again"] == row["elsewhere"] for row in rows) < 10, "the platforms of a project are spread too"
    hours = Counter(row["due"].hour for row in rows)
    assert set(hours) == set(range(23))
    # 10,000 over 23 hours: 435 each, with a standard deviation of 20.
    assert all(335 < number < 535 for number in hours.values()), hours
