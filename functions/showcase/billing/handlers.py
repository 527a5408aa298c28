"""The billing functions: Stripe's webhook, checkout, the portal, reconciliation, the end of an account."""

import json

from showcase.billing import checkout, domain, store, stripe_api
from showcase.billing.customers import account_of, unavailable, with_customer
from showcase.billing.dependencies import Billing
from showcase.billing.events import EventInProgress, process
from showcase.billing.reconciliation import reconcile
from showcase.billing.schemas import (
    CheckoutRequest,
    CheckoutResponse,
    CloseRequest,
    CloseResponse,
    EventReceipt,
    PortalRequest,
    PortalResponse,
    ReconcileRequest,
    ReconcileResponse,
    Repair,
)
from showcase.billing.settings import BillingSettings
from showcase.billing.signature import verify
from showcase.core import Core
from showcase.endpoint import PEOPLE, SERVICES, Call, Endpoint
from showcase.errors import BadRequest, NotFound, VendorError
from showcase.settings import load


def connect(core: Core) -> Billing:
    settings = load(BillingSettings)
    return Billing(core.database, stripe_api.connect(settings), settings)


async def handle_event(call: Call[bytes], billing: Billing) -> EventReceipt:
    """Nothing is read before the signature is verified, and nothing stored."""
    header = call.request.headers.get("stripe-signature", "")
    settings = billing.settings
    verify(call.body, header, settings.webhook_secrets, settings.stripe_webhook_tolerance)
    try:
        event = domain.read_event(json.loads(call.body))
    except (ValueError, RecursionError):
        raise BadRequest("The body is not an event.", code="invalid_event") from None
    return EventReceipt(outcome=await process(billing, event))


async def handle_checkout(call: Call[CheckoutRequest], billing: Billing) -> CheckoutResponse:
    asked, user = call.body, call.caller.person()
    account = await account_of(billing, user, asked.plan)
    if account.price_id is None and account.lookup_key is None:
        raise NotFound("There is no such plan.", code="plan_not_found")
    try:
        price = account.price_id or await billing.stripe.price_of(account.lookup_key or "")
    except VendorError as error:
        raise unavailable(error) from error
    if price is None:
        raise NotFound("This plan is not sold at the moment.", code="plan_not_found")
    purchase = checkout.Purchase(user, price, asked.success_path, asked.cancel_path)

    async def send(customer: str) -> CheckoutResponse:
        if await checkout.has_live_subscription(billing, customer):
            back = checkout.on_site(billing, asked.cancel_path)
            return CheckoutResponse(kind="portal", url=await billing.stripe.create_portal(customer, back))
        return CheckoutResponse(kind="checkout", url=await checkout.open_checkout(billing, customer, purchase))

    return await with_customer(billing, user, account, send)


async def handle_portal(call: Call[PortalRequest], billing: Billing) -> PortalResponse:
    user = call.caller.person()
    account = await account_of(billing, user)
    if account.customer_id is None:
        raise NotFound("There is nothing to manage yet: choose a plan first.", code="no_billing_account")
    back = checkout.on_site(billing, call.body.return_path)

    async def send(customer: str) -> PortalResponse:
        return PortalResponse(url=await billing.stripe.create_portal(customer, back))

    return await with_customer(billing, user, account, send)


async def handle_reconcile(call: Call[ReconcileRequest], billing: Billing) -> ReconcileResponse:
    done = await reconcile(billing, anew=call.body.anew)
    repaired = [Repair(subscription=identity, changed=changed) for identity, changed in done.repaired]
    told = {name: value for name, value in vars(done).items() if name != "repaired"}
    return ReconcileResponse(**told, repaired=repaired, findings=await store.count_findings(billing.database))


async def handle_close(call: Call[CloseRequest], billing: Billing) -> CloseResponse:
    """May be repeated until it succeeds; the events that follow bring our rows in step."""
    account = await store.get_account(billing.database, call.body.user_id)
    if account is None:
        return CloseResponse(canceled=0)
    ending = set(account.live_subscriptions)
    try:
        if account.customer_id is not None:
            ending |= {each["id"] for each in await billing.stripe.subscriptions_of(account.customer_id)}
        for subscription in sorted(ending):
            await billing.stripe.cancel(subscription)
        if account.customer_id is not None:
            await billing.stripe.delete_customer(account.customer_id)
    except VendorError as error:
        raise unavailable(error) from error
    return CloseResponse(canceled=len(ending))


stripe_webhook = Endpoint(
    name="webhooks/stripe",
    summary="Stripe's events, signed: recorded, looked up at Stripe as they stand now, and applied once",
    body=bytes,
    answer=EventReceipt,
    callers=None,
    connect=connect,
    handle=handle_event,
    max_body=1024 * 1024,
    problems=(BadRequest, EventInProgress),
    parameters=(("header", "Stripe-Signature"),),
)

create_checkout_session = Endpoint(
    name="createCheckoutSession",
    summary="Where to buy a plan; for those who have a subscription, where to change it",
    body=CheckoutRequest,
    answer=CheckoutResponse,
    callers=PEOPLE,
    connect=connect,
    handle=handle_checkout,
    problems=(NotFound, checkout.TooManyCheckouts),
)

create_portal_session = Endpoint(
    name="createPortalSession",
    summary="Where to change or end a subscription, and to see invoices",
    body=PortalRequest,
    answer=PortalResponse,
    callers=PEOPLE,
    connect=connect,
    handle=handle_portal,
    problems=(NotFound,),
)

reconcile_subscriptions = Endpoint(
    name="reconcileSubscriptions",
    summary="Finds and repairs what no event told; called by cron, goes on where the last run stopped",
    body=ReconcileRequest,
    answer=ReconcileResponse,
    callers=SERVICES,
    connect=connect,
    handle=handle_reconcile,
)

close_billing_account = Endpoint(
    name="closeBillingAccount",
    summary="Ends a person's subscriptions at Stripe, now, and deletes their customer; before their account is deleted",
    body=CloseRequest,
    answer=CloseResponse,
    callers=SERVICES,
    connect=connect,
    handle=handle_close,
)
