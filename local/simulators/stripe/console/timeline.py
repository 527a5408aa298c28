"""What time brings: trials end, periods renew, payments are tried again, things expire."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from local.simulators.stripe import checkout
from local.simulators.stripe.context import Context
from local.simulators.stripe.events.changes import settle_pending
from local.simulators.stripe.invoicing import billing, invoices, subscriptions
from local.simulators.stripe.invoicing.calendar import DAY, HOUR, period_end
from local.simulators.stripe.invoicing.invoice_forms import build
from local.simulators.stripe.invoicing.payments import default_card
from local.simulators.stripe.state import Object

DRAFT_SECONDS = HOUR
"""How long a renewal's invoice stays a draft, as at Stripe."""


@dataclass(order=True)
class Due:
    at: int
    rank: int  # of what happens in the same second: cancelling goes before renewing
    act: Callable[[], None] = field(compare=False)


def advance(context: Context, customer: Object, until: int) -> None:
    """Does all that is due to one customer by then, in order, each at its own time."""
    while True:
        due = min((each for each in _all_due(context, customer) if each.at <= until), default=None)
        if due is None:
            return
        with context.at(due.at):
            due.act()


def advance_clock(context: Context, clock: Object, until: int) -> None:
    for customer in context.state.all("customer"):
        if customer["test_clock"] == clock["id"]:
            advance(context, customer, until)
    clock["frozen_time"] = until


def catch_up(context: Context) -> None:
    """For customers who live in our own time. One look at all there is, since it happens every second."""
    customers = context.state.kinds.get("customer", {})
    late = {
        owner
        for kind in ("subscription", "invoice", "checkout.session")
        for obj in context.state.all(kind)
        if (owner := obj["customer"]) in customers and not customers[owner]["test_clock"]
        for due in _of(context, customers[owner], obj)
        if due.at <= context.now(customers[owner])
    }
    for owner in late:
        advance(context, customers[owner], context.now(customers[owner]))


def _all_due(context: Context, customer: Object) -> Iterator[Due]:
    for kind in ("subscription", "invoice", "checkout.session"):
        for obj in context.state.owned(kind, customer["id"]):
            yield from _of(context, customer, obj)


def _of(context: Context, customer: Object, obj: Object) -> Iterator[Due]:
    """What time still has to do to this object."""
    kind, status = obj["object"], obj["status"]
    if kind == "subscription" and not obj["ended_at"]:
        yield from _of_subscription(context, customer, obj)
    elif kind == "invoice" and status in {"draft", "open"}:
        yield from _of_invoice(context, obj)
    elif kind == "checkout.session" and status == "open":
        yield Due(obj["expires_at"], 0, lambda: checkout.expire(context, obj))


def _of_subscription(context: Context, customer: Object, sub: Object) -> Iterator[Due]:
    if sub["status"] == "incomplete":
        yield Due(sub["created"] + 23 * HOUR, 0, lambda: billing.expire(context, sub))
        return
    if sub["status"] == "paused":
        return
    if sub["cancel_at"]:
        yield Due(sub["cancel_at"], 0, lambda: billing.cancel(context, sub, "cancellation_requested"))
    if sub["pending_update"]:
        yield Due(sub["pending_update"]["expires_at"], 0, lambda: settle_pending(context, sub, paid=False))
    if sub["pause_collection"] and sub["pause_collection"]["resumes_at"]:
        yield Due(sub["pause_collection"]["resumes_at"], 0, lambda: _resume_collection(context, sub))
    end = subscriptions.current_end(sub)
    if sub["status"] == "trialing":
        if "trial" not in sub["_announced"]:
            yield Due(max(sub["trial_start"], sub["trial_end"] - 3 * DAY), 1, lambda: _announce_trial_end(context, sub))
        yield Due(end, 2, lambda: _end_trial(context, customer, sub))
        return
    start = sub["items"]["data"][0]["current_period_start"]
    if f"upcoming {end}" not in sub["_announced"] and end - start > 7 * DAY and not sub["cancel_at"]:
        yield Due(end - 7 * DAY, 1, lambda: _announce_renewal(context, sub, end))
    yield Due(end, 2, lambda: _renew(context, sub))


def _of_invoice(context: Context, invoice: Object) -> Iterator[Due]:
    subscription = context.state.find(billing.subscription_of(invoice) or "", "subscription")
    if subscription is None:
        return
    if invoice["status"] == "draft" and invoice["_finalize_at"]:
        yield Due(invoice["_finalize_at"], 3, lambda: _finalize(context, subscription, invoice))
    elif invoice["next_payment_attempt"]:
        yield Due(invoice["next_payment_attempt"], 3, lambda: _collect(context, subscription, invoice))


def _collect(context: Context, subscription: Object, invoice: Object) -> None:
    billing.collect(context, subscription, invoice)


def _announce_trial_end(context: Context, subscription: Object) -> None:
    subscription["_announced"].append("trial")
    context.emit("customer.subscription.trial_will_end", subscription)


def _announce_renewal(context: Context, subscription: Object, end: int) -> None:
    subscription["_announced"].append(f"upcoming {end}")
    lines = [*subscription["_pending_lines"], *subscriptions.period_lines(context, subscription)]
    context.emit("invoice.upcoming", build(context, subscription, "upcoming", lines))


def _end_trial(context: Context, customer: Object, subscription: Object) -> None:
    behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if default_card(context, customer, subscription) is None and behavior != "create_invoice":
        if behavior == "pause":
            subscriptions.pause(context, subscription)
        else:
            billing.cancel(context, subscription, "payment_failed")
        return
    _renew(context, subscription)


def _renew(context: Context, subscription: Object) -> None:
    now = subscriptions.current_end(subscription)
    with context.updating(subscription, "customer.subscription.updated"):
        if subscription["status"] == "trialing":
            subscription["status"] = "active"
        for item in subscription["items"]["data"]:
            recurring = context.state.kinds["price"][item["price"]]["recurring"]
            end = period_end(now, subscription["billing_cycle_anchor"], recurring)
            item |= {"current_period_start": now, "current_period_end": end}
        lines = [*subscription["_pending_lines"], *subscriptions.period_lines(context, subscription)]
        subscription["_pending_lines"] = []
        invoice = invoices.draft(context, subscription, "subscription_cycle", lines)
    paused = subscription["pause_collection"]
    if subscription["status"] == "unpaid" or (paused and paused["behavior"] == "keep_as_draft"):
        invoice["auto_advance"] = False
    else:
        invoice |= {"_finalize_at": now + DRAFT_SECONDS, "automatically_finalizes_at": now + DRAFT_SECONDS}


def _finalize(context: Context, subscription: Object, invoice: Object) -> None:
    paused = subscription["pause_collection"]
    if not paused:
        billing.collect(context, subscription, invoice)
        return
    invoices.finalize(context, invoice)
    if paused["behavior"] == "void":
        invoices.void(context, invoice)
    else:
        invoices.give_up(context, invoice)


def _resume_collection(context: Context, subscription: Object) -> None:
    with context.updating(subscription, "customer.subscription.updated"):
        subscription["pause_collection"] = None
