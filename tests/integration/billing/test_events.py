"""What each kind of event leads to, in the shape of the newest API version and of one before 2025-03-31."""

import json
import re
from typing import Any

import pytest

from tests.integration.billing.backend import Backend, new_event
from tests.support.users import User
from tests.support.vendors.descriptions import description_file
from tests.support.vendors.stripe import SDK_WARNING, Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

NEWEST, BEFORE = "2026-10-28.endive", "2024-06-20"
DAY = 86400
FIXTURES = description_file("stripe.fixtures3.json")


@pytest.fixture
def user(backend: Backend, at_stripe: Stripe) -> User:
    made = backend.stack.make_user()
    object.__setattr__(at_stripe, "user", str(made.id))
    return made


def deliver(backend: Backend, at_stripe: Stripe, *types: str, version: str = NEWEST) -> int:
    """The simulator's own bodies, in a version's shape, signed here. How many there were."""
    events = at_stripe.events(*types)
    for event in events:
        path = f"/_simulator/events/{event['id']}/signed"
        body = at_stripe.control.get(path, params={"api_version": version, "secret": "x"}).json()["body"].encode()
        answer = backend.send(body)
        assert answer.status_code == 200, answer.text
    return len(events)


def subscribed(at_stripe: Stripe, **given: Any) -> str:
    return at_stripe.subscribe(at_stripe.paying_customer().id, **given).id


@pytest.mark.parametrize("version", [NEWEST, BEFORE])
def test_a_year_in_both_shapes(backend: Backend, at_stripe: Stripe, user: User, version: str) -> None:
    subscription = subscribed(at_stripe)
    at_stripe.tell(f"customers/{user.id}/advance", to="renewal")
    deliver(backend, at_stripe, version=version)
    at_stripe.tell(f"customers/{user.id}/card", outcome="card_declined")
    at_stripe.tell(f"customers/{user.id}/advance", to="renewal")
    assert deliver(backend, at_stripe, version=version) > 15
    deliver(backend, at_stripe, version=version)
    row = backend.subscriptions(user)[0]
    ends = at_stripe.sdk().v1.subscriptions.retrieve(subscription)["items"].data[0].current_period_end
    assert (row["status"], row["current_period_end"].timestamp()) == ("past_due", ends)
    assert (row["grace_until"] - row["past_due_since"]).days == 7
    assert backend.tier(user) == "paid"
    types = [kind for kind, _ in backend.emails(user)]
    # The renewals are heard of after they have happened: nothing is announced any more.
    assert types == ["payment_failed", "renewal_succeeded", "subscription_started"]
    payloads = backend.rows("select type, payload from public.notifications where user_id = %s", user.id)
    reported = {row["type"]: row["payload"] for row in payloads}
    assert (reported["renewal_succeeded"]["amount"], reported["renewal_succeeded"]["currency"]) == (900, "usd")
    assert reported["payment_failed"]["plan"] == "pro_monthly"
    assert reported["payment_failed"]["next_attempt"]
    assert reported["subscription_started"] | {"period_end": ""} == {
        "plan": "pro_monthly",
        "amount": 900,
        "currency": "usd",
        "interval": "month",
        "interval_count": 1,
        "period_end": "",
    }


@pytest.mark.parametrize("version", [NEWEST, BEFORE])
def test_the_published_samples_are_understood(backend: Backend, at_stripe: Stripe, user: User, version: str) -> None:
    """Stripe's own sample objects, made into events about a subscription that there is."""
    if not FIXTURES.exists():
        pytest.skip(f"Stripe's published samples are not at {FIXTURES}")
    samples = json.loads(FIXTURES.read_text())["resources"]
    subscription = subscribed(at_stripe)
    customer = at_stripe.sdk().v1.subscriptions.retrieve(subscription).customer
    invoice = {**samples["invoice"], "customer": customer, "billing_reason": "subscription_cycle", "status": "paid"}
    if version == NEWEST:
        details = {"metadata": {}, "subscription": subscription}
        invoice["parent"] = {"type": "subscription_details", "subscription_details": details, "quote_details": None}
    else:
        invoice["subscription"] = subscription
        invoice.pop("parent", None)
    objects = {
        "customer.subscription.updated": {**samples["subscription"], "id": subscription, "customer": customer},
        "invoice.paid": invoice,
        "checkout.session.completed": {**samples["checkout.session"], "subscription": subscription},
        "customer.updated": {**samples["customer"], "id": customer},
    }
    for kind, obj in objects.items():
        event = new_event(kind, obj, api_version=version)
        assert backend.send(event).json()["outcome"] in {"applied", "unchanged"}, kind
    # The samples' own statuses, periods and payments are not believed: Stripe was asked.
    assert backend.subscriptions(user)[0]["status"] == "active"
    assert [kind for kind, _ in backend.emails(user)] == ["subscription_started"]


