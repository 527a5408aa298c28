"""What Stripe's events and objects are read as."""

from typing import Any

import pytest
from pydantic import ValidationError
from showcase.billing import objects
from showcase.billing.domain import Event, ObjectKind
from showcase.billing.event_types import read_event
from showcase.billing.schemas import PortalRequest
from showcase.billing.shapes import UnexpectedObject

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


def test_an_invoice_of_no_subscription_is_fetched_itself_unless_it_is_a_draft() -> None:
    one_off = {"id": "in_2", "object": "invoice", "parent": None}
    read = event("invoice.paid", one_off)
    assert (read.kind, read.object_id) == (ObjectKind.INVOICE, "in_2")
    assert event("invoice.updated", one_off | {"status": "draft"}).kind is ObjectKind.NOTHING


def test_what_cannot_be_fetched_later_is_kept() -> None:
    body = {
        **invoice(period_end=9, amount_due=900, currency="usd", customer_email="a@example.com"),
        "object": "invoice",
    }
    body.pop("id")
    read = read_event({"id": "evt_1", "type": "invoice.upcoming", "created": 5, "data": {"object": body}})
    assert read.reference() == {
        "kind": "subscription",
        "object_id": "sub_1",
        "prices": [],
        "livemode": None,
        "account": None,
        "invoice_id": None,
        "upcoming": {"amount_due": 900, "currency": "usd", "period_end": 9},
        "created": 5,
    }


def test_what_an_earlier_version_recorded_is_read() -> None:
    kept = {"kind": "subscription", "object_id": "sub_1", "emails": []}
    assert Event.from_ledger({"id": "evt_1", "type": "invoice.paid", "reference": kept}).object_id == "sub_1"


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


def test_an_invoice_pays_for_the_time_of_its_lines() -> None:
    lines = {"data": [{"period": {"start": 20, "end": 30}}, {"period": {"start": 25, "end": 30}}]}
    state = objects.invoice_state(invoice(period_start=10, period_end=20, lines=lines, customer="cus_1"))
    assert (state["period_start"], state["period_end"]) == (20, 30)
    assert (state["customer_id"], state["subscription_id"]) == ("cus_1", "sub_1")
    older = objects.invoice_state({"id": "in_1", "period_start": 10, "period_end": 20, "subscription": "sub_old"})
    assert (older["period_start"], older["period_end"], older["subscription_id"]) == (10, 20, "sub_old")


def test_what_is_paid_and_how_often() -> None:
    price = {"id": "p", "unit_amount": 900, "currency": "usd", "recurring": {"interval": "month", "interval_count": 3}}
    terms = {"amount": 1800, "currency": "usd", "interval": "month", "interval_count": 3}
    item = {"price": price, "quantity": 2}
    assert objects.subscription_state(subscription(items={"data": [item]}))["price"] == terms
    assert objects.subscription_state(subscription(items={"data": [item, item]}))["price"] == {}


def test_a_long_description_is_cut_where_our_column_ends() -> None:
    """Stripe takes 40,000 characters; one product must not hold up the prices of all."""
    product = {"id": "prod_1", "name": "Pro", "description": "x" * 40_000}
    assert objects.price_state({"id": "price_1", "product": product})["description"] == "x" * 5000


@pytest.mark.parametrize("customer", ["cus_1", {"id": "cus_1", "object": "customer"}, {"id": "cus_1", "deleted": True}])
def test_a_customer_may_be_expanded(customer: Any) -> None:
    assert objects.customer_of({"customer": customer}) == "cus_1"


@pytest.mark.parametrize(
    "obj", [{}, {"customer": None}, {"customer": {}}, {"customer": ["cus_1"]}, {"customer": "a/b"}]
)
def test_a_customer_without_an_id_is_stripes_failure(obj: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedObject):
        objects.customer_of(obj)
