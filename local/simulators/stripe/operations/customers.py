"""Customers and their payment methods."""

from typing import Any

from local.simulators.stripe import customers
from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import invalid
from local.simulators.stripe.invoicing import payments
from local.simulators.stripe.operations.base import Listing, Operation, listing, retrieve
from local.simulators.stripe.parameters import (
    Clearable,
    Created,
    Expanding,
    Metadata,
    Paging,
    Params,
    Text,
    merged_metadata,
    within,
)
from local.simulators.stripe.state import Object


class InvoiceSettings(Params):
    default_payment_method: str | None = None


class Update(Expanding):
    description: Clearable[Text] = None
    email: Clearable[Text] = None
    invoice_settings: InvoiceSettings = InvoiceSettings()
    metadata: Metadata = None
    name: Clearable[Text] = None
    phone: Clearable[Text] = None


class Create(Update):
    payment_method: str | None = None
    test_clock: str | None = None


class List(Created):
    email: str | None = None
    test_clock: str | None = None


class Attach(Expanding):
    customer: str


class ListMethods(Paging):
    customer: str
    type: str | None = None


def _create(context: Context, params: Create, _: str) -> Object:
    if params.test_clock:
        context.state.need("test_helpers.test_clock", params.test_clock, param="test_clock")
    metadata = merged_metadata({}, params.metadata)
    customer = customers.new_customer(context, test_clock=params.test_clock, metadata=metadata, **_plain(params))
    try:
        if params.payment_method:
            card = payments.attach(context, customer, params.payment_method)
            wanted = params.invoice_settings.default_payment_method
            if wanted is not None:
                own = card if wanted == params.payment_method else payments.attach(context, customer, wanted)
                customer["invoice_settings"]["default_payment_method"] = own["id"]
    except Exception:
        context.state.forget(customer["id"])
        raise
    context.emit("customer.created", customer)
    return customer


def _update(context: Context, params: Update, identity: str) -> Object:
    customer = context.state.need("customer", identity)
    with context.updating(customer, "customer.updated"):
        customer |= _plain(params)
        if params.given("metadata"):
            customer["metadata"] = merged_metadata(customer["metadata"], params.metadata)
        wanted = params.invoice_settings.default_payment_method
        if wanted is not None:
            method = context.state.need("payment_method", wanted, param="invoice_settings[default_payment_method]")
            customer["invoice_settings"]["default_payment_method"] = method["id"]
    return customer


def _plain(params: Update) -> dict[str, Any]:
    if params.email and "@" not in params.email:
        raise invalid(f"Invalid email address: {params.email}", param="email", code="email_invalid")
    names = ("description", "email", "name", "phone")
    return {name: getattr(params, name) for name in names if params.given(name)}


def _retrieve(context: Context, _: Expanding, identity: str) -> Object:
    """What was deleted still answers, as deleted."""
    found = context.state.find(identity, "customer")
    return found or context.state.need("customer", identity)


def _delete(context: Context, _: Params, identity: str) -> Object:
    customer = context.state.need("customer", identity)
    customers.delete(context, customer)
    return customer


def _list(context: Context, params: List, _: str) -> Listing:
    return Listing(
        customer
        for customer in context.state.all("customer")
        if not customer.get("_deleted")
        and (params.email is None or customer["email"] == params.email)
        and customer["test_clock"] == params.test_clock
        and within(customer["created"], params.created)
    )


def _attach(context: Context, params: Attach, identity: str) -> Object:
    customer = context.state.need("customer", params.customer, param="customer")
    return payments.attach(context, customer, identity)


def _detach(context: Context, _: Expanding, identity: str) -> Object:
    method = context.state.need("payment_method", identity)
    customer = context.state.find(method["customer"] or "", "customer")
    method["customer"] = None
    if customer and customer["invoice_settings"]["default_payment_method"] == identity:
        with context.updating(customer, "customer.updated"):
            customer["invoice_settings"]["default_payment_method"] = None
    context.emit("payment_method.detached", method)
    return method


OPERATIONS = (
    Operation("customers.create", "POST", "/v1/customers", Create, _create),
    Operation("customers.list", "GET", "/v1/customers", List, _list),
    Operation("customers.retrieve", "GET", "/v1/customers/{id}", Expanding, _retrieve),
    Operation("customers.update", "POST", "/v1/customers/{id}", Update, _update),
    Operation("customers.delete", "DELETE", "/v1/customers/{id}", Params, _delete),
    Operation("payment_methods.list", "GET", "/v1/payment_methods", ListMethods, listing("payment_method")),
    Operation("payment_methods.retrieve", "GET", "/v1/payment_methods/{id}", Expanding, retrieve("payment_method")),
    Operation("payment_methods.attach", "POST", "/v1/payment_methods/{id}/attach", Attach, _attach),
    Operation("payment_methods.detach", "POST", "/v1/payment_methods/{id}/detach", Expanding, _detach),
)
