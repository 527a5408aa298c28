"""Invoices, charges, refunds and disputes."""

from typing import Annotated, Literal

from pydantic import Field

from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import declined, invalid
from local.simulators.stripe.events.changes import settle_pending
from local.simulators.stripe.invoicing import billing, invoices, refunds
from local.simulators.stripe.invoicing.payments import attach
from local.simulators.stripe.operations.base import Operation, listing, retrieve
from local.simulators.stripe.parameters import Created, Expanding, Metadata, merged_metadata
from local.simulators.stripe.state import Object


class ListInvoices(Created):
    customer: str | None = None
    status: Literal["draft", "open", "paid", "uncollectible", "void"] | None = None
    subscription: str | None = None


class Pay(Expanding):
    off_session: bool = True
    payment_method: str | None = None


class ListCharges(Created):
    customer: str | None = None
    payment_intent: str | None = None


class CreateRefund(Expanding):
    amount: Annotated[int, Field(ge=1)] | None = None
    charge: str | None = None
    metadata: Metadata = None
    payment_intent: str | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None


def _pay(context: Context, params: Pay, identity: str) -> Object:
    """A refused card is an error to anyone who asks, and counts as a try."""
    invoice = context.state.need("invoice", identity)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid")
    if invoice["status"] in {"void", "uncollectible"}:
        raise invalid(f"This invoice is {invoice['status']} and cannot be paid.")
    subscription = context.state.kinds["subscription"][str(billing.subscription_of(invoice))]
    customer = context.state.need("customer", invoice["customer"])
    card = attach(context, customer, params.payment_method) if params.payment_method else None
    tried = billing.collect(context, subscription, invoice, card)
    if invoice["status"] != "paid":
        if tried is None:
            raise invalid("There is no `default_payment_method` set on this Customer or Invoice. Please set one.")
        raise declined(tried.outcome, charge=tried.charge["id"])
    if subscription.get("_pending_invoice") == identity and subscription["pending_update"]:
        settle_pending(context, subscription, paid=True)
    return invoice


def _finalize(context: Context, _: Expanding, identity: str) -> Object:
    invoice = context.state.need("invoice", identity)
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    invoices.finalize(context, invoice)
    return invoice


def _void(context: Context, _: Expanding, identity: str) -> Object:
    invoice = context.state.need("invoice", identity)
    invoices.void(context, invoice)
    return invoice


def _refund(context: Context, params: CreateRefund, _: str) -> Object:
    charge_id = params.charge
    if params.payment_intent:
        charge_id = context.state.need("payment_intent", params.payment_intent, param="payment_intent")["latest_charge"]
    if charge_id is None:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    charge = context.state.need("charge", charge_id, param="charge")
    return refunds.refund(context, charge, params.amount, params.reason, merged_metadata({}, params.metadata))


OPERATIONS = (
    Operation(
        "invoices.list", "GET", "/v1/invoices", ListInvoices, listing("invoice", subscription=billing.subscription_of)
    ),
    Operation("invoices.retrieve", "GET", "/v1/invoices/{id}", Expanding, retrieve("invoice")),
    Operation("invoices.finalize_invoice", "POST", "/v1/invoices/{id}/finalize", Expanding, _finalize),
    Operation("invoices.pay", "POST", "/v1/invoices/{id}/pay", Pay, _pay),
    Operation("invoices.void_invoice", "POST", "/v1/invoices/{id}/void", Expanding, _void),
    Operation("payment_intents.retrieve", "GET", "/v1/payment_intents/{id}", Expanding, retrieve("payment_intent")),
    Operation("charges.list", "GET", "/v1/charges", ListCharges, listing("charge")),
    Operation("charges.retrieve", "GET", "/v1/charges/{id}", Expanding, retrieve("charge")),
    Operation("refunds.create", "POST", "/v1/refunds", CreateRefund, _refund),
    Operation("refunds.retrieve", "GET", "/v1/refunds/{id}", Expanding, retrieve("refund")),
    Operation("disputes.retrieve", "GET", "/v1/disputes/{id}", Expanding, retrieve("dispute")),
)
