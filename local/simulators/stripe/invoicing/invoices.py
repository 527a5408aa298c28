"""Invoices: made as drafts, finalised, then paid, failed, voided or given up."""

from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import invalid
from local.simulators.stripe.invoicing.invoice_forms import build
from local.simulators.stripe.invoicing.payments import Attempt, charge, default_card
from local.simulators.stripe.state import Object, new_id


def draft(context: Context, subscription: Object, reason: str, lines: list[Object]) -> Object:
    identity = new_id("in")
    invoice = {"id": identity, **build(context, subscription, reason, lines), "_payments": [], "_finalize_at": None}
    invoice["lines"]["url"] = f"/v1/invoices/{identity}/lines"
    for each in lines:
        each["invoice"] = identity
    context.state.add(invoice)
    subscription["latest_invoice"] = identity
    context.emit("invoice.created", invoice)
    return invoice


def finalize(context: Context, invoice: Object) -> None:
    customer = context.state.kinds["customer"][invoice["customer"]]
    now = context.now(customer)
    # A negative total, and what was owed to the customer, move through the balance.
    balance = customer["balance"] + invoice["total"] - invoice["amount_due"]
    invoice |= {
        "status": "open",
        "number": f"SHOW-{context.state.number():04d}",
        "effective_at": now,
        "ending_balance": balance,
        "hosted_invoice_url": f"{context.public_url}/i/{invoice['id']}",
        "_finalize_at": None,
    }
    invoice["status_transitions"]["finalized_at"] = now
    context.emit("invoice.finalized", invoice)
    if balance != customer["balance"]:
        with context.updating(customer, "customer.updated"):
            customer["balance"] = balance


def mark_paid(context: Context, invoice: Object) -> None:
    with context.updating(invoice, "invoice.updated"):
        invoice |= {
            "status": "paid",
            "attempted": True,
            "amount_paid": invoice["amount_due"],
            "amount_remaining": 0,
            "next_payment_attempt": None,
            "auto_advance": False,
        }
        invoice["status_transitions"]["paid_at"] = context.now_of(invoice["customer"])
    context.emit("invoice.paid", invoice)
    context.emit("invoice.payment_succeeded", invoice)


def attempt(context: Context, invoice: Object, subscription: Object, card: Object | None = None) -> Attempt | None:
    """Charges what is due. None when there is nothing to charge, or no card to charge it to."""
    customer = context.state.kinds["customer"][invoice["customer"]]
    if invoice["amount_due"] == 0:
        mark_paid(context, invoice)
        return None
    card = card or default_card(context, customer, subscription)
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    if card is None:
        return None
    tried = charge(context, customer, card, invoice["amount_due"], invoice["currency"], "Subscription")
    invoice["_payments"].append(_payment(invoice, tried))
    if tried.succeeded:
        mark_paid(context, invoice)
    return tried


def void(context: Context, invoice: Object) -> None:
    if invoice["status"] not in {"open", "uncollectible"}:
        raise invalid("You can only pass in open or uncollectible invoices to void.", param="invoice")
    invoice |= {"status": "void", "next_payment_attempt": None, "auto_advance": False}
    invoice["status_transitions"]["voided_at"] = context.now_of(invoice["customer"])
    context.emit("invoice.voided", invoice)


def give_up(context: Context, invoice: Object) -> None:
    invoice |= {"status": "uncollectible", "next_payment_attempt": None, "auto_advance": False}
    invoice["status_transitions"]["marked_uncollectible_at"] = context.now_of(invoice["customer"])
    context.emit("invoice.marked_uncollectible", invoice)


def _payment(invoice: Object, tried: Attempt) -> Object:
    created = tried.charge["created"]
    return {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": tried.charge["amount_captured"] or None,
        "amount_requested": tried.charge["amount"],
        "created": created,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": tried.intent["id"], "type": "payment_intent"},
        "status": "paid" if tried.succeeded else "open",
        "status_transitions": {"canceled_at": None, "paid_at": created if tried.succeeded else None},
        "_charge": tried.charge["id"],
    }
