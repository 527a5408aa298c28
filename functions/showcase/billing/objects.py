"""What Stripe's objects say, in both of their shapes, as our database functions take it. No I/O.

Until API version 2025-03-31 a subscription itself had `current_period_end` and an invoice `subscription`; since then
they are on its items, and under `parent.subscription_details`. Which of them an event has is up to its endpoint.
"""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from showcase.billing.shapes import UnexpectedObject, reads

LIVE = frozenset({"trialing", "active", "past_due", "unpaid", "paused"})
"""Statuses of a subscription that a user has: a second one is not sold beside it."""

ENDED = frozenset({"canceled", "incomplete_expired"})
"""Statuses of a subscription that is over for good."""

LONGEST_TRIAL = 730  # days, as Stripe allows

LONGEST_TEXT = 5000  # characters; Stripe takes descriptions of 40,000, and a pricing page shows no such

_PLAN = re.compile(r"[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?")
_DIGITS = re.compile(r"[0-9]{1,12}")
_ID = re.compile(r"[A-Za-z0-9_]{1,255}")


def subscription_of_invoice(invoice: Mapping[str, Any]) -> str | None:
    """Of either shape; None where the invoice is not a subscription's."""
    details = mapping(mapping(invoice.get("parent")).get("subscription_details"))
    return identifier(details.get("subscription")) or identifier(invoice.get("subscription"))


@reads
def subscription_state(obj: Mapping[str, Any]) -> dict[str, Any]:
    """A subscription of either shape as `apply_stripe_subscription` takes it."""
    items = [mapping(item) for item in mapping(obj.get("items")).get("data") or []]
    ends = [end for item in items if (end := item.get("current_period_end")) is not None]
    period_end = obj.get("current_period_end") or min(ends, default=None)
    invoice = mapping(obj.get("latest_invoice"))
    finalized = mapping(invoice.get("status_transitions")).get("finalized_at")
    customer = mapping(obj.get("customer"))
    return {
        "id": obj["id"],
        # One that was deleted is nobody's customer any more, and must not become somebody's again.
        "customer_id": None if customer.get("deleted") else identifier(obj.get("customer")),
        "user_id": user_of(obj) or user_of(customer),
        "status": obj["status"],
        "items": prices_of(obj),
        "price": _terms(items[0]) if len(items) == 1 else {},
        "trial_end": obj.get("trial_end"),
        "invoices": [invoice_state(invoice)] if invoice else [],
        "current_period_end": period_end,
        "cancel_at": obj.get("ended_at")
        or obj.get("cancel_at")
        or (period_end if obj.get("cancel_at_period_end") else None),
        "created": obj.get("created"),
        "past_due_since": (finalized or invoice.get("created")) if obj["status"] == "past_due" else None,
        "livemode": obj.get("livemode"),
    }