def test_a_trial_gives_the_tier_and_tells_when_it_ends(backend: Backend, at_stripe: Stripe, user: User) -> None:
    subscription = subscribed(at_stripe, trial_period_days=10)
    deliver(backend, at_stripe)
    assert (backend.subscriptions(user)[0]["status"], backend.tier(user)) == ("trialing", "paid")
    at_stripe.tell(f"customers/{user.id}/advance", seconds=8 * DAY)
    assert deliver(backend, at_stripe, "customer.subscription.trial_will_end") == 1
    assert [(kind, key.partition(":")[0]) for kind, key in backend.emails(user)] == [
        ("renewal_upcoming", subscription),
        ("subscription_started", subscription),
    ]


def test_a_pause_takes_the_tier_and_a_resumption_gives_it(backend: Backend, at_stripe: Stripe, user: User) -> None:
    pausing = {"end_behavior": {"missing_payment_method": "pause"}}
    subscription = at_stripe.subscribe(at_stripe.customer().id, trial_period_days=5, trial_settings=pausing).id
    at_stripe.tell(f"customers/{user.id}/advance", seconds=6 * DAY)
    deliver(backend, at_stripe)
    assert (backend.subscriptions(user)[0]["status"], backend.tier(user)) == ("paused", "free")
    at_stripe.tell(f"customers/{user.id}/card", outcome="ok")
    at_stripe.sdk().v1.subscriptions.resume(subscription)
    deliver(backend, at_stripe, "customer.subscription.resumed")
    assert (backend.subscriptions(user)[0]["status"], backend.tier(user)) == ("active", "paid")


def test_a_scheduled_cancellation_keeps_the_tier_until_it_comes(
    backend: Backend, at_stripe: Stripe, user: User
) -> None:
    subscription = subscribed(at_stripe)
    change = at_stripe.sdk().v1.subscriptions.update
    for ending in (True, False, True):
        change(subscription, {"cancel_at_period_end": ending})
        for _ in range(2):
            deliver(backend, at_stripe)
    row = backend.subscriptions(user)[0]
    assert (row["status"], row["cancel_at"], backend.tier(user)) == ("active", row["current_period_end"], "paid")
    scheduled = ["cancellation_scheduled", "cancellation_scheduled", "cancellation_withdrawn"]
    assert [kind for kind, _ in backend.emails(user)] == [*scheduled, "subscription_started"]
    at_stripe.tell(f"customers/{user.id}/advance", to="period_end")
    deliver(backend, at_stripe, "customer.subscription.deleted")
    assert (backend.subscriptions(user)[0]["status"], backend.tier(user)) == ("canceled", "free")
    assert [kind for kind, _ in backend.emails(user)] == [*scheduled, "subscription_canceled", "subscription_started"]


def test_one_of_two_subscriptions_is_enough_and_two_are_found(backend: Backend, at_stripe: Stripe, user: User) -> None:
    first, second = subscribed(at_stripe), subscribed(at_stripe)
    deliver(backend, at_stripe)
    assert finding(backend, "several_subscriptions", str(user.id)) == {"open": True, "times": True}
    at_stripe.sdk().v1.subscriptions.cancel(first)
    deliver(backend, at_stripe, "customer.subscription.deleted")
    statuses = {row["stripe_id"]: row["status"] for row in backend.subscriptions(user)}
    assert statuses == {first: "canceled", second: "active"}
    assert backend.tier(user) == "paid"
    assert finding(backend, "several_subscriptions", str(user.id))["open"] is False


def test_a_price_that_nobody_named_gives_nothing_and_is_found(backend: Backend, at_stripe: Stripe, user: User) -> None:
    monthly: Any = {"product": "prod_pro", "currency": "usd", "unit_amount": 1, "recurring": {"interval": "month"}}
    price = at_stripe.sdk().v1.prices.create(monthly).id
    subscription = subscribed(at_stripe, items=[{"price": price}])
    deliver(backend, at_stripe)
    row = backend.subscriptions(user)[0]
    assert (row["plan"], row["price_id"], row["tier"], backend.tier(user)) == ("unknown", price, "free", "free")
    assert finding(backend, "unknown_price", price)["open"] is True
    backend.change("insert into public.plans (plan, price_id, tier, offered) values ('old', %s, 'paid', false)", price)
    obj = {"id": subscription, "object": "subscription"}
    assert backend.send(new_event("customer.subscription.updated", obj)).json() == {"outcome": "applied"}
    assert (backend.subscriptions(user)[0]["plan"], backend.tier(user)) == ("old", "paid")
    assert finding(backend, "unknown_price", price)["open"] is False


