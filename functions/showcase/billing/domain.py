"""What Stripe's events are about, and what its objects say, in both of their shapes. No I/O.

Until API version 2025-03-31 a subscription itself had `current_period_end` and an invoice `subscription`; since then
they are on its items, and under `parent.subscription_details`. Which of them an event has is up to its endpoint.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from showcase.billing.emails import emails_of

LIVE = frozenset({"trialing", "active", "past_due", "unpaid", "paused"})
"""Statuses of a subscription that somebody has: a second one is not sold beside it."""

_ID = re.compile(r"[A-Za-z0-9_]{1,255}")
_TYPE = re.compile(r"[a-z0-9_.]{1,255}")


class Look(StrEnum):
    """What an event makes us look at."""

    SUBSCRIPTION = "subscription"
    CUSTOMER = "customer"
    REFUND = "charge_refunded"
    DISPUTE = "charge_disputed"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Event:
    """A hint that something changed: what to look at, and the e-mails that follow from what happened."""

    id: str
    type: str
    look: Look
    object_id: str | None = None
    emails: tuple[Mapping[str, Any], ...] = ()

    def hint(self) -> dict[str, Any]:
        """What the ledger keeps."""
        return {"look": self.look, "object_id": self.object_id, "emails": list(self.emails)}

    @classmethod
    def from_ledger(cls, row: Mapping[str, Any]) -> "Event":
        hint = row["hint"]
        return cls(row["id"], row["type"], Look(hint["look"]), hint["object_id"], tuple(hint["emails"]))


_SUBSCRIPTION_EVENTS = {
    f"customer.subscription.{name}"
    for name in (
        *("created", "updated", "deleted", "paused", "resumed", "trial_will_end"),
        *("pending_update_applied", "pending_update_expired"),
    )
}
_INVOICE_EVENTS = {
    f"invoice.{name}" for name in ("paid", "payment_failed", "payment_action_required", "upcoming", "finalized")
}
_CHECKOUT_EVENTS = {
    f"checkout.session.{name}" for name in ("completed", "async_payment_succeeded", "async_payment_failed")
}
_CUSTOMER_EVENTS = {"customer.updated", "customer.deleted"}
_REFUNDED, _DISPUTED = "charge.refunded", "charge.dispute.created"

EVENT_TYPES = tuple(
    sorted({*_SUBSCRIPTION_EVENTS, *_INVOICE_EVENTS, *_CHECKOUT_EVENTS, *_CUSTOMER_EVENTS, _REFUNDED, _DISPUTED})
)
"""All that mean something here: what the webhook endpoint at Stripe is to send."""


def read_event(body: Any) -> Event:
    """The event in a webhook's parsed body.

    Raises:
        ValueError: it is not an event as Stripe makes them.
    """
    event = _mapping(body)
    identity, kind = identifier(event.get("id")), event.get("type")
    if identity is None or not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        raise ValueError("not an event")
    obj = _mapping(_mapping(event.get("data")).get("object"))
    look, object_id = _what_to_look_at(kind, obj)
    if object_id is None:
        return Event(identity, kind, Look.NOTHING)
    emails = emails_of(kind, obj, object_id) if look is Look.SUBSCRIPTION else ()
    return Event(identity, kind, look, object_id, emails)


def _what_to_look_at(kind: str, obj: Mapping[str, Any]) -> tuple[Look, str | None]:
    if kind in _SUBSCRIPTION_EVENTS:
        return Look.SUBSCRIPTION, identifier(obj.get("id"))
    if kind in _INVOICE_EVENTS:
        return Look.SUBSCRIPTION, subscription_of_invoice(obj)
    if kind in _CHECKOUT_EVENTS:
        return Look.SUBSCRIPTION, identifier(obj.get("subscription"))
    if kind in _CUSTOMER_EVENTS:
        return Look.CUSTOMER, identifier(obj.get("id"))
    if kind == _REFUNDED:
        return Look.REFUND, identifier(obj.get("id"))
    if kind == _DISPUTED:
        return Look.DISPUTE, identifier(obj.get("charge"))
    return Look.NOTHING, None


def subscription_of_invoice(invoice: Mapping[str, Any]) -> str | None:
    """Of either shape; None where the invoice is not a subscription's."""
    details = _mapping(_mapping(invoice.get("parent")).get("subscription_details"))
    return identifier(details.get("subscription")) or identifier(invoice.get("subscription"))


def subscription_state(obj: Mapping[str, Any]) -> dict[str, Any]:
    """A subscription of either shape as `apply_stripe_subscription` takes it."""
    items = [_mapping(item) for item in _mapping(obj.get("items")).get("data") or []]
    ends = [end for item in items if (end := item.get("current_period_end")) is not None]
    period_end = obj.get("current_period_end") or min(ends, default=None)
    invoice = _mapping(obj.get("latest_invoice"))
    finalized = _mapping(invoice.get("status_transitions")).get("finalized_at")
    customer = _mapping(obj.get("customer"))
    return {
        "id": obj["id"],
        # One that was deleted is nobody's customer any more, and must not become somebody's again.
        "customer_id": None if customer.get("deleted") else identifier(obj.get("customer")),
        "user_id": user_of(obj) or user_of(customer),
        "status": obj["status"],
        "items": [_price(item) for item in items],
        "current_period_end": period_end,
        "cancel_at": obj.get("ended_at")
        or obj.get("cancel_at")
        or (period_end if obj.get("cancel_at_period_end") else None),
        "created": obj.get("created"),
        "past_due_since": (finalized or invoice.get("created")) if obj["status"] == "past_due" else None,
    }


def _price(item: Mapping[str, Any]) -> dict[str, Any]:
    price = _mapping(item.get("price") or item.get("plan"))
    return {"price_id": price.get("id"), "lookup_key": price.get("lookup_key")}


def customer_state(obj: Mapping[str, Any]) -> dict[str, Any]:
    """A customer as `apply_stripe_customer` takes it."""
    return {"id": obj["id"], "user_id": user_of(obj), "gone": bool(obj.get("deleted"))}


def charge_state(obj: Mapping[str, Any]) -> dict[str, Any]:
    """A charge as `apply_stripe_charge` takes it: no part of the card."""
    kept = ("id", "amount", "amount_refunded", "currency", "disputed")
    return {name: obj.get(name) for name in kept} | {"customer_id": identifier(obj.get("customer"))}


def user_of(obj: Mapping[str, Any]) -> str | None:
    """Whom we wrote into an object's metadata."""
    try:
        return str(UUID(_mapping(obj.get("metadata")).get("user_id")))
    except (TypeError, ValueError, AttributeError):
        return None


def identifier(value: Any) -> str | None:
    """Stripe's id of something, whether it was expanded or not."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
