"""The breaker: a platform that is down is left alone, and found out about by one request at a time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.sql.acting import Connection
from tests.sql.metrics.metric_calls import budget, pass_time, rolled_back, settle, take


def outage(connection: Connection, failures: int) -> dict[str, Any]:
    settle(connection, {"answered": False, "failures": failures}, "a")
    return budget(connection, "a")


def test_the_tenth_failure_in_a_row_opens_the_breaker(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a", "b")
        assert outage(connection, 9)["not_before"] is None
        opened = outage(connection, 1)
        assert opened["reason"] == "unavailable"
        assert timedelta(seconds=30) <= opened["waits"] <= timedelta(minutes=1)
        assert take(connection, "a")["credential"] is None
        assert take(connection, "a", "b")["credential"] == "b"


def test_an_answer_between_restarts_the_count(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a")
        outage(connection, 9)
        settle(connection, {"answered": True, "failures": 2}, "a")
        assert outage(connection, 7)["not_before"] is None
        assert budget(connection, "a")["failures"] == 9


def test_one_probe_at_a_time_with_growing_pauses_until_an_answer_closes_it(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a")
        outage(connection, 10)
        for minutes in (2, 4, 8, 16, 30, 30):
            pass_time(connection, "31 minutes")
            probe = take(connection, "a", requests=5, units=500)
            assert (probe["credential"], probe["granted"]) == ("a", 1)
            assert take(connection, "a")["reason"] == "unavailable"
            waits = outage(connection, 1)["waits"]
            assert timedelta(minutes=minutes / 2) <= waits <= timedelta(minutes=minutes)
        pass_time(connection, "31 minutes")
        take(connection, "a")
        settle(connection, {"answered": True}, "a")
        closed = budget(connection, "a")
        assert (closed["failures"], closed["not_before"], closed["reason"]) == (0, None, None)


def test_a_probe_that_was_never_heard_of_again_is_followed_by_another(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a")
        outage(connection, 10)
        pass_time(connection, "1 minute")
        assert take(connection, "a")["credential"] == "a"
        assert take(connection, "a")["credential"] is None
        pass_time(connection, "31 seconds")
        assert take(connection, "a")["credential"] == "a"


def test_limits_and_rejections_are_no_failures_of_the_breaker(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a")
        for _ in range(20):
            settle(connection, {"not_before": datetime.now(UTC).timestamp() + 1, "reason": "rate_limited"}, "a")
        assert budget(connection, "a")["failures"] == 0
