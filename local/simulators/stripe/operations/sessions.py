"""Checkout sessions."""

from typing import Annotated, Any, Literal

from pydantic import Field

from local.simulators.stripe import checkout
from local.simulators.stripe.catalogue import check_product
from local.simulators.stripe.context import Context
from local.simulators.stripe.customers import check_currency
from local.simulators.stripe.errors import invalid, missing
from local.simulators.stripe.invoicing.calendar import DAY, HOUR
from local.simulators.stripe.operations.base import Listing, Operation, listing, retrieve
from local.simulators.stripe.operations.subscription_parameters import TrialSettings
from local.simulators.stripe.parameters import (
    Created,
    Expanding,
    Listed,
    Metadata,
    Params,
    Text,
    merged_metadata,
)
from local.simulators.stripe.state import Object, new_id


class LineItem(Params):
    price: str
    quantity: Annotated[int, Field(ge=1)] = 1


class SubscriptionData(Params):
    description: Text | None = None
    metadata: Metadata = None
    trial_end: int | None = None
    trial_period_days: Annotated[int, Field(ge=1)] | None = None
    trial_settings: TrialSettings = TrialSettings()


class AutomaticTax(Params):
    enabled: bool = False


class CustomerUpdate(Params):
    address: Literal["auto", "never"] = "never"
    name: Literal["auto", "never"] = "never"
    shipping: Literal["auto", "never"] = "never"


class CreateCheckout(Expanding):
    mode: Literal["subscription"]
    line_items: Annotated[Listed[LineItem], Field(min_length=1)]
    success_url: Text
    allow_promotion_codes: bool | None = None
    automatic_tax: AutomaticTax = AutomaticTax()
    billing_address_collection: Literal["auto", "required"] | None = None
    cancel_url: Text | None = None
    client_reference_id: Annotated[str, Field(max_length=200)] | None = None
    customer: str | None = None
    customer_email: Text | None = None
    customer_update: CustomerUpdate | None = None
    expires_at: int | None = None
    locale: str | None = None
    metadata: Metadata = None
    payment_method_collection: Literal["always", "if_required"] = "always"
    payment_method_types: Listed[Literal["card"]] | None = None
    subscription_data: SubscriptionData = SubscriptionData()


class ListCheckout(Created):
    customer: str | None = None
    status: Literal["complete", "expired", "open"] | None = None
    subscription: str | None = None


def _create(context: Context, params: CreateCheckout, _: str) -> Object:
    if params.customer and params.customer_email:
        raise invalid("You may only specify one of these parameters: customer, customer_email.", param="customer")
    customer = context.state.need("customer", params.customer, param="customer") if params.customer else None
    prices = [
        context.state.need("price", item.price, param=f"line_items[{position}][price]")
        for position, item in enumerate(params.line_items)
    ]
    for position, price in enumerate(prices):
        _check_price(context, price, f"line_items[{position}][price]")
    now = context.now(customer)
    _check(params, customer, now)
    if customer:
        check_currency(context, customer, prices[0]["currency"])
    data = params.subscription_data
    trial = data.trial_end or data.trial_period_days
    total = sum(p["unit_amount"] * item.quantity for p, item in zip(prices, params.line_items, strict=True))
    identity = new_id("cs_test", 58)
    session = {
        **_constant(),
        "id": identity,
        "allow_promotion_codes": params.allow_promotion_codes,
        "automatic_tax": _automatic_tax(params.automatic_tax),
        "amount_subtotal": 0 if trial else total,
        "amount_total": 0 if trial else total,
        "billing_address_collection": params.billing_address_collection,
        "cancel_url": params.cancel_url,
        "client_reference_id": params.client_reference_id,
        "created": now,
        "currency": prices[0]["currency"],
        "customer": params.customer,
        "customer_email": params.customer_email,
        "expires_at": params.expires_at or now + DAY,
        "locale": params.locale,
        "metadata": merged_metadata({}, params.metadata),
        "payment_method_collection": params.payment_method_collection,
        "success_url": params.success_url,
        "url": f"{context.public_url}/c/pay/{identity}",
        "_items": [(item.price, item.quantity) for item in params.line_items],
        "_subscription": {
            "description": data.description,
            "metadata": merged_metadata({}, data.metadata),
            "trial_end": data.trial_end,
            "trial_period_days": data.trial_period_days,
            "missing_payment_method": data.trial_settings.end_behavior.missing_payment_method,
        },
    }
    return context.state.add(session)


def _check_price(context: Context, price: Object, param: str) -> None:
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param=param)
    if price["type"] != "recurring":
        raise invalid(
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
            param=param,
        )
    check_product(context, price, param)


def _check(params: CreateCheckout, customer: Object | None, now: int) -> None:
    """What Stripe refuses of the rest."""
    if params.customer_update and customer is None:
        raise invalid("`customer_update` can only be used with `customer`.", param="customer_update")
    saved = params.customer_update and "auto" in {params.customer_update.address, params.customer_update.shipping}
    if params.automatic_tax.enabled and customer and not customer["address"] and not saved:
        raise invalid(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to "
            "the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' "
            "to save the address entered in Checkout to the Customer.",
            code="customer_tax_location_invalid",
        )
    if params.expires_at and not now + HOUR // 2 <= params.expires_at <= now + DAY:
        edge = "at least 30 minutes" if params.expires_at < now + DAY else "less than 24 hours"
        raise invalid(f"The `expires_at` timestamp must be {edge} from Checkout Session creation.", param="expires_at")
    if params.subscription_data.trial_end and params.subscription_data.trial_end < now + 2 * DAY:
        raise invalid(
            "The `trial_end` date has to be at least 2 days in the future.", param="subscription_data[trial_end]"
        )


def _expire(context: Context, _: Expanding, identity: str) -> Object:
    session = context.state.need("checkout.session", identity)
    checkout.expire(context, session)
    return session


def _automatic_tax(asked: AutomaticTax) -> dict[str, Any]:
    on = asked.enabled
    return {
        "enabled": on,
        "liability": {"type": "self"} if on else None,
        "provider": "stripe" if on else None,
        "status": "requires_location_inputs" if on else None,
    }


def _list(context: Context, params: ListCheckout, identity: str) -> Object | Listing:
    if params.customer and context.state.find(params.customer, "customer") is None:
        raise missing("customer", params.customer, param="customer", status=400)
    return listing("checkout.session")(context, params, identity)


def _constant() -> dict[str, Any]:
    return {
        "object": "checkout.session",
        "adaptive_pricing": None,
        "after_expiration": None,
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer_account": None,
        "customer_creation": None,
        "customer_details": None,
        "discounts": [],
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "mode": "subscription",
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "wallet_options": None,
    }


OPERATIONS = (
    Operation("checkout.sessions.create", "POST", "/v1/checkout/sessions", CreateCheckout, _create),
    Operation("checkout.sessions.list", "GET", "/v1/checkout/sessions", ListCheckout, _list),
    Operation(
        "checkout.sessions.retrieve", "GET", "/v1/checkout/sessions/{id}", Expanding, retrieve("checkout.session")
    ),
    Operation("checkout.sessions.expire", "POST", "/v1/checkout/sessions/{id}/expire", Expanding, _expire),
)
