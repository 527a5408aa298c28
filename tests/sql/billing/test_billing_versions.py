"""Two states of one user's subscriptions at the same time: one after the other, and the higher version stays."""

import threading
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.sql.acting import GRACE
from tests.sql.billing.test_billing import GRACE_SECONDS, subscription

APPLY = "select public.apply_stripe_subscription(%s, %s, %s)"


def test_the_first_sight_of_a_subscription_by_many_at_once(database: str) -> None:
    """Nobody fails, one row comes of it, and it shows the highest version."""
    versions = list(range(1, 17))
    together = threading.Barrier(len(versions))
    failures: list[Exception] = []

    def look(version: int) -> None:
        state = subscription(status="canceled" if version == versions[-1] else "active")
        try:
            with psycopg.connect(database) as connection:
                together.wait(30)
                connection.execute(APPLY, (version, Jsonb(state), GRACE_SECONDS))
        except Exception as error:  # noqa: BLE001  # shown below
            failures.append(error)

    run(look, versions)
    assert failures == []
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "select status, version from public.subscriptions join private.stripe_subscriptions using (stripe_id) "
            "where user_id = %s",
            (GRACE,),
        ).fetchall()
        tier = connection.execute("select tier from private.users where id = %s", (GRACE,)).fetchone()
    assert rows == [("canceled", 16)]
    assert tier == ("free",)


def test_several_subscriptions_of_one_user_at_once(database: str) -> None:
    """The tier is derived after each from all of them: none is derived from what another is about to change."""
    ended = [(f"sub_{number}", "canceled") for number in range(8)]
    live = [("sub_live", "active")]

    def look(reported: tuple[str, str]) -> None:
        with psycopg.connect(database) as connection:
            for version, status in enumerate(("active", reported[1]), start=1):
                state = subscription(reported[0], status=status)
                connection.execute(APPLY, (version, Jsonb(state), GRACE_SECONDS))
                connection.commit()

    run(look, ended)
    with psycopg.connect(database) as connection:
        assert connection.execute("select tier from private.users where id = %s", (GRACE,)).fetchone() == ("free",)
    run(look, [*ended, *live])
    with psycopg.connect(database) as connection:
        assert connection.execute("select tier from private.users where id = %s", (GRACE,)).fetchone() == ("paid",)


def run(look: Any, reported: list[Any]) -> None:
    threads = [threading.Thread(target=look, args=(each,)) for each in reported]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
