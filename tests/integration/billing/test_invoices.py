"""Invoices follow Stripe's, whatever the order of their events; each user sees their own."""

import random

import pytest

from tests.integration.billing.backend import Backend
from tests.support import plain_http
from tests.support.users import User
from tests.support.vendors.stripe import SDK_WARNING, Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

FIELDS = "stripe_id,subscription_id,number,status,currency,amount_due,amount_paid,hosted_invoice_url,invoice_pdf"


@pytest.fixture
def user(backend: Backend, at_stripe: Stripe) -> User:
    made = backend.stack.make_user()
    object.__setattr__(at_stripe, "user", str(made.id))
    return made


def seen_by(backend: Backend, user: User) -> list[dict[str, object]]:
    with backend.stack.client(user) as client:
        answer = client.get("/rest/v1/invoices", params={"select": FIELDS, "order": "created_at,stripe_id"})
    found: list[dict[str, object]] = answer.raise_for_status().json()
    return found


def at_stripe_now(at_stripe: Stripe, customer: str) -> list[dict[str, object]]:
    listed = at_stripe.sdk().v1.invoices.list({"customer": customer, "limit": 100}).data
    return [
        {
            "stripe_id": each.id,
            "subscription_id": each.to_dict()["parent"]["subscription_details"]["subscription"],
            **{name: getattr(each, name) for name in FIELDS.split(",")[2:]},
        }
        for each in sorted(listed, key=lambda each: (each.created, each.id))
        if each.status != "draft"
    ]


def test_any_order_ends_as_it_is_at_stripe(backend: Backend, at_stripe: Stripe, user: User) -> None:
    customer = at_stripe.paying_customer().id
    at_stripe.subscribe(customer)
    at_stripe.tell(f"customers/{user.id}/advance", to="renewal")
    at_stripe.tell(f"customers/{user.id}/card", outcome="card_declined")
    at_stripe.tell(f"customers/{user.id}/advance", to="renewal")
    events = [event for event in at_stripe.events() if event["type"].startswith(("invoice.", "customer.subscription."))]
    random.shuffle(events)
    for event in events:
        backend.deliver(event)
    ours = seen_by(backend, user)
    assert [invoice["status"] for invoice in ours] == ["paid", "paid", "open"]
    assert ours == at_stripe_now(at_stripe, customer)
    assert seen_by(backend, backend.stack.make_user()) == []
    assert plain_http.get(
        f"{backend.stack.url}/rest/v1/invoices", headers=backend.stack.headers("anon")
    ).is_client_error

    at_stripe.tell(f"customers/{user.id}/card", outcome="ok")
    at_stripe.sdk().v1.invoices.pay(str(ours[-1]["stripe_id"]))
    for event in at_stripe.events("invoice.paid")[-1:]:
        backend.deliver(event)
    assert [invoice["status"] for invoice in seen_by(backend, user)] == ["paid"] * 3


def test_a_lower_version_changes_nothing(backend: Backend, user: User) -> None:
    invoice = (
        '{"id": "in_versions", "status": "%s", "currency": "usd", "amount_due": 900, "amount_paid": %s, '
        '"amount_remaining": 0, "created": 1}'
    )
    for version, status, paid in ((7, "paid", 900), (6, "open", 0), (7, "open", 0), (5, "draft", 0)):
        backend.change(
            "select private.store_stripe_invoices(%s, %s, jsonb_build_array(%s::jsonb))",
            version,
            user.id,
            invoice % (status, paid),
        )
    [stored] = seen_by(backend, user)
    assert (stored["status"], stored["amount_paid"]) == ("paid", 900)