def prices_of(subscription: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The prices of a subscription's items, in Stripe's order; none of what is not a subscription."""
    listed = mapping(subscription.get("items")).get("data")
    items = [mapping(item) for item in listed] if isinstance(listed, list) else []
    prices = [mapping(item.get("price") or item.get("plan")) for item in items]
    return [{"price_id": identifier(price), "lookup_key": _key(price.get("lookup_key"))} for price in prices]


def prices_before(price: Mapping[str, Any], previous: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A price under the lookup key that it had before it was changed; none of what is not a price."""
    if price.get("object") != "price" or identifier(price) is None:
        return []
    return [{"price_id": identifier(price), "lookup_key": _key(previous.get("lookup_key"))}]


@reads
def price_state(obj: Mapping[str, Any]) -> dict[str, Any]:
    """A price with its product expanded, as `apply_stripe_prices` takes it.

    Metadata, the price's before the product's: `plan` and `tier` say what it is sold as, `offered` (false) that it is
    not on sale to all, `trial_days` how long a first subscription costs nothing; `limit_<name>` are numbers to show.
    """
    product = mapping(obj.get("product"))
    recurring = mapping(obj.get("recurring"))
    metadata = {**mapping(product.get("metadata")), **mapping(obj.get("metadata"))}
    plan, tier = str(metadata.get("plan", "")), metadata.get("tier")
    days = _number(metadata.get("trial_days"))
    features = [mapping(each).get("name") for each in product.get("marketing_features") or ()]
    return {
        "id": obj["id"],
        "product_id": identifier(obj.get("product")),
        "lookup_key": _key(obj.get("lookup_key")),
        "active": bool(obj.get("active")) and bool(product.get("active", True)) and not product.get("deleted"),
        "currency": obj.get("currency"),
        "amount": obj.get("unit_amount"),
        "interval": recurring.get("interval"),
        "interval_count": recurring.get("interval_count"),
        "trial_days": days if days is None or days <= LONGEST_TRIAL else LONGEST_TRIAL,
        "name": (product.get("name") or "")[:LONGEST_TEXT] or None,
        "description": (product.get("description") or "")[:LONGEST_TEXT] or None,
        "features": [each for each in features if isinstance(each, str)],
        "limits": {
            name.removeprefix("limit_"): _number(value)
            for name, value in metadata.items()
            if name.startswith("limit_") and _number(value) is not None
        },
        "plan": plan if _PLAN.fullmatch(plan) and plan != "unknown" else None,
        "tier": tier if tier in {"free", "paid"} else None,
        "offered": metadata.get("offered") != "false",
        "livemode": obj.get("livemode"),
    }


def _number(text: Any) -> int | None:
    return int(text) if isinstance(text, str) and _DIGITS.fullmatch(text) else None


def _key(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 200 else None


def _terms(item: Mapping[str, Any]) -> dict[str, Any]:
    """What is paid for an item, and how often: amount in the currency's smallest unit."""
    price = mapping(item.get("price") or item.get("plan"))
    recurring, amount = mapping(price.get("recurring")), price.get("unit_amount")
    return {
        "amount": amount * (item.get("quantity") or 1) if isinstance(amount, int) else None,
        "currency": price.get("currency"),
        "interval": recurring.get("interval"),
        "interval_count": recurring.get("interval_count"),
    }


def is_ending(subscription: Mapping[str, Any]) -> bool:
    """Whether it is to end, now or later, and not to renew."""
    return bool(
        subscription.get("cancel_at_period_end") or subscription.get("cancel_at") or subscription.get("ended_at")
    )


@reads
def invoice_state(obj: Mapping[str, Any]) -> dict[str, Any]:
    """An invoice as `store_stripe_invoices` takes it: no address and no part of the card.

    The period is the one that its lines pay for: the invoice's own is the one before.
    """
    periods = [mapping(mapping(line).get("period")) for line in mapping(obj.get("lines")).get("data") or []]
    starts = [start for period in periods if (start := period.get("start")) is not None]
    ends = [end for period in periods if (end := period.get("end")) is not None]
    kept = (
        *("id", "number", "status", "currency", "amount_due", "amount_paid", "amount_remaining"),
        *("hosted_invoice_url", "invoice_pdf", "created", "livemode"),
    )
    return {name: obj.get(name) for name in kept} | {
        "customer_id": identifier(obj.get("customer")),
        "subscription_id": subscription_of_invoice(obj),
        "period_start": min(starts, default=obj.get("period_start")),
        "period_end": max(ends, default=obj.get("period_end")),
    }


@reads
def customer_state(obj: Mapping[str, Any]) -> dict[str, Any]:
    """A customer as `apply_stripe_customer` takes it."""
    return {
        "id": obj["id"],
        "user_id": user_of(obj),
        "deleted": bool(obj.get("deleted")),
        "livemode": obj.get("livemode"),
    }


@reads
def charge_state(obj: Mapping[str, Any]) -> dict[str, Any]:
    """A charge as `apply_stripe_charge` takes it: no part of the card."""
    kept = ("id", "amount", "amount_refunded", "currency", "disputed")
    return {name: obj.get(name) for name in kept} | {"customer_id": identifier(obj.get("customer"))}


def user_of(obj: Mapping[str, Any]) -> str | None:
    """Whom we wrote into an object's metadata."""
    try:
        return str(UUID(mapping(obj.get("metadata")).get("user_id")))
    except (TypeError, ValueError, AttributeError):
        return None


def identifier(value: Any) -> str | None:
    """Stripe's id of something, whether it was expanded or not."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def customer_of(obj: Mapping[str, Any]) -> str:
    """The id of an object's customer. Raises: UnexpectedObject."""
    customer = identifier(obj.get("customer"))
    if customer is None:
        raise UnexpectedObject
    return customer


def mapping(value: Any) -> Mapping[str, Any]:
    """The value, or an empty mapping in the place of anything else."""
    return value if isinstance(value, Mapping) else {}
