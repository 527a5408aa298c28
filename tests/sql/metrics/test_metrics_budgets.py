"""Budgets: what a credential may still ask, a pool of them, a month's money, and the breaker."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.sql.acting import Connection
from tests.sql.metrics.metric_calls import budget, pass_time, rolled_back, settle, take

HOUR = 3600.0


def soon(seconds: float = HOUR) -> float:
    return datetime.now(UTC).timestamp() + seconds


def said(connection: Connection, remaining: int, seconds: float = HOUR, credential: str = "a") -> None:
    settle(connection, {"answered": True, "remaining": remaining, "resets_at": soon(seconds)}, credential)


def test_without_word_from_the_platform_there_is_no_limit(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        for _ in range(20):
            assert take(connection, "a", requests=1000)["credential"] == "a"


def test_what_is_taken_is_gone_until_the_reset(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a")
        said(connection, 5)
        assert take(connection, "a", requests=3)["credential"] == "a"
        assert budget(connection, "a")["remaining"] == 2
        refused = take(connection, "a", requests=3)
        assert (refused["credential"], refused["reason"]) == (None, "rate_limited")
        assert refused["not_before"] == budget(connection, "a")["resets_at"]
        pass_time(connection, "61 minutes")
        assert take(connection, "a", requests=3)["credential"] == "a"


def test_the_pool_asks_with_the_credential_that_has_most_left(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a", "b", "c")
        said(connection, 10, credential="a")
        said(connection, 30, credential="b")
        said(connection, 20, credential="c")
        taken = [take(connection, "a", "b", "c", requests=15)["credential"] for _ in range(3)]
        assert taken == ["b", "c", "b"]
        assert take(connection, "a", "b", "c", requests=15)["credential"] is None
        assert take(connection, "a", "b", "c", requests=10)["credential"] == "a"


def test_a_credential_that_is_not_in_the_pool_any_more_is_not_taken(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "old")
        assert take(connection, "new")["credential"] == "new"


def test_a_limit_holds_until_its_time(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a")
        settle(connection, {"not_before": soon(60), "reason": "rate_limited"}, "a")
        refused = take(connection, "a")
        assert (refused["credential"], refused["reason"]) == (None, "rate_limited")
        pass_time(connection, "59 seconds")
        assert take(connection, "a")["credential"] is None
        pass_time(connection, "2 seconds")
        assert take(connection, "a")["credential"] == "a"


def test_a_shorter_wait_does_not_end_a_longer_one_nor_does_a_late_answer(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a")
        settle(connection, {"not_before": soon(600), "reason": "rate_limited"}, "a")
        settle(connection, {"not_before": soon(5), "reason": "rate_limited"}, "a")
        settle(connection, {"answered": True}, "a")
        assert budget(connection, "a")["waits"] > timedelta(seconds=590)


def test_a_rejected_credential_is_taken_out_and_the_other_goes_on(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a", "b")
        settle(connection, {"not_before": soon(86_400), "reason": "rejected"}, "a")
        for _ in range(5):
            assert take(connection, "a", "b")["credential"] == "b"
        settle(connection, {"not_before": soon(60), "reason": "rate_limited"}, "b")
        refused = take(connection, "a", "b")
        assert (refused["credential"], refused["reason"]) == (None, "rate_limited")
        assert refused["not_before"] == budget(connection, "b")["not_before"], "the one that is free soonest"
        assert take(connection, "a")["reason"] == "rejected"


def test_an_answer_does_not_give_back_what_others_have_taken(untouched_database: str) -> None:
    """Two leases in flight: the first to answer says what was left before the second has asked."""
    with rolled_back(untouched_database) as connection:
        take(connection, "a")
        reset = soon()
        settle(connection, {"answered": True, "remaining": 10, "resets_at": reset}, "a")
        take(connection, "a", requests=5)
        take(connection, "a", requests=5)
        settle(connection, {"answered": True, "remaining": 5, "resets_at": reset}, "a")
        assert take(connection, "a", requests=1)["credential"] is None


def test_more_was_used_than_taken(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a")
        reset = soon()
        settle(connection, {"answered": True, "remaining": 10, "resets_at": reset}, "a")
        take(connection, "a", requests=5)
        settle(connection, {"answered": True, "remaining": 1, "resets_at": reset}, "a")
        assert budget(connection, "a")["remaining"] == 1


def test_a_new_window_gives_anew_and_an_old_one_says_nothing(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a")
        said(connection, 3, seconds=60)
        said(connection, 5000, seconds=3660)
        assert budget(connection, "a")["remaining"] == 5000
        said(connection, 2, seconds=60)
        assert budget(connection, "a")["remaining"] == 5000
        assert budget(connection, "a")["resets_at"].timestamp() > soon(3600)


def test_remaining_without_a_reset_cannot_lock_a_credential_out(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a")
        settle(connection, {"answered": True, "remaining": 0}, "a")
        assert take(connection, "a")["credential"] == "a"


@pytest.mark.parametrize(("limit", "granted"), [(0, []), (1, [1]), (5, [3, 2]), (7, [3, 3, 1])])
def test_a_month_has_so_many_units(untouched_database: str, limit: int, granted: list[int]) -> None:
    with rolled_back(untouched_database) as connection:
        answers = [take(connection, "a", units=3, a_month=limit, platform="twitter") for _ in range(4)]
        assert [answer["granted"] for answer in answers if answer["credential"]] == granted
        assert (answers[-1]["credential"], answers[-1]["reason"]) == (None, "budget_spent")
        first = datetime.now(UTC).date().replace(day=1)
        next_month = (first + timedelta(days=32)).replace(day=1)
        assert answers[-1]["not_before"].astimezone(UTC).date() == next_month


def test_a_months_units_are_the_whole_pools(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        assert take(connection, "a", units=4, a_month=6, platform="twitter")["granted"] == 4
        assert take(connection, "b", units=4, a_month=6, platform="twitter")["granted"] == 2
        assert take(connection, "c", units=4, a_month=6, platform="twitter")["reason"] == "budget_spent"


def test_a_new_month_begins_with_none_spent(untouched_database: str) -> None:
    with rolled_back(untouched_database) as connection:
        take(connection, "a", units=6, a_month=6, platform="twitter")
        connection.execute("update private.metric_budgets set month = %s", (date(2026, 1, 1),))
        assert take(connection, "a", units=4, a_month=6, platform="twitter")["granted"] == 4
        assert budget(connection, "a")["units"] == 4
        assert budget(connection, "a")["month"] == datetime.now(UTC).date().replace(day=1)
