"""Subscriptions: how one begins, changes its price, and is cancelled or resumed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import declined, invalid
from local.simulators.stripe.invoicing import billing, invoices
from local.simulators.stripe.invoicing.calendar import period_end
from local.simulators.stripe.invoicing.invoice_forms import line
from local.simulators.stripe.invoicing.payments import default_card
from local.simulators.stripe.state import Object, new_id


@dataclass(frozen=True)
class Wanted:
    """What a subscription begins with, asked by the API or by checkout."""

    items: Sequence[tuple[Object, int]]  # price, quantity
    metadata: dict[str, str]
    trial_end: int | None = None
    card: Object | None = None
    missing_payment_method: str = "create_invoice"
    payment_behavior: str = "allow_incomplete"
    description: str | None = None
    cancel_at_period_end: bool = False


def begin(context: Context, customer: Object, wanted: Wanted) -> Object:
    now = context.now(customer)
    intervals = {(p["recurring"]["interval"], p["recurring"]["interval_count"]) for p, _ in wanted.items}
    if len(intervals) > 1:
        raise invalid("All prices on a subscription must have the same `recurring` interval.", param="items")
    currencies = [price["currency"] for price, _ in wanted.items]
    for currency in currencies:
        if currency != currencies[0]:
            raise invalid(
                f"The price specified only supports `{currency}`. This doesn't match the expected currency: "
                f"`{currencies[0]}`.",
                param="items",
            )
    customer["currency"] = customer["currency"] or currencies[0]
    trial = wanted.trial_end if wanted.trial_end and wanted.trial_end > now else None
    card = wanted.card or default_card(context, customer)
    charged = trial is None and any(price["unit_amount"] for price, _ in wanted.items)
    if charged and card is None and wanted.payment_behavior != "default_incomplete":
        raise invalid(
            "This customer has no attached payment source or default payment method. Please consider adding a default "
            "payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-"
            "setting#payment-method-priority.",
            code="resource_missing",
        )
    if charged and card and wanted.payment_behavior == "error_if_incomplete" and card["_outcome"] != "ok":
        raise declined(card["_outcome"])
    subscription = _blank(customer, wanted, now, trial)
    end = trial or period_end(now, now, wanted.items[0][0]["recurring"])
    for price, quantity in wanted.items:
        add_item(subscription, price, quantity, now, end)
    context.state.add(subscription)
    if wanted.cancel_at_period_end:
        schedule_cancellation(context, subscription, end)
    context.emit("customer.subscription.created", subscription)
    invoice = invoices.draft(
        context, subscription, "subscription_create", period_lines(context, subscription, free=bool(trial))
    )
    if wanted.payment_behavior == "default_incomplete" and charged:
        invoices.finalize(context, invoice)
    else:
        billing.collect(context, subscription, invoice, wanted.card)
    return subscription


def period_lines(context: Context, subscription: Object, *, free: bool = False) -> list[Object]:
    """One for each item, for the period that it is in."""
    lines = []
    for item in subscription["items"]["data"]:
        price = context.state.kinds["price"][item["price"]]
        amount = 0 if free else price["unit_amount"] * item["quantity"]
        start, end = item["current_period_start"], item["current_period_end"]
        lines.append(line(subscription, item, price, amount, start=start, end=end))
    return lines


def add_item(subscription: Object, price: Object, quantity: int, start: int, end: int) -> Object:
    item = {
        "id": new_id("si", 14),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": start,
        "current_period_end": end,
        "current_period_start": start,
        "discounts": [],
        "metadata": {},
        "price": price["id"],
        "quantity": quantity,
        "subscription": subscription["id"],
        "tax_rates": [],
    }
    subscription["items"]["data"].append(item)
    return item


def current_end(subscription: Object) -> int:
    return int(min(item["current_period_end"] for item in subscription["items"]["data"]))


def schedule_cancellation(context: Context, subscription: Object, at: int, *, at_period_end: bool = True) -> None:
    subscription |= {
        "cancel_at": at,
        "cancel_at_period_end": at_period_end,
        "canceled_at": context.now_of(subscription["customer"]),
    }
    subscription["cancellation_details"]["reason"] = "cancellation_requested"


def unschedule_cancellation(subscription: Object) -> None:
    subscription |= {"cancel_at": None, "cancel_at_period_end": False, "canceled_at": None}
    subscription["cancellation_details"] = {"comment": None, "feedback": None, "reason": None}


def pause(context: Context, subscription: Object) -> None:
    """The trial is over and there is no card: it waits, costs nothing, and gives nothing."""
    with context.updating(subscription, "customer.subscription.updated"):
        subscription["status"] = "paused"
    context.emit("customer.subscription.paused", subscription)


def resume(context: Context, subscription: Object) -> None:
    if subscription["status"] != "paused":
        raise invalid("You can only resume a subscription that is paused.", param="subscription")
    customer = context.state.kinds["customer"][subscription["customer"]]
    if default_card(context, customer, subscription) is None:
        raise invalid(
            "This customer has no attached payment source or default payment method.", code="resource_missing"
        )
    now = context.now(customer)
    recurring = context.state.kinds["price"][subscription["items"]["data"][0]["price"]]["recurring"]
    with context.updating(subscription, "customer.subscription.updated"):
        subscription |= {"status": "active", "billing_cycle_anchor": now}
        for item in subscription["items"]["data"]:
            item |= {"current_period_start": now, "current_period_end": period_end(now, now, recurring)}
    context.emit("customer.subscription.resumed", subscription)
    invoice = invoices.draft(context, subscription, "subscription_update", period_lines(context, subscription))
    billing.collect(context, subscription, invoice)


def _blank(customer: Object, wanted: Wanted, now: int, trial: int | None) -> Object:
    identity = new_id("sub")
    return {
        "id": identity,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": trial or now,
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": None, "type": "classic"},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "currency": wanted.items[0][0]["currency"],
        "customer": customer["id"],
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": wanted.card["id"] if wanted.card else None,
        "default_source": None,
        "default_tax_rates": [],
        "description": wanted.description,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": _invoice_settings(),
        "items": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={identity}",
        },
        "latest_invoice": None,
        "livemode": False,
        "metadata": dict(wanted.metadata),
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": "trialing" if trial else "incomplete",
        "test_clock": customer["test_clock"],
        "transfer_data": None,
        "trial_end": trial,
        "trial_settings": {"end_behavior": {"missing_payment_method": wanted.missing_payment_method}},
        "trial_start": now if trial else None,
        "_pending_lines": [],
        "_announced": [],
    }


def _invoice_settings() -> dict[str, Any]:
    return {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": {"type": "self"},
    }
