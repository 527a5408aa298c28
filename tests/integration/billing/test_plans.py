"""What a pricing page shows: `plans` follows Stripe's products and prices by their events, and by reconciliation."""

from typing import Any

import pytest

from tests.integration.billing.backend import Backend, new_event, reconcile
from tests.support.users import User
from tests.support.vendors.stripe import SDK_WARNING, Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

MONTHLY = {"currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"}}


def new_product(own_stripe: Stripe, **given: Any) -> str:
    params: Any = {"name": "Studio", "description": "For studios", **given}
    return own_stripe.sdk().v1.products.create(params).id


def new_price(own_stripe: Stripe, product: str, **given: Any) -> str:
    params: Any = MONTHLY | {"product": product} | given
    return own_stripe.sdk().v1.prices.create(params).id


def tell(world: Backend, product: str, kind: str = "product.updated") -> None:
    world.deliver(new_event(kind, {"id": product, "object": "product"}))


def shown(world: Backend, **where: str) -> list[dict[str, Any]]:
    """As a visitor sees them."""
    with world.stack.client() as client:
        params = {"order": "created_at,price_id", **{name: f"eq.{value}" for name, value in where.items()}}
        found: list[dict[str, Any]] = client.get("/rest/v1/plans", params=params).json()
        return found


def test_a_row_is_filled_in_from_its_price(world: Backend, own_stripe: Stripe) -> None:
    key = f"studio_{own_stripe.user[:8]}"
    metadata = {"limit_projects": "200", "trial_days": "14", "limit_odd": "many"}
    product = new_product(own_stripe, marketing_features=[{"name": "Everything"}], metadata=metadata)
    price = new_price(own_stripe, product, lookup_key=key)
    tell(world, product)
    world.change("insert into public.plans (plan, lookup_key, tier) values (%s, %s, 'paid')", key, key)
    [row] = shown(world, plan=key)
    expected = {
        "name": "Studio", "description": "For studios", "amount": 500, "currency": "usd", "interval": "month",
        "interval_count": 1, "trial_days": 14, "features": ["Everything"], "limits": {"projects": 200},
        "current_price_id": price, "available": True, "offered": True, "price_id": None,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    own_stripe.sdk().v1.products.update(product, {"name": "Studio Plus"})
    tell(world, product)
    assert shown(world, plan=key)[0]["name"] == "Studio Plus"


@pytest.mark.parametrize("lost", [False, True], ids=["by its event", "by reconciliation"])
def test_a_new_price_currency_and_plan_appear(world: Backend, own_stripe: Stripe, lost: bool) -> None:
    def hear(product: str) -> None:
        if lost:
            assert reconcile(world)["finished"] is True
        else:
            tell(world, product)

    plan = f"studio-{own_stripe.user[:8]}"
    product = new_product(own_stripe, metadata={"plan": plan, "tier": "paid"})
    dollars = new_price(own_stripe, product)
    hear(product)
    assert [(row["price_id"], row["tier"], row["offered"]) for row in shown(world, plan=plan)] == [
        (dollars, "paid", True)
    ]
    euros = new_price(own_stripe, product, currency="eur")
    yearly = new_price(own_stripe, product, recurring={"interval": "year"})
    friends = new_price(own_stripe, product, unit_amount=1, metadata={"offered": "false"})
    hear(product)
    rows = {row["price_id"]: (row["currency"], row["interval"], row["offered"]) for row in shown(world, plan=plan)}
    assert rows == {
        dollars: ("usd", "month", True),
        euros: ("eur", "month", True),
        yearly: ("usd", "year", True),
        friends: ("usd", "month", False),
    }
    own_stripe.sdk().v1.prices.update(euros, {"active": False})
    hear(product)
    assert {row["price_id"] for row in shown(world, plan=plan, available="false")} == {euros}
    own_stripe.sdk().v1.products.update(product, {"active": False})
    hear(product)
    assert shown(world, plan=plan, available="true") == []
    assert len(shown(world, plan=plan)) == 4, "marked, never deleted"


def test_a_raised_price_is_shown_and_the_old_one_is_not_offered(
    world: Backend, own_stripe: Stripe, own_user: User
) -> None:
    key = f"studio_{own_stripe.user[:8]}"
    product = new_product(own_stripe)
    old = new_price(own_stripe, product, lookup_key=key)
    world.change("insert into public.plans (plan, lookup_key, tier) values (%s, %s, 'paid')", key, key)
    tell(world, product)
    new = new_price(own_stripe, product, lookup_key=key, transfer_lookup_key=True, unit_amount=700)
    tell(world, product)
    rows = {row["current_price_id"]: (row["amount"], row["offered"]) for row in shown(world, plan=key)}
    assert rows == {new: (700, True), old: (500, False)}
    # Nobody's event came before the raise: the price is known by the name that it had.
    subscription = own_stripe.subscribe(own_stripe.paying_customer().id, price=old).id
    world.deliver(new_event("customer.subscription.created", {"id": subscription}))
    [row] = world.subscriptions(own_user)
    assert (row["plan"], row["tier"], world.tier(own_user)) == (key, "paid", "paid")


def test_a_price_that_no_operator_named_is_shown_and_gives_nothing(
    world: Backend, own_stripe: Stripe, own_user: User
) -> None:
    key = f"studio_{own_stripe.user[:8]}"
    product = new_product(own_stripe)
    new_price(own_stripe, product, lookup_key=key)
    world.change("insert into public.plans (plan, lookup_key, tier) values (%s, %s, 'paid')", key, key)
    other = new_price(own_stripe, product, currency="eur")
    tell(world, product)
    [row] = shown(world, price_id=other)
    assert (row["plan"], row["currency"], row["offered"], row["synced"]) == (key, "eur", False, True)
    subscription = own_stripe.subscribe(own_stripe.paying_customer().id, price=other).id
    event = new_event("customer.subscription.created", {"id": subscription})
    world.deliver(event)
    assert (world.subscriptions(own_user)[0]["plan"], world.tier(own_user)) == ("unknown", "free")
    world.change("update public.plans set offered = true where price_id = %s", other)
    world.deliver(new_event("customer.subscription.updated", {"id": subscription}))
    assert (world.subscriptions(own_user)[0]["plan"], world.tier(own_user)) == (key, "paid")


def test_one_chooses_currency_and_interval(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    plan = f"studio-{own_stripe.user[:8]}"
    product = new_product(own_stripe, metadata={"plan": plan, "tier": "paid", "trial_days": "3"})
    prices = {"usd": new_price(own_stripe, product)}
    tell(world, product)
    prices["eur"] = new_price(own_stripe, product, currency="eur")
    tell(world, product)

    def bought(**wish: str) -> Any:
        body = {"plan": plan, "success_path": "/a", "cancel_path": "/b", **wish}
        answer = world.ask(own_user, "createCheckoutSession", body)
        if not answer.is_success:
            return answer.json()["code"]
        session = own_stripe.sdk().v1.checkout.sessions.retrieve(
            answer.json()["url"].rpartition("/")[2], {"expand": ["line_items"]}
        )
        assert session.line_items is not None
        return session.line_items.data[0].price.id  # type: ignore[union-attr]

    assert bought() == prices["usd"]
    assert bought(currency="eur") == prices["eur"]
    assert bought(currency="eur", interval="month") == prices["eur"]
    assert bought(currency="gbp") == "plan_not_found"
    assert bought(interval="year") == "plan_not_found"
    world.ask(own_user, "createCheckoutSession", {"plan": plan, "success_path": "/a", "cancel_path": "/b"})
    own_stripe.tell(f"checkout/{own_user.id}")
    [subscription] = (
        own_stripe.sdk()
        .v1.subscriptions.list({"customer": world.rows("select private.customer_of(%s) as it", own_user.id)[0]["it"]})
        .data
    )
    assert subscription.status == "trialing"
