"""Which object each type of Stripe's events is about, and what is read of an event. No I/O."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from showcase.billing.domain import Event, ObjectKind
from showcase.billing.objects import identifier, mapping, prices_before, prices_of, subscription_of_invoice

_TYPE = re.compile(r"[a-z0-9_.]{1,255}")


def _own(obj: Mapping[str, Any]) -> str | None:
    return identifier(obj.get("id"))


def _member(name: str) -> Callable[[Mapping[str, Any]], str | None]:
    return lambda obj: identifier(obj.get(name))


_OBJECTS: dict[str, tuple[ObjectKind, Callable[[Mapping[str, Any]], str | None]]] = {
    **{
        f"customer.subscription.{name}": (ObjectKind.SUBSCRIPTION, _own)
        for name in (
            *("created", "updated", "deleted", "paused", "resumed", "trial_will_end"),
            *("pending_update_applied", "pending_update_expired"),
        )
    },
    **{
        f"invoice.{name}": (ObjectKind.SUBSCRIPTION, subscription_of_invoice)
        for name in (
            *("created", "finalized", "updated", "paid", "payment_failed", "payment_action_required"),
            *("upcoming", "voided", "marked_uncollectible"),
        )
    },
    **{
        f"checkout.session.{name}": (ObjectKind.SUBSCRIPTION, _member("subscription"))
        for name in ("completed", "async_payment_succeeded", "async_payment_failed")
    },
    **{f"price.{name}": (ObjectKind.PRICES, _member("product")) for name in ("created", "updated", "deleted")},
    **{f"product.{name}": (ObjectKind.PRICES, _own) for name in ("created", "updated", "deleted")},
    "customer.created": (ObjectKind.CUSTOMER, _own),
    "customer.updated": (ObjectKind.CUSTOMER, _own),
    "customer.deleted": (ObjectKind.CUSTOMER, _own),
    "charge.refunded": (ObjectKind.REFUND, _own),
    "charge.dispute.created": (ObjectKind.DISPUTE, _member("charge")),
}
"""The object that each type of event is about, and where its id is in the event's body."""

_UPCOMING = ("amount_due", "currency", "period_end")

EVENT_TYPES = tuple(sorted(_OBJECTS))
"""All that mean something here: what the webhook endpoint at Stripe is to send."""


def read_event(body: Any) -> Event:
    """The event in a webhook's parsed body.

    Raises:
        ValueError: it is not an event as Stripe makes them.
    """
    event = mapping(body)
    identity, name = identifier(event.get("id")), event.get("type")
    if identity is None or not isinstance(name, str) or not _TYPE.fullmatch(name):
        raise ValueError("not an event")
    obj = mapping(mapping(event.get("data")).get("object"))
    kind, find_id = _OBJECTS.get(name, (ObjectKind.NOTHING, _own))
    object_id = find_id(obj)
    invoice_id = _own(obj) if obj.get("object") == "invoice" and kind is ObjectKind.SUBSCRIPTION else None
    if object_id is None and invoice_id is not None and obj.get("status") != "draft":
        kind, object_id = ObjectKind.INVOICE, invoice_id
    if object_id is None or kind is ObjectKind.NOTHING:
        return Event(identity, name, ObjectKind.NOTHING)
    livemode, created = event.get("livemode"), event.get("created")
    before = mapping(mapping(event.get("data")).get("previous_attributes"))
    return Event(
        identity,
        name,
        kind,
        object_id,
        tuple(prices_of(obj) if kind is ObjectKind.SUBSCRIPTION else prices_before(obj, before)),
        livemode if isinstance(livemode, bool) else None,
        identifier(event.get("account")),
        invoice_id,
        {key: obj.get(key) for key in _UPCOMING} if name == "invoice.upcoming" else {},
        created if isinstance(created, int) else 0,
    )
