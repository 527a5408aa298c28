"""Designs are counted and paid for in advance, and settled once."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.acting import ADA, COMPILER, ENGINE, GRACE, Connection, acting_as, superuser

LIMITS = {"free": 3, "paid": 10}
BEGIN = "select public.begin_design(%s, %s, '{}', 'gpt', %s, %s) as answer"
ALLOW = "update public.tier_limits set designs_per_day = %(n)s where tier = %(tier)s and designs_per_day <> %(n)s"
FINISH = "select public.finish_design(%s, %s, %s) as answer"
BLOCKS = [{"type": "hero", "props": {}}]


def begin(
    connection: Connection,
    user: UUID = GRACE,
    *,
    project: UUID | None = None,
    cost: int = 100,
    ceiling: int = 10**9,
    limits: dict[str, int] | None = None,
) -> dict[str, Any]:
    for tier, number in (LIMITS if limits is None else limits).items():
        connection.execute(ALLOW, {"tier": tier, "n": number})
    row = connection.execute(BEGIN, (user, project, cost, ceiling)).fetchone()
    assert row is not None
    answer: dict[str, Any] = row["answer"]
    return answer


def finish(connection: Connection, session: str, cost: int = 40, **outcome: Any) -> dict[str, Any]:
    reported = {"status": "done", "output": {"blocks": BLOCKS}, "latency_ms": 5, **outcome}
    row = connection.execute(FINISH, (session, cost, Jsonb(reported))).fetchone()
    assert row is not None
    answer: dict[str, Any] = row["answer"]
    return answer


def usage(connection: Connection, user: UUID = GRACE) -> tuple[int, int]:
    row = connection.execute("select used, attempts from private.design_usage where user_id = %s", (user,)).fetchone()
    return (row["used"], row["attempts"]) if row else (0, 0)


def books(connection: Connection) -> tuple[int, int]:
    """What was spent, and what is reserved."""
    row = connection.execute(
        "select (select coalesce(sum(spent_micros), 0)::int from private.design_spending) as spent, "
        "(select coalesce(sum(reserved_micros), 0)::int from private.design_runs) as reserved"
    ).fetchone()
    assert row is not None
    return row["spent"], row["reserved"]


def test_a_design_is_counted_reserved_and_settled(database: str) -> None:
    with superuser(database) as connection:
        begun = begin(connection, project=COMPILER)
        assert (begun["limit"], begun["remaining"]) == (3, 2)
        assert 0 < begun["resets_in"] <= 86_400
        assert (usage(connection), books(connection)) == ((1, 1), (0, 100))
        session = connection.execute("select * from ai_sessions where id = %s", (begun["session_id"],)).fetchone()
        assert session is not None
        assert (session["status"], session["project_id"], session["completed_at"]) == ("running", COMPILER, None)

        assert finish(connection, begun["session_id"]) == {"layout_id": None, "settled": True}
        assert (usage(connection), books(connection)) == ((1, 1), (40, 0))
        assert finish(connection, begun["session_id"], status="failed", returned=True)["settled"] is False
        assert (usage(connection), books(connection)) == ((1, 1), (40, 0)), "a second time changes nothing"
        session = connection.execute("select * from ai_sessions where id = %s", (begun["session_id"],)).fetchone()
        assert session is not None
        assert (session["status"], session["output_json"]) == ("done", {"blocks": BLOCKS})


def test_a_failed_design_is_given_back_but_paid_for(database: str) -> None:
    with superuser(database) as connection:
        begun = begin(connection)
        finish(
            connection, begun["session_id"], status="failed", error_code="invalid_design", output=None, returned=True
        )
        assert (usage(connection), books(connection)) == ((0, 1), (40, 0))
        row = connection.execute("select status, error_code, output_json from ai_sessions").fetchone()
    assert row == {"status": "failed", "error_code": "invalid_design", "output_json": None}


def test_each_tier_has_its_own_number_a_day(database: str) -> None:
    with superuser(database) as connection:
        for user, number in ((GRACE, 3), (ADA, 10)):
            assert [begin(connection, user)["remaining"] for _ in range(number)] == list(range(number - 1, -1, -1))
            refused = begin(connection, user)
            assert (refused["refused"], refused["limit"]) == ("quota_exceeded", number)
            assert 0 < refused["retry_after"] <= 86_400
        assert begin(connection, uuid.uuid4())["refused"] == "no_profile"
        assert begin(connection, ADA, limits={"paid": 0})["refused"] == "quota_exceeded"
        connection.execute("update private.design_usage set day = day - 1")
        assert begin(connection)["remaining"] == 2, "tomorrow there are new ones"


def test_failing_on_purpose_has_an_end(database: str) -> None:
    with superuser(database) as connection:
        for _ in range(12):
            finish(connection, begin(connection)["session_id"], status="failed", returned=True)
        assert usage(connection) == (0, 12)
        assert begin(connection)["refused"] == "quota_exceeded"


def test_the_month_has_a_ceiling(database: str) -> None:
    with superuser(database) as connection:
        first = begin(connection, ADA, cost=60, ceiling=100)
        refused = begin(connection, ADA, cost=60, ceiling=100)
        assert refused["refused"] == "budget_spent"
        assert 0 < refused["retry_after"] <= 31 * 86_400
        assert usage(connection, ADA) == (1, 1), "what is refused does not count"
        finish(connection, first["session_id"], cost=30)
        assert "session_id" in begin(connection, ADA, cost=60, ceiling=100), "what was not needed is free again"
        connection.execute("update private.design_spending set month = month - interval '1 month'")
        connection.execute("delete from private.design_runs")
        assert "session_id" in begin(connection, ADA, cost=100, ceiling=100), "next month there is a new budget"


def test_what_its_handler_never_ended_is_ended_by_the_next(database: str) -> None:
    with superuser(database) as connection:
        lost = begin(connection)["session_id"]
        connection.execute("update private.design_runs set started_at = now() - interval '16 minutes'")
        connection.execute(
            "update private.design_usage set day = ((now() - interval '16 minutes') at time zone 'utc')::date"
        )
        begin(connection, ADA)
        assert (usage(connection), books(connection)) == ((0, 1), (100, 100))
        row = connection.execute("select status, error_code from ai_sessions where id = %s", (lost,)).fetchone()
        assert row == {"status": "failed", "error_code": "abandoned"}
        assert finish(connection, lost)["settled"] is False


def test_a_session_may_be_deleted_while_it_runs(database: str) -> None:
    with superuser(database) as connection:
        begun = begin(connection)
        connection.execute("delete from ai_sessions")
        assert finish(connection, begun["session_id"], layout={"name": "A"}) == {"layout_id": None, "settled": True}
        assert (usage(connection), books(connection)) == ((1, 1), (40, 0))
        begun = begin(connection)
        connection.execute("delete from auth.users where id = %s", (GRACE,))
        assert finish(connection, begun["session_id"])["settled"] is True
        assert books(connection) == (80, 0)


def test_a_layout_is_stored_with_its_session_or_not_at_all(database: str) -> None:
    with superuser(database) as connection:
        template = connection.execute("select id from templates limit 1").fetchone()
        assert template is not None
        begun = begin(connection, project=COMPILER)
        layout = {"name": "Mine", "template_id": str(template["id"])}
        answer = finish(connection, begun["session_id"], layout=layout)
        row = connection.execute("select * from layouts where id = %s", (answer["layout_id"],)).fetchone()
        assert row is not None
        assert (row["user_id"], row["project_id"], row["template_id"]) == (GRACE, COMPILER, template["id"])
        assert (row["name"], row["blocks_json"], row["published"]) == ("Mine", BLOCKS, False)

        begun = begin(connection)
        with pytest.raises(psycopg.errors.CheckViolation):
            finish(connection, begun["session_id"], output={"blocks": [{"type": "iframe"}]}, layout={"name": "Bad"})
        session = connection.execute("select status from ai_sessions where id = %s", (begun["session_id"],)).fetchone()
        assert session == {"status": "running"}, "it can still be completed as failed"
        assert usage(connection) == (2, 2)


def test_a_layout_is_for_a_project_of_ones_own_that_is_still_there(database: str) -> None:
    with superuser(database) as connection:
        begun = begin(connection, project=ENGINE)
        gone = {"name": "Mine", "template_id": str(uuid.uuid4())}
        answer = finish(connection, begun["session_id"], layout=gone)
        row = connection.execute("select * from layouts where id = %s", (answer["layout_id"],)).fetchone()
        assert row is not None
        assert (row["project_id"], row["template_id"]) == (None, None)


def test_many_at_once_get_no_more_than_is_left(database: str) -> None:
    def attempt(_: int) -> dict[str, Any]:
        with superuser(database) as connection:
            return begin(connection, ADA)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(attempt, range(40)))
    assert sum("session_id" in answer for answer in answers) == 10
    with superuser(database) as connection:
        assert usage(connection, ADA) == (10, 10)
        assert books(connection) == (0, 1000)


@pytest.mark.parametrize(("role", "user"), [("anon", None), ("authenticated", ADA)])
@pytest.mark.parametrize("table", ["design_usage", "design_spending", "design_runs"])
def test_users_do_not_keep_the_books(untouched_database: str, role: str, user: UUID | None, table: str) -> None:
    with acting_as(untouched_database, role, user) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"select from private.{table}".encode())


def test_users_see_what_became_of_their_requests(database: str) -> None:
    with superuser(database) as connection:
        connection.execute("set role service_role")
        finish(connection, begin(connection, limits={})["session_id"], input_tokens=3, output_tokens=4)
    with acting_as(database, "authenticated", GRACE) as connection:
        row = connection.execute("select status, input_tokens, output_tokens, latency_ms from ai_sessions").fetchone()
    assert row == {"status": "done", "input_tokens": 3, "output_tokens": 4, "latency_ms": 5}
