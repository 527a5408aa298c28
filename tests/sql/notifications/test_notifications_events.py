"""What the mail service tells: in any order, as often as it likes."""

import itertools
import threading
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.acting import ADA, Connection, superuser
from tests.sql.notifications.test_notifications import lease, queue, stored


def event(notification: str | None, kind: str, second: int, verdict: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "notification_id": notification,
        "email": "ada@example.com",
        "event": kind,
        "message_id": "m1",
        "occurred_at": f"2026-01-01T00:00:{second:02}Z",
        "verdict": verdict,
        **more,
    }


def tell(connection: Connection, *events: dict[str, Any]) -> Any:
    row = connection.execute(
        "select public.record_notification_events(%s) as reported", (Jsonb(list(events)),)
    ).fetchone()
    assert row is not None
    return row["reported"]


LIVES: dict[str, list[tuple[str, str | None]]] = {
    "delivered": [("processed", "sent"), ("deferred", "sent"), ("delivered", "delivered")],
    "bounced": [("processed", "sent"), ("delivered", "delivered"), ("bounce", "bounced")],
    "suppressed": [("dropped", "suppressed"), ("processed", "sent"), ("unsubscribe", None)],
    "failed": [("processed", "sent"), ("dropped", "failed"), ("deferred", "sent")],
}


@pytest.mark.parametrize("end", LIVES)
def test_every_order_with_repetitions_ends_the_same(database: str, end: str) -> None:
    with superuser(database) as connection:
        ends = []
        for number, order in enumerate(itertools.permutations(range(3))):
            one = queue(connection, ADA, key=str(number))
            reported = [event(one, LIVES[end][i][0], i, LIVES[end][i][1]) for i in order]
            for each in (*reported, reported[0], reported[2]):
                tell(connection, each)
            row = stored(connection, one)
            ends.append({k: row[k] for k in ("status", "error", "sent_at", "provider_message_id")})
        assert {each["status"] for each in ends} == {end}
        assert all(each == ends[0] for each in ends)


def test_the_same_event_is_stored_once_whatever_its_own_id(database: str) -> None:
    with superuser(database) as connection:
        one = queue(connection, ADA)
        reported = event(one, "delivered", 1, "delivered")
        assert tell(connection, reported, reported)["recorded"] == 1
        assert tell(connection, reported)["recorded"] == 0
        assert tell(connection, event(one, "delivered", 2, "delivered"))["recorded"] == 1


def test_two_deliveries_at_once_see_each_other(database: str) -> None:
    with superuser(database) as setup:
        notifications = [queue(setup, ADA, key=str(number)) for number in range(60)]
    for one in notifications[:30]:
        pair = [event(one, "delivered", 1, "delivered"), event(one, "bounce", 2, "bounced")]
        barrier = threading.Barrier(2)

        def deliver(reported: dict[str, Any], barrier: threading.Barrier = barrier) -> None:
            with superuser(database) as connection:
                barrier.wait()
                tell(connection, reported)

        threads = [threading.Thread(target=deliver, args=(reported,)) for reported in pair]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with superuser(database) as connection:
        assert {stored(connection, one)["status"] for one in notifications[:30]} == {"bounced"}


def test_an_event_settles_a_lost_answer_and_nothing_is_sent_again(database: str) -> None:
    with superuser(database) as connection:
        one = queue(connection, ADA)
        lease(connection, only=one, settle=0)
        tell(connection, event(one, "processed", 1, "sent"))
        assert lease(connection, only=one)["notifications"] == []
        row = stored(connection, one)
        assert (row["status"], row["provider_message_id"]) == ("sent", "m1")
        assert row["sent_at"] is not None


def test_a_bounce_suppresses_the_address_even_where_it_comes_without_our_id(database: str) -> None:
    with superuser(database) as connection:
        tell(connection, event(None, "bounce", 1, "bounced", suppress="bounce", email="ADA@Example.com"))
        rows = connection.execute("select email, user_id, reason from private.notification_suppressions").fetchall()
        assert rows == [{"email": "ada@example.com", "user_id": ADA, "reason": "bounce"}]


def test_unknown_ids_and_addresses_change_nothing(database: str) -> None:
    with superuser(database) as connection:
        stranger = "00000000-0000-4000-8000-00000000ffff"
        reported = event(stranger, "bounce", 1, "bounced", suppress="bounce", email="nobody@example.com")
        assert tell(connection, reported) == {"recorded": 0, "known": 0}
        assert connection.execute("select from private.notification_suppressions").rowcount == 0


def test_leaving_through_the_mail_service_declines_what_may_be_declined(database: str) -> None:
    with superuser(database) as connection:
        connection.execute("select public.set_notification_preference(%s, 'weekly_metrics', true)", (ADA,))
        left = event(queue(connection, ADA), "unsubscribe", 1, unsubscribe=True)
        tell(connection, left | {"occurred_at": "2099-01-01T00:00:00Z"})
        rows = connection.execute("select type, enabled from notification_preferences order by type").fetchall()
        declined = ["contact_message", "renewal_upcoming", "weekly_metrics"]
        assert [tuple(row.values()) for row in rows] == [(name, False) for name in declined]


def test_what_somebody_chose_after_they_left_stands(database: str) -> None:
    with superuser(database) as connection:
        left = event(queue(connection, ADA), "unsubscribe", 1, unsubscribe=True)
        enabled = "select enabled from public.notification_preferences where user_id = %s and type = 'weekly_metrics'"
        tell(connection, left)
        assert connection.execute(enabled, (ADA,)).fetchone() == {"enabled": False}
        connection.execute("update public.notification_preferences set enabled = true where user_id = %s", (ADA,))
        tell(connection, left)
        assert connection.execute(enabled, (ADA,)).fetchone() == {"enabled": True}
        tell(connection, left | {"occurred_at": "2099-01-01T00:00:00Z"})
        assert connection.execute(enabled, (ADA,)).fetchone() == {"enabled": False}


def test_recording_and_telling_never_wait_for_each_other_in_a_circle(database: str) -> None:
    with superuser(database) as setup:
        ids = [queue(setup, ADA, key=str(number)) for number in range(40)]
        lease(setup)
    errors: list[psycopg.Error] = []

    def work(number: int) -> None:
        order = ids if number % 2 else list(reversed(ids))
        with superuser(database) as connection:
            try:
                for _ in range(10):
                    results = [{"id": one, "attempt": 1, "outcome": "unknown", "wait_seconds": 60} for one in order]
                    connection.execute("select public.record_notifications(%s)", (Jsonb(results),))
                    tell(connection, *(event(one, "deferred", number, None) for one in order))
            except psycopg.Error as error:
                errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
