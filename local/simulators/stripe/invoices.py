"""Invoices: made as drafts, finalised, then paid, failed, voided or given up."""

from local.simulators.stripe.errors import invalid
from local.simulators.stripe.invoice_forms import build
from local.simulators.stripe.payments import Attempt, charge, default_card
from local.simulators.stripe.state import Object, new_id
from local.simulators.stripe.world import World


def draft(world: World, subscription: Object, reason: str, lines: list[Object]) -> Object:
    identity = new_id("in")
    invoice = {"id": identity, **build(world, subscription, reason, lines), "_payments": [], "_finalize_at": None}
    invoice["lines"]["url"] = f"/v1/invoices/{identity}/lines"
    for each in lines:
        each["invoice"] = identity
    world.state.add(invoice)
    subscription["latest_invoice"] = identity
    world.emit("invoice.created", invoice)
    return invoice


def finalize(world: World, invoice: Object) -> None:
    customer = world.state.kinds["customer"][invoice["customer"]]
    now = world.now(customer)
    # A negative total, and what was owed to the customer, move through the balance.
    balance = customer["balance"] + invoice["total"] - invoice["amount_due"]
    invoice |= {
        "status": "open",
        "number": f"SHOW-{world.state.number():04d}",
        "effective_at": now,
        "ending_balance": balance,
        "hosted_invoice_url": f"{world.public_url}/i/{invoice['id']}",
        "_finalize_at": None,
    }
    invoice["status_transitions"]["finalized_at"] = now
    world.emit("invoice.finalized", invoice)
    if balance != customer["balance"]:
        with world.updating(customer, "customer.updated"):
            customer["balance"] = balance


def mark_paid(world: World, invoice: Object) -> None:
    with world.updating(invoice, "invoice.updated"):
        invoice |= {
            "status": "paid",
            "attempted": True,
            "amount_paid": invoice["amount_due"],
            "amount_remaining": 0,
            "next_payment_attempt": None,
            "auto_advance": False,
        }
        invoice["status_transitions"]["paid_at"] = world.now_of(invoice["customer"])
    world.emit("invoice.paid", invoice)
    world.emit("invoice.payment_succeeded", invoice)


def attempt(world: World, invoice: Object, subscription: Object, card: Object | None = None) -> Attempt | None:
    """Charges what is due. None when there is nothing to charge, or no card to charge it to."""
    customer = world.state.kinds["customer"][invoice["customer"]]
    if invoice["amount_due"] == 0:
        mark_paid(world, invoice)
        return None
    card = card or default_card(world, customer, subscription)
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    if card is None:
        return None
    tried = charge(world, customer, card, invoice["amount_due"], invoice["currency"], "Subscription")
    invoice["_payments"].append(_payment(invoice, tried))
    if tried.succeeded:
        mark_paid(world, invoice)
    return tried


def void(world: World, invoice: Object) -> None:
    if invoice["status"] not in {"open", "uncollectible"}:
        raise invalid("You can only pass in open or uncollectible invoices to void.", param="invoice")
    invoice |= {"status": "void", "next_payment_attempt": None, "auto_advance": False}
    invoice["status_transitions"]["voided_at"] = world.now_of(invoice["customer"])
    world.emit("invoice.voided", invoice)


def give_up(world: World, invoice: Object) -> None:
    invoice |= {"status": "uncollectible", "next_payment_attempt": None, "auto_advance": False}
    invoice["status_transitions"]["marked_uncollectible_at"] = world.now_of(invoice["customer"])
    world.emit("invoice.marked_uncollectible", invoice)


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
