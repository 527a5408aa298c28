"""Customers, and what goes with them when they are deleted."""

from typing import Any

from local.simulators.stripe import billing
from local.simulators.stripe.errors import combined_currencies
from local.simulators.stripe.state import Object, new_id
from local.simulators.stripe.world import World


def new_customer(world: World, **given: Any) -> Object:
    """Not announced yet: what belongs to it may still be added."""
    identity = new_id("cus", 14)
    customer = {
        "id": identity,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": world.now(),
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
        customer["created"] = world.now(customer)
    return world.state.add(customer)


def check_currency(world: World, customer: Object, currency: str, *, besides: Object | None = None) -> None:
    """One currency for all that a customer has at a time; an open checkout counts."""
    state = world.state
    live = (each for each in state.owned("subscription", customer["id"]) if not each["ended_at"])
    sessions = (
        each
        for each in state.owned("checkout.session", customer["id"])
        if each["status"] == "open" and each is not besides
    )
    for taken in (*live, *sessions):
        if taken["currency"] != currency:
            raise combined_currencies(taken["currency"])


def delete(world: World, customer: Object) -> None:
    """Its subscriptions are cancelled, its open sessions are closed; its id answers `deleted` from now on."""
    for subscription in world.state.owned("subscription", customer["id"]):
        if not subscription["ended_at"]:
            billing.cancel(world, subscription, "cancellation_requested")
    for session in world.state.owned("checkout.session", customer["id"]):
        if session["status"] == "open":
            session |= {"status": "expired", "url": None}
    world.emit("customer.deleted", customer)
    customer["_deleted"] = True
