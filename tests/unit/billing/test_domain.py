"""What Stripe's events and objects are read as."""

from typing import Any

import pytest
from pydantic import ValidationError
from showcase.billing import objects
from showcase.billing.domain import Event, ObjectKind
from showcase.billing.event_types import read_event
from showcase.billing.schemas import PortalRequest

USER = "00000000-0000-4000-8000-000000000001"


def event(kind: str, obj: Any) -> Event:
    return read_event({"id": "evt_1", "type": kind, "data": {"object": obj}})


def invoice(**given: Any) -> dict[str, Any]:
    details = {"subscription_details": {"subscription": "sub_1"}}
    return {"id": "in_1", "parent": details, "billing_reason": "subscription_cycle", "attempt_count": 2, **given}


@pytest.mark.parametrize(
    ("kind", "obj", "kind_of_object", "identity"),
    [
        ("customer.subscription.created", {"id": "sub_1"}, ObjectKind.SUBSCRIPTION, "sub_1"),
        ("checkout.session.completed", {"subscription": "sub_1"}, ObjectKind.SUBSCRIPTION, "sub_1"),
        ("checkout.session.completed", {"subscription": {"id": "sub_1"}}, ObjectKind.SUBSCRIPTION, "sub_1"),
        ("checkout.session.completed", {"subscription": None}, ObjectKind.NOTHING, None),
        ("invoice.paid", invoice(), ObjectKind.SUBSCRIPTION, "sub_1"),
        ("invoice.paid", {"subscription": "sub_old"}, ObjectKind.SUBSCRIPTION, "sub_old"),
        ("invoice.paid", {}, ObjectKind.NOTHING, None),
        ("customer.updated", {"id": "cus_1"}, ObjectKind.CUSTOMER, "cus_1"),
        ("charge.refunded", {"id": "ch_1"}, ObjectKind.REFUND, "ch_1"),
        ("charge.dispute.created", {"id": "du_1", "charge": "ch_1"}, ObjectKind.DISPUTE, "ch_1"),
        ("payout.paid", {"id": "po_1"}, ObjectKind.NOTHING, None),
    ],
)
def test_which_object_an_event_is_about(kind: str, obj: Any, kind_of_object: ObjectKind, identity: str | None) -> None:
    read = event(kind, obj)
    assert (read.kind, read.object_id) == (kind_of_object, identity)
    assert Event.from_ledger({"id": read.id, "type": read.type, "reference": read.reference()}) == read


def test_the_same_failure_has_one_key_by_whichever_event() -> None:
    keys = {
        (email["type"], email["dedupe_key"])
        for kind in ("invoice.payment_failed", "invoice.payment_action_required")
        for email in event(kind, invoice()).emails
    }
    assert keys == {("payment_failed", "in_1:2")}


def test_the_first_payment_is_nobodys_renewal() -> None:
    for kind in ("invoice.paid", "invoice.payment_failed"):
        assert event(kind, invoice(billing_reason="subscription_create")).emails == ()


def test_a_trial_and_its_first_invoice_are_announced_once() -> None:
    trial = event("customer.subscription.trial_will_end", {"id": "sub_1", "trial_end": 1_900_000_000})
    upcoming = event("invoice.upcoming", invoice(period_end=1_900_000_000, amount_due=900, currency="usd"))
    assert trial.emails[0]["dedupe_key"] == upcoming.emails[0]["dedupe_key"] == "sub_1:1900000000"
    assert upcoming.emails[0]["payload"] == {
        "date": "2030-03-17T17:46:40+00:00",
        "amount": 900,
        "currency": "usd",
    }


@pytest.mark.parametrize("ending", [{"cancel_at_period_end": True}, {"cancel_at": 1_900_000_000}])
def test_a_trial_that_was_cancelled_renews_nothing(ending: dict[str, Any]) -> None:
    trial = event("customer.subscription.trial_will_end", {"id": "sub_1", "trial_end": 1_900_000_000, **ending})
    assert (trial.kind, trial.emails) == (ObjectKind.SUBSCRIPTION, ())


def subscription(**given: Any) -> dict[str, Any]:
    item = {"id": "si_1", "current_period_end": 200, "price": {"id": "price_1", "lookup_key": "pro"}}
    return {"id": "sub_1", "status": "active", "customer": "cus_1", "items": {"data": [item]}, **given}


def test_a_subscription_in_both_shapes() -> None:
    newest = objects.subscription_state(subscription(metadata={"user_id": USER}))
    assert newest["current_period_end"] == 200
    assert newest["items"] == [{"price_id": "price_1", "lookup_key": "pro"}]
    assert newest["user_id"] == USER
    item = {"id": "si_1", "plan": {"id": "price_1"}}
    older = objects.subscription_state(subscription(items={"data": [item]}, current_period_end=300))
    assert (older["current_period_end"], older["items"][0]["price_id"]) == (300, "price_1")


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ({}, None),
        ({"cancel_at_period_end": True}, 200),
        ({"cancel_at": 150}, 150),
        ({"cancel_at": 150, "ended_at": 120, "status": "canceled"}, 120),
    ],
)
def test_when_it_ends(given: dict[str, Any], ends: int | None) -> None:
    assert objects.subscription_state(subscription(**given))["cancel_at"] == ends


def test_since_when_a_payment_is_owed() -> None:
    owed = {"latest_invoice": {"created": 50, "status_transitions": {"finalized_at": 60}}}
    assert objects.subscription_state(subscription(status="past_due", **owed))["past_due_since"] == 60
    assert objects.subscription_state(subscription(**owed))["past_due_since"] is None
    assert objects.subscription_state(subscription(status="past_due", latest_invoice="in_1"))["past_due_since"] is None


@pytest.mark.parametrize("user", [None, 7, "", "ada", {}, USER.replace("-", "") + "x"])
def test_a_user_is_a_uuid_or_nobody(user: Any) -> None:
    assert objects.user_of({"metadata": {"user_id": user}}) is None
    assert objects.user_of({"metadata": None}) is None


def test_the_customer_tells_whose_it_is_where_the_subscription_does_not() -> None:
    customer = {"id": "cus_1", "metadata": {"user_id": USER}}
    state = objects.subscription_state(subscription(customer=customer))
    assert (state["customer_id"], state["user_id"]) == ("cus_1", USER)


@pytest.mark.parametrize("body", [None, [], "evt", {}, {"id": "evt_1"}, {"id": "evt/1", "type": "a"}, {"id": 1}])
def test_what_is_no_event(body: Any) -> None:
    with pytest.raises(ValueError, match="not an event"):
        read_event(body)


@pytest.mark.parametrize("path", ["/", "/a/b?c=d&e=%20#f", "/a?next=https://x", "/s={CHECKOUT_SESSION_ID}"])
def test_paths_of_the_site(path: str) -> None:
    assert PortalRequest(return_path=path).return_path == path


@pytest.mark.parametrize("path", ["//x", "/\\x", "/%2F%2Fx", "/%5cx", "/a/..", "/%2e%2e/", "https://x", "x", "/a b"])
def test_paths_that_are_not(path: str) -> None:
    with pytest.raises(ValidationError):
        PortalRequest(return_path=path)
