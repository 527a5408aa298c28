"""Customers, and what goes with them when they are deleted."""

from typing import Any

from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import combined_currencies
from local.simulators.stripe.invoicing import billing
from local.simulators.stripe.state import Object, new_id


def new_customer(context: Context, **given: Any) -> Object:
    """Not announced yet: what belongs to it may still be added."""
    identity = new_id("cus", 14)
    customer = {
        "id": identity,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": context.now(),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": identity[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    } | given
    if customer["test_clock"]:
        customer["created"] = context.now(customer)
    return context.state.add(customer)


def check_currency(context: Context, customer: Object, currency: str, *, besides: Object | None = None) -> None:
    """One currency for all that a customer has at a time; an open checkout counts."""
    state = context.state
    live = (each for each in state.owned("subscription", customer["id"]) if not each["ended_at"])
    sessions = (
        each
        for each in state.owned("checkout.session", customer["id"])
        if each["status"] == "open" and each is not besides
    )
    for taken in (*live, *sessions):
        if taken["currency"] != currency:
            raise combined_currencies(taken["currency"])


def delete(context: Context, customer: Object) -> None:
    """Its subscriptions are cancelled, its open sessions are closed; its id answers `deleted` from now on."""
    for subscription in context.state.owned("subscription", customer["id"]):
        if not subscription["ended_at"]:
            billing.cancel(context, subscription, "cancellation_requested")
    for session in context.state.owned("checkout.session", customer["id"]):
        if session["status"] == "open":
            session |= {"status": "expired", "url": None}
    context.emit("customer.deleted", customer)
    customer["_deleted"] = True
