"""What payments do to a subscription: the statuses, the retries, and what comes after the last of them."""

from local.simulators.stripe import invoices
from local.simulators.stripe.calendar import DAY
from local.simulators.stripe.payments import Attempt
from local.simulators.stripe.state import Object
from local.simulators.stripe.world import World

RETRY_DAYS = (3, 5, 7)
_ENDED = {"canceled", "incomplete_expired"}


def collect(world: World, subscription: Object, invoice: Object, card: Object | None = None) -> Attempt | None:
    """Finalises the invoice if need be, tries to be paid, and moves the subscription accordingly."""
    if invoice["status"] == "draft":
        invoices.finalize(world, invoice)
    tried = invoices.attempt(world, invoice, subscription, card)
    if invoice["status"] == "paid":
        _paid(world, subscription, invoice)
    else:
        _unpaid(world, subscription, invoice, tried)
    return tried


def cancel(world: World, subscription: Object, reason: str, details: dict[str, str] | None = None) -> None:
    """Ends it now. A final event carries the ended subscription; there is no update beside it."""
    now = world.now_of(subscription["customer"])
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
    world.emit("customer.subscription.deleted", subscription)
    for invoice in world.state.owned("invoice", subscription["customer"]):
        if subscription_of(invoice) == subscription["id"] and invoice["status"] in {"draft", "open"}:
            # What is open stays open, but nobody tries to be paid any more.
            invoice |= {"auto_advance": False, "next_payment_attempt": None, "_finalize_at": None}


def expire(world: World, subscription: Object) -> None:
    """The first payment did not come in 23 hours."""
    invoice = world.state.find(subscription["latest_invoice"] or "", "invoice")
    with world.updating(subscription, "customer.subscription.updated"):
        subscription |= {"status": "incomplete_expired", "ended_at": world.now_of(subscription["customer"])}
    if invoice and invoice["status"] == "open":
        invoices.void(world, invoice)


def subscription_of(invoice: Object) -> str | None:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return details.get("subscription")


def _paid(world: World, subscription: Object, invoice: Object) -> None:
    if (
        subscription["status"] in {"incomplete", "past_due", "unpaid"}
        and subscription["latest_invoice"] == invoice["id"]
    ):
        with world.updating(subscription, "customer.subscription.updated"):
            subscription["status"] = "active"


def _unpaid(world: World, subscription: Object, invoice: Object, tried: Attempt | None) -> None:
    tries = invoice["attempt_count"]
    first = invoice["billing_reason"] == "subscription_create"
    retrying = not first and tries <= len(RETRY_DAYS) and subscription["status"] not in _ENDED
    now = world.now_of(invoice["customer"])
    invoice["next_payment_attempt"] = now + RETRY_DAYS[tries - 1] * DAY if retrying else None
    world.emit("invoice.payment_failed", invoice)
    if tried and tried.outcome == "authentication_required":
        world.emit("invoice.payment_action_required", invoice)
    if first or subscription["status"] in _ENDED:
        return
    if retrying or world.settings.after_retries == "past_due":
        status = "past_due"
    elif world.settings.after_retries == "unpaid":
        status = "unpaid"
    else:
        cancel(world, subscription, "payment_failed")
        return
    if subscription["status"] in {"active", "trialing", "past_due"}:
        with world.updating(subscription, "customer.subscription.updated"):
            subscription["status"] = status
