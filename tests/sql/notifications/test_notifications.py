"""The outbox: what is queued once, who may see it, and what may be sent."""

import threading
import uuid
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.acting import ADA, GRACE, Connection, acting_as, sign_up, superuser


def queue(connection: Connection, user: UUID, type_: str = "payment_failed", key: str = "k", **payload: Any) -> str:
    connection.execute("select private.queue_notification(%s, %s, %s, %s)", (user, type_, key, Jsonb(payload)))
    row = connection.execute(
        "select id from public.notifications where user_id = %s and type = %s and dedupe_key = %s", (user, type_, key)
    ).fetchone()
    assert row is not None
    return str(row["id"])


def lease(connection: Connection, *, batch: int = 100, settle: int = 60, give_up: int = 3600, only: str = "") -> Any:
    connection.execute("set role service_role")
    row = connection.execute(
        "select public.lease_notifications(%s, %s, %s, %s) as leased", (batch, settle, give_up, only or None)
    ).fetchone()
    connection.execute("reset role")
    assert row is not None
    return row["leased"]


def record(connection: Connection, *results: dict[str, Any]) -> None:
    connection.execute("select public.record_notifications(%s)", (Jsonb(list(results)),))


def stored(connection: Connection, notification: str) -> dict[str, Any]:
    row = connection.execute("select * from public.notifications where id = %s", (notification,)).fetchone()
    assert row is not None
    return row


def types_of(leased: Any) -> set[str]:
    return {each["type"] for each in leased["notifications"]}


def test_a_sign_up_queues_one_welcome(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "new@example.com")
        found = connection.execute(
            "select type, status, sent_at from notifications where user_id = %s", (user,)
        ).fetchall()
    assert found == [{"type": "welcome", "status": "queued", "sent_at": None}]


def test_a_sign_up_succeeds_where_its_welcome_cannot_be_queued(database: str) -> None:
    with superuser(database) as connection:
        connection.execute("alter table notifications add constraint broken check (type <> 'welcome') not valid")
        user = sign_up(connection, "new@example.com")
        assert connection.execute("select from private.users where id = %s", (user,)).rowcount == 1
        assert connection.execute("select from notifications where user_id = %s", (user,)).rowcount == 0


def test_what_happened_is_told_once(database: str) -> None:
    with superuser(database) as connection:
        first = queue(connection, ADA, key="invoice-1", amount=900)
        assert queue(connection, ADA, key="invoice-1", amount=1) == first
        assert stored(connection, first)["payload"] == {"amount": 900}
        assert len({first, queue(connection, ADA, key="invoice-2"), queue(connection, GRACE, key="invoice-1")}) == 3


def test_nobody_is_told_who_is_gone(database: str) -> None:
    with superuser(database) as connection:
        connection.execute("select private.queue_notification(%s, 'welcome', 'k')", (uuid.uuid4(),))
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("select private.queue_notification(%s, 'nonsense', 'k')", (ADA,))


def test_it_is_stored_with_what_happened_or_not_at_all(database: str) -> None:
    with acting_as(database, "service_role") as connection:
        queue(connection, ADA, key="rolled_back")
    with superuser(database) as connection:
        assert connection.execute("select from notifications where dedupe_key = 'rolled_back'").rowcount == 0


def test_users_read_their_own_whole(untouched_database: str) -> None:
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        rows = connection.execute("select * from notifications").fetchall()
    assert {row["user_id"] for row in rows} == {ADA}
    assert {"payload", "status", "error"} <= rows[0].keys()


def test_users_choose_for_themselves_alone(untouched_database: str) -> None:
    upsert = """insert into notification_preferences (user_id, type, enabled) values (%s, 'weekly_metrics', %s)
                on conflict (user_id, type) do update set enabled = excluded.enabled"""
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        for choice in (True, False, True):
            connection.execute(upsert, (ADA, choice))
        assert connection.execute("select enabled from notification_preferences").fetchall() == [{"enabled": True}]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(upsert, (GRACE, True))
    for type_ in ("welcome", "payment_failed", "nonsense"):
        with (
            acting_as(untouched_database, "authenticated", ADA) as connection,
            pytest.raises(psycopg.errors.CheckViolation),
        ):
            connection.execute("insert into notification_preferences (type, enabled) values (%s, false)", (type_,))


def test_a_lease_marks_before_anything_is_sent_and_passes_what_others_hold(database: str) -> None:
    with superuser(database) as setup:
        setup.execute("delete from notifications")
        for number in range(20):
            queue(setup, ADA, key=str(number))
    taken: list[set[str]] = []
    barrier = threading.Barrier(4)

    def take() -> None:
        with psycopg.connect(database, row_factory=psycopg.rows.dict_row) as connection:
            barrier.wait()
            mine = {each["id"] for each in lease(connection, batch=5)["notifications"]}
            barrier.wait()  # nobody has committed yet
            taken.append(mine)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(mine) for mine in taken] == [5, 5, 5, 5]
    assert len(set.union(*taken)) == 20
    with superuser(database) as connection:
        assert connection.execute("select distinct status, attempts from notifications").fetchall() == [
            {"status": "sending", "attempts": 1}
        ]
        assert lease(connection)["notifications"] == []


