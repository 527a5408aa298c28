"""Cards that pay or decline, and the charges they leave. No card number is ever taken."""

from dataclasses import dataclass
from typing import Any

from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import DECLINES, declined
from local.simulators.stripe.state import Object, new_id

OUTCOMES = ("ok", *DECLINES)

# Stripe's own test cards by name: what charging them does.
TEST_CARDS = {
    "pm_card_visa": "ok",
    "pm_card_mastercard": "ok",
    "pm_card_chargeCustomerFail": "card_declined",
    "pm_card_authenticationRequired": "authentication_required",
}
# Those that cannot even be attached to a customer.
_REFUSED_CARDS = {
    "pm_card_chargeDeclined": "card_declined",
    "pm_card_visa_chargeDeclined": "card_declined",
    "pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_chargeDeclinedExpiredCard": "expired_card",
}
_LAST_DIGITS = {"ok": "4242", "card_declined": "0341", "authentication_required": "3184"}


@dataclass(frozen=True)
class Attempt:
    outcome: str
    charge: Object
    intent: Object

    @property
    def succeeded(self) -> bool:
        return self.outcome == "ok"


def new_card(context: Context, customer: Object, outcome: str = "ok") -> Object:
    """A card attached to the customer."""
    method = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": _billing_details(customer),
        "card": _card(outcome),
        "created": context.now(customer),
        "customer": customer["id"],
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
        "_outcome": outcome,
    }
    context.state.add(method)
    context.emit("payment_method.attached", method)
    return method


def attach(context: Context, customer: Object, name: str) -> Object:
    """By one of Stripe's names for test cards, or by the id of a card that there is."""
    if name in _REFUSED_CARDS:
        raise declined(_REFUSED_CARDS[name], param="")
    if name in TEST_CARDS:
        return new_card(context, customer, TEST_CARDS[name])
    method = context.state.need("payment_method", name, param="payment_method")
    if method["customer"] != customer["id"]:
        method["customer"] = customer["id"]
        context.emit("payment_method.attached", method)
    return method


def default_card(context: Context, customer: Object, subscription: Object | None = None) -> Object | None:
    chosen = (subscription or {}).get("default_payment_method") or customer["invoice_settings"][
        "default_payment_method"
    ]
    return context.state.find(chosen, "payment_method") if chosen else None


def make_default(context: Context, customer: Object, card: Object) -> None:
    with context.updating(customer, "customer.updated"):
        customer["invoice_settings"]["default_payment_method"] = card["id"]


def charge(context: Context, customer: Object, card: Object, amount: int, currency: str, description: str) -> Attempt:
    outcome = card["_outcome"]
    paid = outcome == "ok"
    message, code, decline = (None, None, None) if paid else DECLINES[outcome]
    intent_id = new_id("pi")
    made = {
        "id": new_id("ch"),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if paid else 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": card["billing_details"],
        "captured": paid,
        "created": context.now(customer),
        "currency": currency,
        "customer": customer["id"],
        "description": description,
        "disputed": False,
        "failure_code": code,
        "failure_message": message,
        "livemode": False,
        "metadata": {},
        "outcome": _outcome(decline, message),
        "paid": paid,
        "payment_intent": intent_id,
        "payment_method": card["id"],
        "receipt_email": None,
        "refunded": False,
        "status": "succeeded" if paid else "failed",
    }
    context.state.add(made)
    intent = context.state.add(_intent(intent_id, made, outcome, card))
    context.emit("charge.succeeded" if paid else "charge.failed", made)
    context.emit(_INTENT_EVENTS.get(intent["status"], "payment_intent.payment_failed"), intent)
    return Attempt(outcome, made, intent)


_INTENT_EVENTS = {"succeeded": "payment_intent.succeeded", "requires_action": "payment_intent.requires_action"}


def _intent(identity: str, made: Object, outcome: str, card: Object) -> Object:
    statuses = {"ok": "succeeded", "authentication_required": "requires_action"}
    return {
        "id": identity,
        "object": "payment_intent",
        "amount": made["amount"],
        "amount_received": made["amount_captured"],
        "capture_method": "automatic",
        "client_secret": f"{identity}_secret_{new_id('s')[2:]}",
        "confirmation_method": "automatic",
        "created": made["created"],
        "currency": made["currency"],
        "customer": made["customer"],
        "description": made["description"],
        "latest_charge": made["id"],
        "livemode": False,
        "metadata": {},
        "payment_method": card["id"],
        "payment_method_types": ["card"],
        "status": statuses.get(outcome, "requires_payment_method"),
    }


def _outcome(decline: str | None, message: str | None) -> dict[str, Any]:
    return {
        "network_status": "declined_by_network" if decline else "approved_by_network",
        "reason": decline,
        "risk_level": "normal",
        "seller_message": message or "Payment complete.",
        "type": "issuer_declined" if decline else "authorized",
    }


def _billing_details(customer: Object) -> dict[str, Any]:
    return {
        "address": None,
        "email": customer["email"],
        "name": customer["name"],
        "phone": None,
        "tax_id": None,
    }


def _card(outcome: str) -> dict[str, Any]:
    return {
        "brand": "visa",
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": "visa",
        "exp_month": 12,
        "exp_year": 2040,
        "fingerprint": "simulated",
        "funding": "credit",
        "generated_from": None,
        "last4": _LAST_DIGITS.get(outcome, "0002"),
        "networks": {"available": ["visa"], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
