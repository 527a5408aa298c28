"""Changing a subscription's items: what becomes due now, what with the next invoice, and what if it is declined."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import declined, invalid, missing
from local.simulators.stripe.invoicing import billing, invoices
from local.simulators.stripe.invoicing.calendar import HOUR, period_end
from local.simulators.stripe.invoicing.invoice_forms import line
from local.simulators.stripe.invoicing.payments import default_card
from local.simulators.stripe.invoicing.subscriptions import add_item, period_lines
from local.simulators.stripe.shapes import present
from local.simulators.stripe.state import Object


@dataclass(frozen=True)
class ItemChange:
    """One entry of `items`: without an id it adds one."""

    item: str | None
    price: Object | None
    quantity: int | None
    deleted: bool = False


def change_items(
    context: Context, subscription: Object, wanted: Sequence[ItemChange], proration: str, payment_behavior: str
) -> None:
    customer = context.state.kinds["customer"][subscription["customer"]]
    before = deepcopy(subscription["items"]["data"])
    kept = deepcopy(subscription)
    _apply(context, subscription, wanted)
    now = context.now(customer)
    lines = [] if proration == "none" else _prorations(context, subscription, before, now)
    restarted = _recurring(context, before[0]["price"]) != _recurring(
        context, subscription["items"]["data"][0]["price"]
    )
    if restarted:
        _restart(context, subscription, now)
        lines = [each for each in lines if each["amount"] < 0] + period_lines(context, subscription)
    if subscription["status"] == "trialing" or not lines:
        return
    if not restarted and proration != "always_invoice":
        subscription["_pending_lines"] += lines
        return
    lines = subscription["_pending_lines"] + lines
    card = default_card(context, customer, subscription)
    refused = sum(each["amount"] for each in lines) > 0 and card is not None and card["_outcome"] != "ok"
    if refused and payment_behavior == "error_if_incomplete":
        _restore(subscription, kept)
        raise declined(str(card and card["_outcome"]))
    if refused and payment_behavior == "pending_if_incomplete":
        items = present(context.state, subscription)["items"]["data"]
        _restore(subscription, kept)
        subscription["pending_update"] = {
            "billing_cycle_anchor": None,
            "expires_at": now + 23 * HOUR,
            "subscription_items": items,
            "trial_end": None,
            "trial_from_plan": None,
        }
        subscription["_pending_invoice"] = invoices.draft(context, subscription, "subscription_update", lines)["id"]
        return
    subscription["_pending_lines"] = []
    subscription["_now_due"] = lines


def collect_due(context: Context, subscription: Object) -> None:
    """After the update was announced: pays for it."""
    lines = subscription.pop("_now_due", None)
    if lines:
        invoice = invoices.draft(context, subscription, "subscription_update", lines)
        billing.collect(context, subscription, invoice)
    elif subscription.get("_pending_invoice"):
        invoice = context.state.kinds["invoice"][subscription["_pending_invoice"]]
        if invoice["status"] == "draft":
            invoices.finalize(context, invoice)
            invoices.attempt(context, invoice, subscription)
            context.emit("invoice.payment_failed", invoice)


def settle_pending(context: Context, subscription: Object, *, paid: bool) -> None:
    """The invoice of a pending update was paid, or its time is over."""
    update = subscription["pending_update"]
    invoice = context.state.kinds["invoice"][subscription.pop("_pending_invoice")]
    with context.updating(subscription, "customer.subscription.updated"):
        subscription["pending_update"] = None
        if paid:
            items = [item | {"price": item["price"]["id"]} for item in update["subscription_items"]]
            subscription["items"]["data"] = items
    if not paid and invoice["status"] == "open":
        invoices.void(context, invoice)
    context.emit(f"customer.subscription.pending_update_{'applied' if paid else 'expired'}", subscription)


def _apply(context: Context, subscription: Object, wanted: Sequence[ItemChange]) -> None:
    items = subscription["items"]["data"]
    for change in wanted:
        if change.item is None:
            _add(subscription, change)
            continue
        found = next((item for item in items if item["id"] == change.item), None)
        if found is None:
            raise missing("subscription item", change.item, param="items[0][id]", status=400)
        if change.deleted:
            items.remove(found)
            continue
        if change.price:
            found["price"] = change.price["id"]
        if change.quantity is not None:
            found["quantity"] = change.quantity
    if not items:
        raise invalid("A subscription must have at least one active plan.", param="items")
    if len({str(_recurring(context, item["price"])) for item in items}) > 1:
        raise invalid("All prices on a subscription must have the same `recurring` interval.", param="items")


def _add(subscription: Object, change: ItemChange) -> None:
    items = subscription["items"]["data"]
    if change.price is None:
        raise invalid("Missing required param: items[0][price].", param="items[0][price]", code="parameter_missing")
    if any(item["price"] == change.price["id"] for item in items):
        raise invalid(f"Cannot add multiple subscription items with the same plan: {change.price['id']}", param="items")
    start, end = items[0]["current_period_start"], items[0]["current_period_end"]
    add_item(subscription, change.price, change.quantity or 1, start, end)


def _prorations(context: Context, subscription: Object, before: Sequence[Object], now: int) -> list[Object]:
    """Takes back what was paid for the rest of the period, and asks for the new price of it."""
    lines = []
    for sign, items, word in ((-1, before, "Unused"), (1, subscription["items"]["data"], "Remaining")):
        for item in items:
            if item in (subscription["items"]["data"] if sign < 0 else before):
                continue
            price = context.state.kinds["price"][item["price"]]
            start, end = item["current_period_start"], item["current_period_end"]
            share = max(0, end - now) / max(1, end - start)
            amount = sign * round(price["unit_amount"] * item["quantity"] * share)
            description = f"{word} time on {price['lookup_key'] or price['id']}"
            lines.append(
                line(subscription, item, price, amount, start=now, end=end, proration=True, description=description)
            )
    return lines


def _restart(context: Context, subscription: Object, now: int) -> None:
    """Another interval begins a new period at once."""
    if subscription["status"] == "trialing":
        return
    subscription["billing_cycle_anchor"] = now
    for item in subscription["items"]["data"]:
        end = period_end(now, now, _recurring(context, item["price"]))
        item |= {"current_period_start": now, "current_period_end": end}


def _recurring(context: Context, price_id: str) -> Object:
    recurring: Object = context.state.kinds["price"][price_id]["recurring"]
    return {name: recurring[name] for name in ("interval", "interval_count")}


def _restore(subscription: Object, kept: Object) -> None:
    subscription.clear()
    subscription.update(kept)
