"""With a key of another account or mode nothing that we know is at Stripe: nobody loses anything or gets a mail."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.integration.billing.backend import Backend, new_event, reconcile, running_functions
from tests.support.stack import Stack
from tests.support.users import User
from tests.support.vendors.stripe import SDK_WARNING, Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

KEYS = {"other mode": "sk_live_key", "other account": "sk_test_other_key", "other mode, restricted": "rk_live_key"}
ROWS = {
    "subscriptions": "select to_jsonb(own) as row from public.subscriptions as own order by id",
    "versions": "select to_jsonb(own) as row from private.stripe_subscriptions as own order by stripe_id",
    "customers": "select to_jsonb(own) as row from private.stripe_customers as own order by customer_id",
    "prices": "select to_jsonb(own) as row from private.stripe_prices as own order by price_id",
    "tiers": "select to_jsonb(own) as row from private.users as own order by id",
    "mails": "select to_jsonb(own) as row from public.notifications as own order by id",
}


@pytest.fixture(scope="module", params=list(KEYS.values()), ids=list(KEYS))
def foreign(
    request: pytest.FixtureRequest, world: Backend, own_stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Backend]:
    with running_functions(
        own_stack, tmp_path_factory.mktemp("foreign"), world.stripe, STRIPE_SECRET_KEY=request.param
    ) as backend:
        yield backend


def kept(world: Backend) -> Mapping[str, Any]:
    return {name: [each["row"] for each in world.rows(query)] for name, query in ROWS.items()}


def test_whatever_is_under_way_nothing_is_changed(
    world: Backend, foreign: Backend, own_stripe: Stripe, own_user: User
) -> None:
    """Paid, missed by the events, owed with the grace over, ended without an event, an event that failed."""
    customer = own_stripe.paying_customer().id
    paid, missed, owed, ended = (own_stripe.subscribe(customer).id for _ in range(4))
    reconcile(world, anew=True)
    item = own_stripe.sdk().v1.subscriptions.retrieve(missed)["items"].data[0].id
    change: Any = {"items": [{"id": item, "price": "price_pro_yearly"}]}
    own_stripe.sdk().v1.subscriptions.update(missed, change)
    own_stripe.sdk().v1.subscriptions.cancel(ended)
    world.change(
        "update public.subscriptions set status = 'past_due', grace_until = now() - interval '1 day' "
        "where stripe_id = %s",
        owed,
    )
    before = kept(world)
    event = own_stripe.events("customer.subscription.updated")[-1]
    assert foreign.send(event).status_code == 503
    for _ in range(2):
        report = reconcile(foreign, anew=True)
        assert (report["finished"], report["stopped"]) == (False, "wrong_stripe_account")
        assert report["findings"]["wrong_stripe_account"] == 1
    refused = foreign.ask(
        own_user, "createCheckoutSession", {"plan": "pro_monthly", "success_path": "/a", "cancel_path": "/b"}
    )
    assert (refused.status_code, refused.json()["code"]) == (503, "stripe_unavailable")
    assert foreign.ask(own_user, "createPortalSession", {"return_path": "/a"}).status_code == 503
    assert foreign.ask("service", "closeBillingAccount", {"user_id": str(own_user.id)}).status_code == 503
    assert kept(world) == before
    assert world.event(event["id"])["processed_at"] is None

    # With the right key again all of it is made up for.
    report = reconcile(world)
    assert (report["finished"], report["events_replayed"]) == (True, 1)
    assert "wrong_stripe_account" not in report["findings"]
    rows = {row["stripe_id"]: (row["status"], row["plan"]) for row in world.subscriptions(own_user)}
    assert rows[paid], rows[missed] == (("active", "pro_monthly"), ("active", "pro_yearly"))
    assert rows[owed], rows[ended] == (("active", "pro_monthly"), ("canceled", "pro_monthly"))


def test_nobody_becomes_a_customer_of_another_account(world: Backend, foreign: Backend) -> None:
    """Such a customer would be kept, and with the right key its user could buy nothing."""
    reconcile(world)
    user = world.stack.make_user()
    before = kept(world)
    asked = {"plan": "pro_monthly", "success_path": "/a", "cancel_path": "/b"}
    refused = foreign.ask(user, "createCheckoutSession", asked)
    assert (refused.status_code, refused.json()["code"]) == (503, "stripe_unavailable")
    assert kept(world) == before
    assert world.ask(user, "createCheckoutSession", asked).json()["kind"] == "checkout"


def test_an_event_of_the_other_mode_stays_in_the_ledger(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    subscription = own_stripe.subscribe(own_stripe.paying_customer().id).id
    reconcile(world)
    own_stripe.sdk().v1.subscriptions.cancel(subscription)
    before = kept(world)
    for given in ({"livemode": True}, {"livemode": False, "account": "acct_1Another"}):
        event = new_event("customer.subscription.deleted", {"id": subscription}, **given)
        assert world.send(event).status_code == 503
        assert world.event(event["id"])["error"] == "stripe: forbidden (wrong_stripe_account)"
        world.change("delete from private.stripe_events where id = %s", event["id"])
    assert kept(world) == before


def test_an_operator_moves_to_another_account(world: Backend, foreign: Backend) -> None:
    reconcile(world)
    before = world.rows("select account_id, livemode from private.stripe_account")
    world.change("delete from public.subscriptions")  # those of the account that is left
    try:
        assert reconcile(foreign, anew=True, accept_account=True)["finished"] is True
        assert reconcile(world)["stopped"] == "wrong_stripe_account"
    finally:
        assert reconcile(world, anew=True, accept_account=True)["finished"] is True
    assert world.rows("select account_id, livemode from private.stripe_account") == before


def test_too_many_ends_at_once_are_put_to_an_operator(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    customer = own_stripe.paying_customer().id
    many = [own_stripe.subscribe(customer).id for _ in range(4)]
    reconcile(world)
    for subscription in many:
        own_stripe.sdk().v1.subscriptions.cancel(subscription)
    other = own_stripe.subscribe(customer).id
    before = [row["status"] for row in world.subscriptions(own_user)]
    for _ in range(2):
        report = reconcile(world)
        assert (report["finished"], report["stopped"]) == (False, "mass_cancellation")
        assert report["findings"]["mass_cancellation"] == 1
    rows = {row["stripe_id"]: row["status"] for row in world.subscriptions(own_user)}
    assert [rows[each] for each in many] == before[-4:] == ["active"] * 4
    assert rows[other] == "active", "the rest is repaired all the same"
    assert "subscription_canceled" not in {kind for kind, _ in world.emails(own_user)}
    report = reconcile(world, accept_cancellations=True)
    assert (report["finished"], report["findings"].get("mass_cancellation")) == (True, None)
    assert [kind for kind, _ in world.emails(own_user)].count("subscription_canceled") == 4
    assert world.tier(own_user) == "paid"
