"""The right to ask about a source: by whom, for how long, and that nobody else has it."""

from datetime import UTC, datetime, timedelta

from tests.sql.acting import Connection
from tests.sql.metrics.metric_calls import (
    CREDENTIAL,
    budget,
    known,
    lease,
    leased,
    make_project,
    make_projects,
    pass_time,
    record,
    rolled_back,
    take,
)

STARS = {"stars": 3, "forks": 2, "watchers": 1, "platform_id": "R_1"}
LIKES = {"likes": 3, "retweets": 2, "replies": 1}
X_LINK = "https://x.com/ada/status/9"


def count_due(connection: Connection) -> object:
    row = connection.execute("select public.count_due_metric_sources() as due").fetchone()
    assert row is not None
    return row["due"]


def test_a_lease_says_what_to_ask_and_with_what(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection, github_link="https://github.com/ada/engine")
        taken = lease(connection, seconds=60)
        assert taken["credential"] == CREDENTIAL
        expected = {"project_id": str(project), "reference": "ada/engine", "platform_id": None}
        assert taken["sources"] == [expected]
        row = known(connection, project)
        assert str(row["lease_id"]) == taken["lease_id"]
        assert row["due_in"] == timedelta(seconds=60)
        assert lease(connection) == {"sources": []}


def test_the_longest_due_come_first_and_no_more_than_asked_for(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        first, second, third = make_projects(connection, 3)
        for project, hours in ((first, 3), (second, 2), (third, 1)):
            connection.execute(
                "update private.metric_sources set due_at = now() - make_interval(hours => %s) where project_id = %s",
                (hours, project),
            )
        assert count_due(connection) == {"github": 3}
        assert leased(lease(connection, sources=2)) == {first, second}
        assert count_due(connection) == {"github": 1}
        assert leased(lease(connection, sources=2)) == {third}
        assert count_due(connection) == {}


def test_platforms_are_leased_apart(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        both = make_project(connection, github_link="https://github.com/ada/engine", twitter_link=X_LINK)
        assert leased(lease(connection, "twitter")) == {both}
        assert leased(lease(connection, "github")) == {both}
        assert lease(connection, "linkedin") == {"sources": []}


def test_a_lease_that_ran_out_is_taken_by_the_next_and_its_holder_records_nothing(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        lost = lease(connection, seconds=60)
        pass_time(connection, "61 seconds")
        taken = lease(connection, seconds=60)
        assert leased(taken) == {project}
        assert record(connection, lost, {project: STARS})["recorded"] == 0
        assert str(known(connection, project)["lease_id"]) == taken["lease_id"]
        assert record(connection, taken, {project: STARS})["recorded"] == 1


def test_a_lease_that_ran_out_unnoticed_still_counts(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        late = lease(connection, seconds=60)
        pass_time(connection, "61 seconds")
        assert record(connection, late, {project: STARS})["recorded"] == 1
        assert lease(connection) == {"sources": []}


def test_without_a_budget_nothing_is_leased(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        take(connection)
        connection.execute(
            "update private.metric_budgets set not_before = now() + interval '5 minutes', reason = 'rate_limited'"
        )
        refused = lease(connection)
        assert (refused["sources"], refused["reason"]) == ([], "rate_limited")
        wait = datetime.fromisoformat(refused["not_before"]) - datetime.now(UTC)
        assert timedelta(minutes=4) < wait < timedelta(minutes=5)
        row = known(connection, project)
        assert (row["lease_id"], row["due_in"]) == (None, timedelta(0))
        pass_time(connection, "5 minutes")
        assert leased(lease(connection)) == {project}


def test_of_a_billed_platform_only_so_many_are_leased_as_are_paid_for(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        for number in range(5):
            make_project(connection, twitter_link=f"https://x.com/ada/status/{number + 1}")
        assert len(leased(lease(connection, "twitter", units=3))) == 3
        assert budget(connection)["units"] == 3
        refused = lease(connection, "twitter", units=3)
        assert (refused["sources"], refused["reason"]) == ([], "budget_spent")
        assert datetime.fromisoformat(refused["not_before"]).astimezone(UTC).day == 1
        assert count_due(connection) == {"twitter": 2}


def test_what_went_back_unasked_is_not_billed(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection, twitter_link=X_LINK)
        taken = lease(connection, "twitter", units=1)
        usage = {"answered": True, "unused_units": 1}
        assert record(connection, taken, {project: {"failure": "returned"}}, usage, "twitter")["returned"] == 1
        assert budget(connection)["units"] == 0
        assert leased(lease(connection, "twitter", units=1)) == {project}


def test_after_ten_failures_one_source_goes_out_as_a_probe(untouched_database: str) -> None:
    """A platform that is down is not asked about hundreds to find out whether it is back."""
    with rolled_back(untouched_database) as connection:
        projects = make_projects(connection, 5)
        taken = lease(connection)
        untouched = {project: {"failure": "returned"} for project in projects}
        record(connection, taken, untouched, {"answered": False, "failures": 10})
        assert lease(connection)["reason"] == "unavailable"
        pass_time(connection, "2 minutes")
        probe = lease(connection)
        assert len(leased(probe)) == 1
        assert lease(connection)["reason"] == "unavailable", "everybody else waits for what the probe brings"
        record(connection, probe, dict.fromkeys(leased(probe), STARS), {"answered": True})
        assert len(leased(lease(connection))) == 4
