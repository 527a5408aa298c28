"""Prices as they are at Stripe, in whatever order its answers come, and the rows of `plans` that show them."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.sql.acting import Connection, acting_as
from tests.sql.billing.test_billing import call

KEY = "shown"


def price(identity: str = "price_a", **given: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "product_id": "prod_1",
        "lookup_key": None,
        "active": True,
        "currency": "usd",
        "amount": 500,
        "interval": "month",
        "interval_count": 1,
        "trial_days": None,
        "name": "Pro",
        "description": None,
        "features": [],
        "limits": {},
        "plan": None,
        "tier": None,
        "offered": True,
        "livemode": False,
        **given,
    }


def apply(connection: Connection, version: int, *prices: dict[str, Any]) -> None:
    assert call(connection, "apply_stripe_prices", version, list(prices))["outcome"] == "applied"


def named(connection: Connection) -> list[dict[str, Any]]:
    query = "select current_price_id, amount, available from public.plans where lookup_key = %s"
    return connection.execute(query, (KEY,)).fetchall()


@settings(max_examples=25)
@given(order=st.permutations(range(5)), again=st.lists(st.integers(0, 4), max_size=3))
def test_answers_in_any_order_end_as_the_newest(untouched_database: str, order: list[int], again: list[int]) -> None:
    """A price gets the key, changes its name, loses the key to another, which is archived, and sold again."""
    story = [
        [price(lookup_key=KEY)],
        [price(lookup_key=KEY, name="Pro Plus")],
        [price(), price("price_b", lookup_key=KEY, amount=700)],
        [price(), price("price_b", lookup_key=KEY, amount=700, active=False)],
        [price(), price("price_b", lookup_key=KEY, amount=700)],
    ]
    with acting_as(untouched_database, "service_role") as connection:
        connection.execute("insert into public.plans (plan, lookup_key, tier) values ('pro', %s, 'paid')", (KEY,))
        for step in (*order, *again):
            apply(connection, 10**9 + step, *story[step])
        assert named(connection) == [{"current_price_id": "price_b", "amount": 700, "available": True}]


def test_what_left_the_catalogue_is_marked(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        connection.execute("insert into public.plans (plan, lookup_key, tier) values ('pro', %s, 'paid')", (KEY,))
        version = call(connection, "next_stripe_version")
        apply(connection, version, price(lookup_key=KEY))
        call(connection, "retire_stripe_prices", version)
        assert named(connection)[0]["available"] is True
        call(connection, "retire_stripe_prices", call(connection, "next_stripe_version"))
        assert named(connection) == [{"current_price_id": "price_a", "amount": 500, "available": False}]


def test_an_account_of_another_mode_shows_nothing(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        call(connection, "check_stripe_account", "acct_1", False)
        answer = call(connection, "apply_stripe_prices", 10**9, [price(plan="pro", tier="paid", livemode=True)])
        assert answer["outcome"] == "wrong_account"
        assert connection.execute("select from public.plans where price_id = 'price_a'").rowcount == 0


def test_a_plan_is_named_by_metadata_alone_if_it_has_a_tier(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        apply(connection, 10**9, price(plan="studio"))
        assert connection.execute("select from public.plans where plan = 'studio'").rowcount == 0
        apply(connection, 10**9 + 1, price(plan="studio", tier="paid"))
        row = connection.execute("select tier, offered, synced from public.plans where plan = 'studio'").fetchone()
        assert row == {"tier": "paid", "offered": True, "synced": True}
        apply(connection, 10**9 + 2, price(plan="studio", tier="paid", offered=False))
        row = connection.execute("select offered from public.plans where plan = 'studio'").fetchone()
        assert row == {"offered": False}


def test_a_price_that_is_named_and_not_offered_gives_its_plan(untouched_database: str) -> None:
    """A price for one customer, by its metadata: who pays it has the plan; what only shows a price gives none."""
    with acting_as(untouched_database, "service_role") as connection:
        apply(connection, 10**9, price("price_named", plan="studio", tier="paid", offered=False))
        apply(connection, 10**9 + 1, price("price_shown", currency="eur"))
        query = "select price_id, offered from public.plans where synced order by price_id"
        rows = connection.execute(query).fetchall()
        assert [(row["price_id"], row["offered"]) for row in rows] == [("price_named", False), ("price_shown", False)]
        items = [{"price_id": row["price_id"], "lookup_key": None} for row in rows]
        query = "select price_id, plan, tier from private.plans_of_items(%s) order by price_id"
        found = connection.execute(query, (Jsonb(items),)).fetchall()
        plans = {row["price_id"]: (row["plan"], row["tier"]) for row in found}
        assert plans == {"price_named": ("studio", "paid"), "price_shown": (None, None)}


def test_metadata_do_not_take_what_was_sold(untouched_database: str) -> None:
    """Neither the tier nor the plan of anyone who bought the price; on a price that nobody bought they count."""
    with acting_as(untouched_database, "service_role") as connection:
        sold, unsold = price("price_sold", plan="studio", tier="paid"), price("price_unsold", plan="team", tier="paid")
        apply(connection, 10**9, sold, unsold)
        ada = connection.execute("select id from public.users where username = 'ada'").fetchone()
        assert ada is not None
        connection.execute(
            "insert into public.subscriptions (user_id, stripe_id, status, plan, tier, price_id)"
            " values (%s, 'sub_sold', 'active', 'studio', 'paid', 'price_sold')",
            (ada["id"],),
        )
        changes: list[dict[str, Any]] = [
            {"tier": "free"},
            {"plan": "other"},
            {"plan": None, "tier": None},
            {"tier": "free", "offered": False},
        ]
        items = Jsonb([{"price_id": each, "lookup_key": None} for each in ("price_sold", "price_unsold")])
        for number, changed in enumerate(changes, start=1):
            apply(connection, 10**9 + number, {**sold, **changed}, {**unsold, "tier": "free"})
            query = "select price_id, plan, tier from private.plans_of_items(%s) order by price_id"
            found = connection.execute(query, (items,)).fetchall()
            assert [(row["plan"], row["tier"]) for row in found] == [("studio", "paid"), ("team", "free")], changed
