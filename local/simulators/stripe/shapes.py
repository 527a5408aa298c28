"""The objects as Stripe shows them: newest shape, or the one before 2025-03-31."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from local.simulators.stripe.state import Object, State

MOVED = "2025-03-31"
"""The version that moved a subscription's period to its items, and an invoice's subscription to its parent."""


def present(state: State, obj: Object) -> Object:
    """A copy in the newest shape, without what is the simulator's own."""
    if obj.get("_deleted"):
        return {"id": obj["id"], "object": obj["object"], "deleted": True}
    shown = deepcopy({name: value for name, value in obj.items() if not name.startswith("_")})
    if "livemode" in shown:
        shown["livemode"] = state.livemode
    if obj["object"] == "subscription":
        for item in shown["items"]["data"]:
            item["price"] = present(state, state.kinds["price"][item["price"]])
    elif obj["object"] == "subscription_item":
        shown["price"] = present(state, state.kinds["price"][obj["price"]])
    return shown


def in_version(shown: Object, version: str, state: State) -> Object:
    """The same object for a client of that version."""
    if version[:10] >= MOVED:
        return shown
    older = _OLDER.get(str(shown.get("object")))
    return older(shown, state) if older else shown


def _old_subscription(shown: Object, _: State) -> Object:
    items = shown["items"]["data"]
    for name in ("current_period_start", "current_period_end"):
        shown[name] = min(item[name] for item in items)
        for item in items:
            item.pop(name)
    for item in items:
        item["plan"] = _plan(item["price"])
    shown |= {"discount": None, "plan": items[0]["plan"] if len(items) == 1 else None, "quantity": items[0]["quantity"]}
    for name in ("billing_mode", "billing_schedules", "customer_account"):
        shown.pop(name, None)
    return shown


def _old_item(shown: Object, _: State) -> Object:
    for name in ("current_period_start", "current_period_end"):
        shown.pop(name, None)
    return shown | {"plan": _plan(shown["price"])}


def _old_invoice(shown: Object, state: State) -> Object:
    details = ((shown.pop("parent") or {}).get("subscription_details")) or {}
    kept = state.find(shown.get("id", ""), "invoice") or {}
    payment = next(reversed(kept.get("_payments", [])), None)
    shown.pop("payments", None)
    shown |= {
        "subscription": details.get("subscription"),
        "subscription_details": {"metadata": details.get("metadata")},
        "paid": shown["status"] == "paid",
        "paid_out_of_band": False,
        "discount": None,
        "tax": None,
        "charge": payment["_charge"] if payment else None,
        "payment_intent": payment["payment"]["payment_intent"] if payment else None,
    }
    for name in ("amount_overpaid", "amount_paid_off_stripe", "confirmation_secret", "customer_account", "total_taxes"):
        shown.pop(name, None)
    shown["lines"]["data"] = [_old_line(line, state) for line in shown["lines"]["data"]]
    return shown


def _old_line(line: Object, state: State) -> Object:
    details = line.pop("parent")["subscription_item_details"]
    full = present(state, state.kinds["price"][line.pop("pricing")["price_details"]["price"]])
    for name in ("subtotal", "taxes", "quantity_decimal"):
        line.pop(name, None)
    return line | {
        "type": "invoiceitem" if details["proration"] else "subscription",
        "subscription": details["subscription"],
        "subscription_item": details["subscription_item"],
        "proration": details["proration"],
        "price": full,
        "plan": _plan(full),
        "tax_amounts": [],
        "tax_rates": [],
    }


def _old_session(shown: Object, _: State) -> Object:
    return shown | {"ui_mode": "hosted"}


def _plan(price: Mapping[str, Any]) -> Object:
    recurring = price["recurring"] or {}
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "currency": price["currency"],
        "interval": recurring.get("interval"),
        "interval_count": recurring.get("interval_count"),
        "product": price["product"],
        "nickname": price["nickname"],
        "created": price["created"],
        "livemode": price["livemode"],
        "metadata": price["metadata"],
    }


_OLDER: dict[str, Callable[[Object, State], Object]] = {
    "subscription": _old_subscription,
    "subscription_item": _old_item,
    "invoice": _old_invoice,
    "checkout.session": _old_session,
}
