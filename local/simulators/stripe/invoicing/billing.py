"""What payments do to a subscription: the statuses, the retries, and what comes after the last of them."""

from local.simulators.stripe.context import Context
from local.simulators.stripe.invoicing import invoices
from local.simulators.stripe.invoicing.calendar import DAY
from local.simulators.stripe.invoicing.payments import Attempt
from local.simulators.stripe.state import Object

RETRY_DAYS = (3, 5, 7)
_ENDED = {"canceled", "incomplete_expired"}


def collect(context: Context, subscription: Object, invoice: Object, card: Object | None = None) -> Attempt | None:
    """Finalises the invoice if need be, tries to be paid, and moves the subscription accordingly."""
    if invoice["status"] == "draft":
        invoices.finalize(context, invoice)
    tried = invoices.attempt(context, invoice, subscription, card)
    if invoice["status"] == "paid":
        _paid(context, subscription, invoice)
    else:
        _unpaid(context, subscription, invoice, tried)
    return tried


def cancel(context: Context, subscription: Object, reason: str, details: dict[str, str] | None = None) -> None:
    """Ends it now. A final event carries the ended subscription; there is no update beside it."""
    now = context.now_of(subscription["customer"])
    subscription |= {
        "status": "canceled",
        "canceled_at": subscription["canceled_at"] or now,
        "ended_at": now,
        "cancellation_details": {
            "comment": (details or {}).get("comment", subscription["cancellation_details"]["comment"]),
            "feedback": (details or {}).get("feedback", subscription["cancellation_details"]["feedback"]),
            "reason": subscription["cancellation_details"]["reason"] or reason,
        },
    }
    context.emit("customer.subscription.deleted", subscription)
    for invoice in context.state.owned("invoice", subscription["customer"]):
        if subscription_of(invoice) == subscription["id"] and invoice["status"] in {"draft", "open"}:
            # What is open stays open, but nobody tries to be paid any more.
            invoice |= {"auto_advance": False, "next_payment_attempt": None, "_finalize_at": None}


def expire(context: Context, subscription: Object) -> None:
    """The first payment did not come in 23 hours."""
    invoice = context.state.find(subscription["latest_invoice"] or "", "invoice")
    with context.updating(subscription, "customer.subscription.updated"):
        subscription |= {"status": "incomplete_expired", "ended_at": context.now_of(subscription["customer"])}
    if invoice and invoice["status"] == "open":
        invoices.void(context, invoice)


def subscription_of(invoice: Object) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return details.get("subscription")


def _paid(context: Context, subscription: Object, invoice: Object) -> None:
    if (
        subscription["status"] in {"incomplete", "past_due", "unpaid"}
        and subscription["latest_invoice"] == invoice["id"]
    ):
        with context.updating(subscription, "customer.subscription.updated"):
            subscription["status"] = "active"


def _unpaid(context: Context, subscription: Object, invoice: Object, tried: Attempt | None) -> None:
    tries = invoice["attempt_count"]
    first = invoice["billing_reason"] == "subscription_create"
    retrying = not first and tries <= len(RETRY_DAYS) and subscription["status"] not in _ENDED
    now = context.now_of(invoice["customer"])
    invoice["next_payment_attempt"] = now + RETRY_DAYS[tries - 1] * DAY if retrying else None
    context.emit("invoice.payment_failed", invoice)
    if tried and tried.outcome == "authentication_required":
        context.emit("invoice.payment_action_required", invoice)
    if first or subscription["status"] in _ENDED:
        return
    if retrying or context.settings.after_retries == "past_due":
        status = "past_due"
    elif context.settings.after_retries == "unpaid":
        status = "unpaid"
    else:
        cancel(context, subscription, "payment_failed")
        return
    if subscription["status"] in {"active", "trialing", "past_due"}:
        with context.updating(subscription, "customer.subscription.updated"):
            subscription["status"] = status
