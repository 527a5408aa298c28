"""What no event reported is found and repaired, however it is cut into runs."""

from typing import Any

import pytest

from tests.integration.billing.backend import Backend, new_event, reconcile
from tests.support.users import User
from tests.support.vendors.stripe import SDK_WARNING, Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)


def repaired(report: dict[str, Any], subscription: str) -> list[str]:
    changed = [each["changed"] for each in report["repaired"] if each["subscription"] == subscription]
    assert len(changed) <= 1
    found: list[str] = changed[0] if changed else []
    return found


def subscribed(own_stripe: Stripe) -> str:
    return own_stripe.subscribe(own_stripe.paying_customer().id).id


def test_a_creation_that_was_missed(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    subscription = subscribed(own_stripe)
    report = reconcile(world)
    assert (report["finished"], report["stopped"]) == (True, None)
    assert repaired(report, subscription) == ["created"]
    assert (world.subscriptions(own_user)[0]["status"], world.tier(own_user)) == ("active", "paid")
    assert repaired(reconcile(world), subscription) == [], "what is right is left alone"


def test_a_cancellation_that_was_missed(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    subscription = subscribed(own_stripe)
    reconcile(world)
    own_stripe.sdk().v1.subscriptions.cancel(subscription)
    assert {"status", "cancel_at"} <= set(repaired(reconcile(world), subscription))
    assert (world.subscriptions(own_user)[0]["status"], world.tier(own_user)) == ("canceled", "free")
    assert world.emails(own_user) == [("subscription_canceled", subscription), ("subscription_started", subscription)]
    reconcile(world)
    for event in own_stripe.events("customer.subscription.deleted"):
        world.deliver(event)
    assert world.emails(own_user) == [("subscription_canceled", subscription), ("subscription_started", subscription)]


def test_an_end_of_long_ago_is_no_news(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    subscription = subscribed(own_stripe)
    own_stripe.sdk().v1.subscriptions.cancel(subscription)
    assert repaired(reconcile(world), subscription) == ["created"]
    assert world.subscriptions(own_user)[0]["status"] == "canceled"
    assert world.emails(own_user) == []


def test_a_row_that_stripe_does_not_know(world: Backend, own_user: User) -> None:
    world.change(
        "insert into public.subscriptions (user_id, stripe_id, status, plan, tier) "
        "values (%s, 'sub_ghost', 'active', 'pro_monthly', 'paid')",
        own_user.id,
    )
    world.change("update private.users set tier = 'paid' where id = %s", own_user.id)
    report = reconcile(world)
    assert (report["finished"], report["stopped"], repaired(report, "sub_ghost")) == (False, "wrong_stripe_account", [])
    assert (world.subscriptions(own_user)[0]["status"], world.tier(own_user)) == ("active", "paid")
    assert world.emails(own_user) == []
    world.change("delete from public.subscriptions where stripe_id = 'sub_ghost'")
    report = reconcile(world)
    assert (report["finished"], report["findings"].get("wrong_stripe_account")) == (True, None)


def test_a_cancellation_that_was_scheduled_and_missed(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    subscription = subscribed(own_stripe)
    reconcile(world)
    own_stripe.sdk().v1.subscriptions.update(subscription, {"cancel_at_period_end": True})
    for _ in range(2):
        reconcile(world)
    assert [kind for kind, _ in world.emails(own_user)] == ["cancellation_scheduled", "subscription_started"]


def test_an_invoice_that_was_missed(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    subscription = subscribed(own_stripe)
    reconcile(world)
    [invoice] = world.rows("select * from public.invoices where user_id = %s", own_user.id)
    assert (invoice["subscription_id"], invoice["status"], invoice["amount_paid"]) == (subscription, "paid", 900)


def test_a_price_that_was_changed(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    subscription = subscribed(own_stripe)
    reconcile(world)
    item = own_stripe.sdk().v1.subscriptions.retrieve(subscription)["items"].data[0].id
    change: Any = {"items": [{"id": item, "price": "price_pro_yearly"}]}
    own_stripe.sdk().v1.subscriptions.update(subscription, change)
    assert {"plan", "price_id", "current_period_end"} <= set(repaired(reconcile(world), subscription))
    assert world.subscriptions(own_user)[0]["plan"] == "pro_yearly"


def test_a_tier_that_somebody_changed_by_hand(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    subscribed(own_stripe)
    reconcile(world)
    world.change("update private.users set tier = 'free' where id = %s", own_user.id)
    reconcile(world)
    assert world.tier(own_user) == "paid"


def test_events_that_failed_are_tried_again(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    subscription = subscribed(own_stripe)
    event = own_stripe.events("customer.subscription.created")[0]
    own_stripe.behave(subscription, {"kind": "api_error"})
    assert world.send(event).status_code == 503
    assert world.event(event["id"])["processed_at"] is None
    own_stripe.behave(subscription)
    report = reconcile(world)
    assert (report["events_replayed"], report["events_failed"]) == (1, 0)
    row = world.event(event["id"])
    assert (row["outcome"], row["attempts"], row["error"]) == ("applied", 2, None)
    assert world.subscriptions(own_user)[0]["status"] == "active"


def test_a_grace_ends_without_an_event(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    subscription = subscribed(own_stripe)
    own_stripe.tell(f"customers/{own_user.id}/card", outcome="card_declined")
    own_stripe.tell(f"customers/{own_user.id}/advance", to="renewal")
    world.deliver(own_stripe.events("invoice.payment_failed")[0])
    assert (world.subscriptions(own_user)[0]["status"], world.tier(own_user)) == ("past_due", "paid")
    world.change(
        "update public.subscriptions set past_due_since = now() - interval '8 days', "
        "grace_until = now() - interval '1 day' where stripe_id = %s",
        subscription,
    )
    assert reconcile(world)["grace_ended"] == 1
    assert world.tier(own_user) == "free"
    world.deliver(new_event("customer.subscription.updated", {"id": subscription}))
    assert world.tier(own_user) == "free", "another look does not begin another grace"
    invoice = own_stripe.sdk().v1.subscriptions.retrieve(subscription).latest_invoice
    own_stripe.tell(f"customers/{own_user.id}/card", outcome="ok")
    own_stripe.sdk().v1.invoices.pay(str(invoice))
    world.deliver(own_stripe.events("invoice.paid")[-1])
    assert world.tier(own_user) == "paid"


def test_a_run_goes_on_where_the_last_one_stopped(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    """A failure of Stripe's ends the run: the next one goes on, and meets only what is left."""
    subscriptions = [subscribed(own_stripe) for _ in range(12)]
    own_stripe.behave("*/subscriptions.list", {"kind": "api_error", "times": 2})
    stopped = reconcile(world, anew=True)
    assert (stopped["finished"], stopped["stopped"], stopped["pages"]) == (False, "unavailable", 0)
    row = world.rows("select phase, reached, finished_at from private.reconciliation_cursor")[0]
    assert (row["phase"], row["finished_at"]) == ("subscriptions", None)
    world.change("update private.reconciliation_cursor set reached = %s", subscriptions[6])
    rest = reconcile(world)
    assert rest["finished"] is True
    assert {each["subscription"] for each in rest["repaired"]} & set(subscriptions) == set(subscriptions[:6])
    assert {each["subscription"] for each in reconcile(world)["repaired"]} == set(subscriptions[6:])


def test_the_place_where_it_stopped_may_be_gone(world: Backend, own_stripe: Stripe, own_user: User) -> None:
    subscription = subscribed(own_stripe)
    reconcile(world, anew=True)
    world.change(
        "update private.reconciliation_cursor set finished_at = null, phase = 'subscriptions', reached = 'sub_gone'"
    )
    own_stripe.sdk().v1.subscriptions.cancel(subscription)
    report = reconcile(world)
    assert report["finished"] is True
    assert "status" in repaired(report, subscription)
    assert world.tier(own_user) == "free"


def test_one_that_cannot_be_applied_does_not_hold_up_the_others(
    world: Backend, own_stripe: Stripe, own_user: User
) -> None:
    """As with a status that Stripe may invent."""
    odd, other = subscribed(own_stripe), subscribed(own_stripe)
    world.change(f"alter table public.subscriptions add constraint odd check (stripe_id <> '{odd}')")
    try:
        report = reconcile(world)
    finally:
        world.change("alter table public.subscriptions drop constraint odd")
    assert (report["finished"], report["failed"]) == (True, [odd])
    assert repaired(report, other) == ["created"]
    assert repaired(reconcile(world), odd) == ["created"]
