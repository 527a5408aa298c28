"""A price once sold keeps the plan and tier that it was sold as, whatever becomes of it and of `plans`."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sql.acting import GRACE, Connection, acting_as
from tests.sql.billing.test_billing import GRACE_SECONDS, call, subscription, tier

KEY = "price_raises"


@dataclass
class Market:
    """A plan by its lookup key, its prices at Stripe, and what was sold."""

    connection: Connection
    holder: int = 0  # the price that has the key now
    listed: str | None = None  # the name of the plan in `plans`
    sold_as: dict[int, str] = field(default_factory=dict)
    bought: dict[str, int] = field(default_factory=dict)
    version: int = 10**9

    def list_plan(self, name: str) -> None:
        self.connection.execute("delete from public.plans where lookup_key = %s", (KEY,))
        self.connection.execute(
            "insert into public.plans (plan, lookup_key, tier) values (%s, %s, 'paid')", (name, KEY)
        )
        self.listed = name

    def take_off(self) -> None:
        self.connection.execute("delete from public.plans where lookup_key = %s", (KEY,))
        self.listed = None

    def raise_price(self) -> None:
        self.holder += 1

    def buy(self) -> None:
        if self.listed is None and self.holder not in self.sold_as:
            return
        identity = f"sub_{len(self.bought)}"
        self.bought[identity] = self.holder
        self.sold_as.setdefault(self.holder, str(self.listed))
        self.apply(identity)

    def apply(self, identity: str, status: str = "active") -> None:
        """As it is at Stripe now: the price without the key that another has taken."""
        price = self.bought[identity]
        self.version += 1
        items = [{"price_id": f"price_{price}", "lookup_key": KEY if price == self.holder else None}]
        state = subscription(identity, items=items, status=status)
        call(self.connection, "apply_stripe_subscription", self.version, state, GRACE_SECONDS)

    def check(self) -> None:
        rows = self.connection.execute(
            "select stripe_id, plan, tier from public.subscriptions where user_id = %s", (GRACE,)
        ).fetchall()
        found = {row["stripe_id"]: (row["plan"], row["tier"]) for row in rows}
        assert found == {identity: (self.sold_as[price], "paid") for identity, price in self.bought.items()}
        assert tier(self.connection) == ("paid" if self.bought else "free")


steps = st.one_of(
    st.just(("raise_price", None)),
    st.just(("buy", None)),
    st.just(("take_off", None)),
    st.tuples(st.just("list_plan"), st.sampled_from(["pro", "team"])),
    st.tuples(st.just("again"), st.integers(0, 9)),
)


@settings(max_examples=40)
@given(life=st.lists(steps, max_size=14))
def test_random_lives_of_prices(untouched_database: str, life: list[tuple[str, Any]]) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        market = Market(connection)
        market.list_plan("pro")
        market.buy()
        for name, given in life:
            if name == "again":
                market.apply(f"sub_{given % len(market.bought)}")
            elif given is None:
                getattr(market, name)()
            else:
                getattr(market, name)(given)
            market.check()


def test_what_is_no_longer_on_sale_is_reported_once(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        market = Market(connection)
        market.list_plan("pro")
        market.buy()
        market.raise_price()
        query = "select kind, subject, resolved_at is null as open from private.billing_findings"
        market.apply("sub_0")
        market.apply("sub_0")
        assert connection.execute(query).fetchall() == [{"kind": "price_off_sale", "subject": "price_0", "open": True}]
        connection.execute(
            "insert into public.plans (plan, price_id, tier, offered) values ('pro', 'price_0', 'paid', false)"
        )
        market.apply("sub_0")
        assert connection.execute(query).fetchall()[0]["open"] is False


def test_an_event_from_before_says_what_its_price_was_called(untouched_database: str) -> None:
    """All of its events come after the raise: Stripe shows the price without its key, the event's body with it."""
    with acting_as(untouched_database, "service_role") as connection:
        market = Market(connection)
        market.list_plan("pro")
        market.bought["sub_0"] = 0
        market.raise_price()
        market.apply("sub_0")
        row = connection.execute("select plan, tier from public.subscriptions where stripe_id = 'sub_0'").fetchone()
        assert row == {"plan": "unknown", "tier": "free"}, "nothing has named it yet"
        reference = {
            "kind": "subscription",
            "object_id": "sub_0",
            "emails": [],
            "prices": [{"price_id": "price_0", "lookup_key": KEY}],
        }
        lease = call(connection, "record_stripe_event", "evt_created", "customer.subscription.created", reference, 60)
        state = subscription("sub_0", items=[{"price_id": "price_0", "lookup_key": None}])
        version = lease["version"] + 10**9 + 10
        call(connection, "apply_stripe_subscription", version, state, GRACE_SECONDS, "evt_created", [])
        row = connection.execute("select plan, tier from public.subscriptions where stripe_id = 'sub_0'").fetchone()
        assert row == {"plan": "pro", "tier": "paid"}


def test_of_several_items_one_that_pays_is_enough(untouched_database: str) -> None:
    with acting_as(untouched_database, "service_role") as connection:
        market = Market(connection)
        market.list_plan("pro")
        market.buy()
        market.raise_price()
        items = [{"price_id": "price_never_seen", "lookup_key": None}, {"price_id": "price_0", "lookup_key": None}]
        state = subscription("sub_two", items=items)
        call(connection, "apply_stripe_subscription", market.version + 1, state, GRACE_SECONDS)
        row = connection.execute("select plan, tier from public.subscriptions where stripe_id = 'sub_two'").fetchone()
        assert row == {"plan": "pro", "tier": "paid"}
        kinds = connection.execute("select kind, subject from private.billing_findings").fetchall()
        assert {"kind": "unknown_price", "subject": "price_never_seen"} in kinds