@pytest.mark.parametrize("user", ["", "not-a-uuid", "00000000-0000-4000-8000-00000000dead"])
def test_a_subscription_of_nobody_is_recorded_found_and_taken(backend: Backend, at_stripe: Stripe, user: str) -> None:
    customer = at_stripe.paying_customer(metadata={"user_id": user, "tag": at_stripe.user})
    subscription = at_stripe.subscribe(customer.id).id
    event = at_stripe.events("customer.subscription.created")[0]
    assert backend.send(event).json() == {"outcome": "unknown_user"}
    assert backend.event(event["id"])["outcome"] == "unknown_user"
    assert backend.send(event).json() == {"outcome": "processed"}
    assert finding(backend, "unknown_user", subscription)["open"] is True


@pytest.mark.parametrize("known", [True, False])
def test_what_stripe_does_not_have_is_of_another_account_and_ends_nothing(
    backend: Backend, at_stripe: Stripe, user: User, known: bool
) -> None:
    """Stripe keeps subscriptions that have ended: a 404 says that the key is of another account or mode."""
    subscription = subscribed(at_stripe)
    if known:
        deliver(backend, at_stripe)
    before = backend.subscriptions(user), backend.tier(user), backend.emails(user)
    at_stripe.control.delete(f"/_simulator/objects/{subscription}")
    event = new_event("customer.subscription.deleted", {"id": subscription})
    assert backend.send(event).status_code == 503
    assert backend.event(event["id"])["processed_at"] is None
    assert (backend.subscriptions(user), backend.tier(user), backend.emails(user)) == before


def test_refunds_and_disputes_are_found(backend: Backend, at_stripe: Stripe, user: User) -> None:
    subscribed(at_stripe)
    charge = at_stripe.events("charge.succeeded")[0]["data"]["object"]["id"]
    deliver(backend, at_stripe)
    at_stripe.sdk().v1.refunds.create({"charge": charge, "amount": 100})
    at_stripe.tell(f"charges/{charge}/dispute")
    assert deliver(backend, at_stripe, "charge.refunded", "charge.dispute.created") == 2
    for kind in ("charge_refunded", "charge_disputed"):
        assert finding(backend, kind, charge)["open"] is True
        details = backend.rows(
            "select details from private.billing_findings where kind = %s and subject = %s", kind, charge
        )
        assert details[0]["details"]["user_id"] == str(user.id)
    assert backend.tier(user) == "paid"
    query = "select payload from public.notifications where user_id = %s and type = 'payment_refunded'"
    [refunded] = backend.rows(query, user.id)
    assert refunded["payload"] == {"amount": 100, "paid": 900, "currency": "usd"}


def test_no_part_of_a_card_or_an_address_is_kept(backend: Backend, at_stripe: Stripe, user: User) -> None:
    subscribed(at_stripe)
    deliver(backend, at_stripe)
    tables = (
        "private.stripe_events",
        "private.billing_findings",
        "private.stripe_customers",
        "public.subscriptions",
        "public.invoices",
    )
    kept = "".join(str(backend.rows(f"select * from {table}")) for table in tables)
    # As a word of its own: times and ids may have these digits in them.
    assert not re.search(r"(?<![\w.:-])4242(?![\w:-])", kept)
    assert f"{user.id}@example.com" not in kept
    assert "visa" not in kept


def test_the_body_is_read_as_it_came(backend: Backend) -> None:
    """Other spacing and escapes than ours would write."""
    body = b'{ "type" :"product.created",\r\n\t"id": "evt_\\u0061bc_spaced", "data":{"object":{"name":"\xc3\xa9"}} }'
    assert backend.send(body).json() == {"outcome": "recorded"}


def finding(backend: Backend, kind: str, subject: str) -> dict[str, bool]:
    rows = backend.rows(
        "select resolved_at is null as open, times > 0 as times from private.billing_findings "
        "where kind = %s and subject = %s",
        kind,
        subject,
    )
    return rows[0]