def test_a_lost_answer_is_taken_again_only_when_its_time_to_settle_is_over(database: str) -> None:
    with superuser(database) as connection:
        one = queue(connection, ADA)
        lease(connection, only=one)
        record(connection, {"id": one, "attempt": 1, "outcome": "unknown", "error": "ReadTimeout", "wait_seconds": 60})
        assert lease(connection, only=one)["notifications"] == []
        assert stored(connection, one)["status"] == "sending"
        connection.execute("update notifications set next_attempt_at = now() where id = %s", (one,))
        assert [each["attempt"] for each in lease(connection, only=one)["notifications"]] == [2]


@pytest.mark.parametrize("outcome", ["retry", "failed", "unknown", "returned"])
def test_only_the_latest_attempt_may_record_a_failure(database: str, outcome: str) -> None:
    with superuser(database) as connection:
        one = queue(connection, ADA)
        for _ in range(2):
            connection.execute("update notifications set next_attempt_at = now() where id = %s", (one,))
            lease(connection, only=one)
        before = stored(connection, one)
        record(connection, {"id": one, "attempt": 1, "outcome": outcome, "error": "late"})
        assert stored(connection, one) == before
        record(connection, {"id": one, "attempt": 1, "outcome": "sent", "message_id": "m"})
        assert stored(connection, one)["status"] == "sent"
        record(connection, {"id": one, "attempt": 2, "outcome": outcome, "error": "later"})
        assert stored(connection, one)["status"] == "sent"


def test_what_is_too_old_is_given_up_but_tried_once(database: str) -> None:
    with superuser(database) as connection:
        one = queue(connection, ADA)
        connection.execute("update notifications set created_at = now() - interval '1 day' where id = %s", (one,))
        assert len(lease(connection, only=one)["notifications"]) == 1
        record(connection, {"id": one, "attempt": 1, "outcome": "retry", "error": "status 500", "wait_seconds": 0})
        assert lease(connection, only=one) == {"closed": 1, "notifications": []}
        assert (stored(connection, one)["status"], stored(connection, one)["error"]) == ("failed", "gave_up")


@pytest.mark.parametrize(
    ("address", "sendable"),
    [
        ("ada@example.com", True),
        ("x@no-address.invalid", False),
        ("x@invalid", False),
        ("x@sub.no-address.invalid", False),
        ("x@notinvalid", True),
        ("x@invalid.example", True),
    ],
)
def test_addresses_that_cannot_receive_are_suppressed(database: str, address: str, sendable: bool) -> None:
    with superuser(database) as connection:
        connection.execute("update private.users set email = %s where id = %s", (address, ADA))
        one = queue(connection, ADA)
        assert len(lease(connection, only=one)["notifications"]) == sendable
        assert stored(connection, one)["status"] == ("sending" if sendable else "suppressed")


def test_a_suppressed_address_gets_nothing_and_another_one_does(database: str) -> None:
    with superuser(database) as connection:
        connection.execute(
            "insert into private.notification_suppressions values ('ada@example.com', %s, 'bounce')",
            (ADA,),
        )
        one, two = queue(connection, ADA), queue(connection, ADA, key="2")
        assert lease(connection, only=one) == {"closed": 1, "notifications": []}
        assert stored(connection, one)["error"] == "address_suppressed"
        connection.execute("update private.users set email = 'ada@new.example' where id = %s", (ADA,))
        assert len(lease(connection, only=two)["notifications"]) == 1


def test_who_gets_the_address_of_somebody_else_does_not_get_their_silence(database: str) -> None:
    with superuser(database) as connection:
        connection.execute(
            "insert into private.notification_suppressions values ('grace@example.com', %s, 'spamreport')", (ADA,)
        )
        one = queue(connection, GRACE)
        lease(connection)
        assert stored(connection, one)["status"] == "sending"


def test_what_may_be_declined_is_and_the_rest_is_not(database: str) -> None:
    everything = (
        "welcome", "subscription_started", "renewal_upcoming", "renewal_succeeded", "payment_failed",
        "payment_refunded", "cancellation_scheduled", "cancellation_withdrawn", "subscription_canceled",
        "account_deleted", "data_export_ready", "weekly_metrics",
    )  # fmt: skip
    with superuser(database) as connection:
        connection.execute("delete from notifications")
        for type_ in everything:
            queue(connection, ADA, type_)
        assert types_of(lease(connection)) == set(everything) - {"weekly_metrics"}
        connection.execute("delete from notifications")
        for type_, enabled in (("renewal_upcoming", False), ("weekly_metrics", True)):
            connection.execute("select public.set_notification_preference(%s, %s, %s)", (ADA, type_, enabled))
        for type_ in everything:
            queue(connection, ADA, type_)
        assert types_of(lease(connection)) == set(everything) - {"renewal_upcoming"}


def test_everything_about_a_user_goes_with_them(database: str) -> None:
    with superuser(database) as connection:
        user = sign_up(connection, "leaving@example.com")
        one = queue(connection, user)
        connection.execute("select public.set_notification_preference(%s, 'weekly_metrics', true)", (user,))
        event = {"notification_id": one, "message_id": "m", "event": "bounce", "occurred_at": "2026-01-01T00:00:00Z"}
        reported = event | {"verdict": "bounced", "suppress": "bounce", "email": "leaving@example.com"}
        connection.execute("select public.record_notification_events(%s)", (Jsonb([reported]),))
        connection.execute("delete from auth.users where id = %s", (user,))
        for table in ("notifications", "notification_preferences"):
            assert connection.execute(f"select from {table} where user_id = %s".encode(), (user,)).rowcount == 0
        assert connection.execute("select from private.notification_suppressions").rowcount == 0
        assert connection.execute("select from private.notification_events").rowcount == 0
