"""On demand: the lease of one project, for the first caller that asks for it."""

from uuid import uuid4

from tests.sql.metrics.metric_calls import (
    CREDENTIAL,
    change,
    known,
    lease,
    lease_project,
    make_project,
    pass_time,
    record,
    rolled_back,
    snapshots,
)

STARS = {"stars": 3, "forks": 2, "watchers": 1, "platform_id": "R_1"}
LIKES = {"likes": 3, "retweets": 2, "replies": 1}
X_LINK = "https://x.com/ada/status/9"


def test_a_lease_is_taken_once_and_freed_by_the_answer(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection, github_link="https://github.com/ada/engine", twitter_link=X_LINK)
        taken = lease_project(connection, project)["github"]
        assert (taken["reference"], taken["platform_id"], taken["credential"]) == ("ada/engine", None, CREDENTIAL)
        again = lease_project(connection, project, "github", "twitter")
        assert again["github"] == {"platform": "github", "reason": "refresh_in_progress"}
        assert again["twitter"]["reference"] == "9"
        assert lease(connection) == {"sources": []}, "the daily refresh leaves it to the visitor"
        record(connection, taken, {project: STARS})
        assert known(connection, project)["platform_id"] == "R_1"
        assert lease_project(connection, project, fresh=0)["github"]["platform_id"] == "R_1"


def test_a_lease_brings_the_snapshot_that_came_meanwhile(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        record(connection, lease(connection), {project: STARS})
        answer = lease_project(connection, project)["github"]
        assert (answer["snapshot"]["stars"], "lease_id" in answer) == (3, False)
        connection.execute(
            "update social_metrics set as_of = now() - interval '20 minutes' where project_id = %s", (project,)
        )
        assert "snapshot" in lease_project(connection, project, fresh=1500)["github"]
        assert "lease_id" in lease_project(connection, project, fresh=900)["github"]


def test_x_is_leased_once_a_day_however_fresh_it_should_be(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection, twitter_link=X_LINK)
        record(connection, lease(connection, "twitter"), {project: LIKES}, platform="twitter")
        assert lease_project(connection, project, "twitter", fresh=0)["twitter"]["snapshot"]["likes"] == 3
        connection.execute("update social_metrics set recorded_at = recorded_at - 1 where project_id = %s", (project,))
        assert "lease_id" in lease_project(connection, project, "twitter", fresh=0)["twitter"]


def test_a_lease_waits_after_a_failure_and_says_which(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        record(connection, lease_project(connection, project)["github"], {project: {"failure": "forbidden"}})
        assert lease_project(connection, project)["github"] == {"platform": "github", "reason": "forbidden"}
        pass_time(connection, "61 minutes")
        assert "lease_id" in lease_project(connection, project)["github"]


def test_a_lease_says_that_the_budget_is_spent(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection, twitter_link=X_LINK)
        refused = lease_project(connection, project, "twitter", units=0)["twitter"]
        assert refused == {"platform": "twitter", "reason": "budget_spent"}
        assert known(connection, project, "twitter")["lease_id"] is None


def test_a_lease_that_ran_out_is_free(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        lease_project(connection, project, seconds=30)
        pass_time(connection, "31 seconds")
        assert "lease_id" in lease_project(connection, project)["github"]


def test_a_project_without_that_link_cannot_be_leased(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        project = make_project(connection)
        change(connection, project, github_link=None)
        assert "lease_id" not in lease_project(connection, project)["github"]
        assert "lease_id" not in lease_project(connection, uuid4())["github"]
        assert snapshots(connection, project) == []
