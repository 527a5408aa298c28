"""What is sold to whom: never a second subscription, never beside another currency, at the prices of now."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.integration.billing.backend import Backend, new_event
from tests.support.users import User
from tests.support.vendors.stripe import SDK_WARNING, Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

MONTHLY = {"product": "prod_pro", "currency": "usd", "unit_amount": 100, "recurring": {"interval": "month"}}
PATHS = {"success_path": "/billing", "cancel_path": "/plans"}


@pytest.fixture
def user(backend: Backend, at_stripe: Stripe) -> User:
    return new_user(backend, at_stripe)


def new_user(backend: Backend, at_stripe: Stripe) -> User:
    made = backend.stack.make_user()
    object.__setattr__(at_stripe, "user", str(made.id))
    return made


def buy(backend: Backend, user: User, plan: str = "pro_monthly") -> Any:
    return backend.ask(user, "createCheckoutSession", {"plan": plan, **PATHS})


def plan_of(backend: Backend, at_stripe: Stripe, **given: Any) -> tuple[str, str]:
    """A plan that is known by its lookup key alone, and its price."""
    key = f"plan_{at_stripe.user[:8]}_{given.get('currency', 'usd')}"
    params: Any = MONTHLY | {"lookup_key": key} | given
    price = at_stripe.sdk().v1.prices.create(params).id
    backend.change("insert into public.plans (plan, lookup_key, tier) values (%s, %s, 'paid')", key, key)
    return key, price


@dataclass(frozen=True)
class Holding:
    """A customer at Stripe and what it has: whose id is in its metadata, and whether our rows have heard of it."""

    own: bool
    subscription: str | None  # live, ended or none
    heard: bool


holdings = st.builds(
    Holding, own=st.booleans(), subscription=st.sampled_from(["live", "ended", None]), heard=st.booleans()
)


@settings(
    max_examples=10,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(held=st.lists(holdings, max_size=3))
def test_nobody_is_sold_a_second_one_whichever_customer_has_the_first(
    backend: Backend, at_stripe: Stripe, held: list[Holding]
) -> None:
    user = new_user(backend, at_stripe)
    for each in held:
        named = str(user.id) if each.own else "00000000-0000-4000-8000-00000000dead"
        customer = at_stripe.paying_customer(email=user.email, metadata={"user_id": named}).id
        if each.subscription is not None:
            subscription = at_stripe.subscribe(customer).id
            if each.subscription == "ended":
                at_stripe.sdk().v1.subscriptions.cancel(subscription)
            if each.heard:
                backend.deliver(new_event("customer.subscription.updated", {"id": subscription}))
    has_one = any(each.own and each.subscription == "live" for each in held)
    answer = buy(backend, user).json()
    assert answer["kind"] == ("portal" if has_one else "checkout")


def test_a_row_of_ours_alone_is_enough(backend: Backend, at_stripe: Stripe, user: User) -> None:
    """Bought by hand under a customer that names nobody; only the subscription does."""
    customer = at_stripe.paying_customer(email="elsewhere@example.com", metadata={}).id
    subscription = at_stripe.subscribe(customer, metadata={"user_id": str(user.id)}).id
    backend.deliver(new_event("customer.subscription.created", {"id": subscription}))
    assert backend.tier(user) == "paid"
    assert buy(backend, user).json()["kind"] == "portal"
    assert backend.ask(user, "createPortalSession", {"return_path": "/"}).is_success
    at_stripe.sdk().v1.subscriptions.cancel(subscription)
    assert buy(backend, user).json()["kind"] == "checkout", "our row is late, and Stripe says that it has ended"


def test_closing_an_account_ends_those_of_all_customers(backend: Backend, at_stripe: Stripe, user: User) -> None:
    heard, unheard = (at_stripe.subscribe(at_stripe.paying_customer(email=user.email).id).id for _ in range(2))
    backend.deliver(new_event("customer.subscription.created", {"id": heard}))
    closed = backend.ask("service", "closeBillingAccount", {"user_id": str(user.id)})
    assert closed.json() == {"canceled": 2}
    for subscription in (heard, unheard):
        assert at_stripe.sdk().v1.subscriptions.retrieve(subscription).status == "canceled"


def test_another_currency_closes_the_checkout_that_was_open(backend: Backend, at_stripe: Stripe, user: User) -> None:
    dollars, _ = plan_of(backend, at_stripe)
    euros, _ = plan_of(backend, at_stripe, currency="eur")
    first = buy(backend, user, dollars).json()["url"]
    second = buy(backend, user, euros).json()["url"]
    assert at_stripe.control.post(first, data={"outcome": "ok"}).status_code == 410
    third = buy(backend, user, dollars).json()["url"]
    assert len({first, second, third}) == 3
    assert at_stripe.control.post(third, data={"outcome": "ok"}).status_code == 303


def test_an_incomplete_subscription_in_another_currency(backend: Backend, at_stripe: Stripe, user: User) -> None:
    """It is not live, so that something may be sold; but Stripe bills a customer in one currency."""
    euros, _ = plan_of(backend, at_stripe, currency="eur")
    customer = at_stripe.customer(email=user.email).id
    subscription = at_stripe.subscribe(customer, payment_behavior="default_incomplete")
    assert subscription.status == "incomplete"
    for _ in range(2):
        answer = buy(backend, user, euros)
        assert (answer.status_code, answer.json()["code"]) == (409, "currency_conflict")
        assert answer.json()["errors"] == [{"currency": "usd"}]


def test_an_archived_price_is_not_sold(backend: Backend, at_stripe: Stripe, user: User) -> None:
    key, price = plan_of(backend, at_stripe)
    backend.change("update public.plans set price_id = %s where lookup_key = %s", price, key)
    at_stripe.sdk().v1.prices.update(price, {"active": False})
    answer = buy(backend, user, key)
    assert (answer.status_code, answer.json()["code"]) == (404, "plan_not_found")


def test_a_raise_takes_nothing_from_those_who_pay(backend: Backend, at_stripe: Stripe, user: User) -> None:
    key, old = plan_of(backend, at_stripe)
    at_stripe.control.post(buy(backend, user, key).json()["url"], data={"outcome": "ok"})
    params: Any = MONTHLY | {"unit_amount": 900, "lookup_key": key, "transfer_lookup_key": True}
    new = at_stripe.sdk().v1.prices.create(params).id
    at_stripe.sdk().v1.prices.update(old, {"active": False})
    for event in reversed(at_stripe.events()):
        backend.deliver(event)
    row = backend.subscriptions(user)[0]
    assert (row["plan"], row["tier"], row["price_id"], backend.tier(user)) == (key, "paid", old, "paid")
    backend.change("delete from public.plans where lookup_key = %s", key)
    backend.deliver(new_event("customer.subscription.updated", {"id": row["stripe_id"]}))
    row = backend.subscriptions(user)[0]
    assert (row["plan"], row["tier"], backend.tier(user)) == (key, "paid", "paid")
    query = "select kind from private.billing_findings where subject in (%s, %s) and resolved_at is null"
    findings = backend.rows(query, old, new)
    assert findings == [{"kind": "price_off_sale"}]


def test_a_canceled_row_gives_nothing_and_shows_no_machinery(backend: Backend, at_stripe: Stripe, user: User) -> None:
    at_stripe.control.post(buy(backend, user).json()["url"], data={"outcome": "ok"})
    for event in at_stripe.events():
        backend.deliver(event)
    own = backend.stack.client(user)
    with own as client:
        [row] = client.get("/rest/v1/subscriptions", params={"select": "*"}).json()
    assert (row["status"], row["tier"]) == ("active", "paid")
    assert not {name for name in row if "version" in name or "ticket" in name or "sold" in name}
    at_stripe.sdk().v1.subscriptions.cancel(row["stripe_id"])
    backend.deliver(at_stripe.events("customer.subscription.deleted")[0])
    [row] = backend.subscriptions(user)
    assert (row["status"], row["plan"], row["tier"], backend.tier(user)) == (
        "canceled",
        "pro_monthly",
        "free",
        "free",
    )


def test_stripe_is_given_the_address_that_the_user_has_now(backend: Backend, at_stripe: Stripe, user: User) -> None:
    """Of all of their customers, at the next checkout or portal; reconciliation does the rest."""
    assert buy(backend, user).json()["kind"] == "checkout"
    other = at_stripe.customer(email=user.email).id
    backend.deliver(new_event("customer.updated", {"id": other}))
    assert buy(backend, user).json()["kind"] == "checkout"
    moved = f"moved-{user.email}"
    backend.change("update auth.users set email = %s where id = %s", moved, user.id)
    query = "select customer_id from private.stripe_customers where user_id = %s and email_stale"
    stale = backend.rows(query, user.id)
    assert len(stale) == 2
    assert backend.ask(user, "createPortalSession", {"return_path": "/"}).is_success
    for row in stale:
        assert at_stripe.sdk().v1.customers.retrieve(row["customer_id"]).email == moved
    assert backend.rows(query, user.id) == []
    before = len(at_stripe.events("customer.updated"))
    assert buy(backend, user).json()["kind"] == "checkout"
    assert len(at_stripe.events("customer.updated")) == before, "once"
    # Another user has it now: receipts must not go there.
    backend.change("select private.release_address(%s)", user.id)
    assert backend.ask(user, "createPortalSession", {"return_path": "/"}).is_success
    assert [at_stripe.sdk().v1.customers.retrieve(row["customer_id"]).email for row in stale] == [None, None]
    assert backend.rows(query, user.id) == []
