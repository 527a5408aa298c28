"""The billing functions: Stripe's webhook, checkout, the portal, reconciliation, the end of an account."""

import asyncio
import json

from showcase.billing import checkout, objects, store, stripe_api
from showcase.billing.customers import (
    account_of,
    live_subscription,
    refusal,
    with_customer,
    with_found_customers,
)
from showcase.billing.dependencies import Billing
from showcase.billing.domain import Offer
from showcase.billing.errors import CurrencyConflict, PriceRefused
from showcase.billing.event_types import read_event
from showcase.billing.events import EventInProgress, process
from showcase.billing.reconciliation import ReconcileOptions, reconcile
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
from showcase.endpoint import SERVICES, USERS, Call, Endpoint
from showcase.errors import BadRequest, Conflict, NotFound, VendorError
from showcase.settings import load


def billing_dependencies(core: Core) -> Billing:
    """Raises: SettingsError."""
    settings = load(BillingSettings)
    return Billing(core.database, stripe_api.stripe_client(settings, core.http), settings)


async def handle_stripe_webhook(call: Call[bytes], billing: Billing) -> EventReceipt:
    """Nothing is read before the signature is verified, and nothing stored."""
    header = call.request.headers.get("stripe-signature", "")
    settings = billing.settings
    verify(call.body, header, settings.webhook_secrets, settings.stripe_webhook_tolerance)
    try:
        event = read_event(json.loads(call.body))
    except (ValueError, RecursionError):
        raise BadRequest("The body is not an event.", code="invalid_event") from None
    return EventReceipt(outcome=await process(billing, event))


async def handle_create_checkout_session(call: Call[CheckoutRequest], billing: Billing) -> CheckoutResponse:
    """A checkout of the plan, or the portal for a user who has a subscription.

    Raises:
        NotFound (`plan_not_found`), Conflict (`checkout_completed`), or what Stripe's failure means to the caller.
    """
    body = call.body
    account = await account_of(billing, call.caller.require_user_id(), Offer(body.plan, body.currency, body.interval))
    if account.price_id is None and account.lookup_key is None:
        raise NotFound("There is no such plan.", code="plan_not_found")
    try:
        price = account.price_id or await billing.stripe.price_of(account.lookup_key or "")
        if price is None:
            raise PriceRefused
        purchase = checkout.Purchase(account, price, body.success_path, body.cancel_path)
        return await _open_checkout_or_portal(billing, purchase)
    except VendorError as error:
        raise await refusal(billing, error) from error


async def _open_checkout_or_portal(billing: Billing, purchase: checkout.Purchase) -> CheckoutResponse:
    """A checkout, or the portal for a user who has a subscription, whichever of their customers has it."""
    account = await with_found_customers(billing, purchase.account)
    for _ in range(2):
        if (live := await live_subscription(billing, account)) is not None:
            back = checkout.on_site(billing, purchase.cancel_path)
            return CheckoutResponse(
                kind="portal", url=await billing.stripe.create_portal(objects.customer_of(live), back)
            )
        url = await with_customer(billing, account, lambda each: checkout.open_checkout(billing, each, purchase))
        if url is not None:
            return CheckoutResponse(kind="checkout", url=url)
        account = await account_of(billing, account.user_id)  # they have just paid in another window
    raise Conflict("A purchase of yours is being completed. Please look again in a moment.", code="checkout_completed")


async def handle_create_portal_session(call: Call[PortalRequest], billing: Billing) -> PortalResponse:
    """Raises: NotFound (`no_billing_account`), or what Stripe's failure means to the caller."""
    account = await account_of(billing, call.caller.require_user_id())
    back = checkout.on_site(billing, call.body.return_path)
    try:
        account = await with_found_customers(billing, account)
        if account.customer_id is None:
            raise NotFound("There is nothing to manage yet: choose a plan first.", code="no_billing_account")
        live = await live_subscription(billing, account)
        if live is not None:
            return PortalResponse(url=await billing.stripe.create_portal(objects.customer_of(live), back))
        portal = await with_customer(billing, account, lambda each: billing.stripe.create_portal(each, back))
        return PortalResponse(url=portal)
    except VendorError as error:
        raise await refusal(billing, error) from error


async def handle_reconcile_subscriptions(call: Call[ReconcileRequest], billing: Billing) -> ReconcileResponse:
    """One run, of `billing_run_seconds` at most; the next one continues it."""
    body = call.body
    done = await reconcile(billing, ReconcileOptions(body.anew, body.accept_account, body.accept_cancellations))
    repaired = [Repair(subscription=identity, changed=changed) for identity, changed in done.repaired]
    rest = {name: value for name, value in vars(done).items() if name != "repaired"}
    return ReconcileResponse(**rest, repaired=repaired, findings=await store.count_findings(billing.database))


async def handle_close_billing_account(call: Call[CloseRequest], billing: Billing) -> CloseResponse:
    """May be repeated until it succeeds; the events that follow bring our rows in step."""
    account = await store.get_account(billing.database, call.body.user_id)
    if account is None:
        return CloseResponse(canceled=0)
    try:
        account = await with_found_customers(billing, account)
        listed = await asyncio.gather(*(billing.stripe.subscriptions_of(each) for each in account.customers))
        ending = {*account.live_subscriptions, *(each["id"] for of_customer in listed for each in of_customer)}
        for subscription in sorted(ending):
            await billing.stripe.cancel(subscription)
        for customer in account.customers:
            await billing.stripe.delete_customer(customer)
    except VendorError as error:
        raise await refusal(billing, error) from error
    return CloseResponse(canceled=len(ending))


stripe_webhook = Endpoint(
    name="webhooks/stripe",
    summary="Stripe's webhook: each signed event is recorded, looked up at Stripe as it stands now, and applied once",
    body=bytes,
    answer=EventReceipt,
    callers=None,
    connect=billing_dependencies,
    handle=handle_stripe_webhook,
    max_body=1024 * 1024,
    problems=(BadRequest, EventInProgress),
    parameters=(("header", "Stripe-Signature"),),
)

create_checkout_session = Endpoint(
    name="createCheckoutSession",
    summary="Where to buy a plan; for those who have a subscription, where to change it",
    body=CheckoutRequest,
    answer=CheckoutResponse,
    callers=USERS,
    connect=billing_dependencies,
    handle=handle_create_checkout_session,
    problems=(NotFound, Conflict, CurrencyConflict, checkout.TooManyCheckouts),
)

create_portal_session = Endpoint(
    name="createPortalSession",
    summary="Where to change or end a subscription, and to see invoices",
    body=PortalRequest,
    answer=PortalResponse,
    callers=USERS,
    connect=billing_dependencies,
    handle=handle_create_portal_session,
    problems=(NotFound,),
)

reconcile_subscriptions = Endpoint(
    name="reconcileSubscriptions",
    summary="Finds and repairs what no event reported; called by cron, continues where the last run stopped",
    body=ReconcileRequest,
    answer=ReconcileResponse,
    callers=SERVICES,
    connect=billing_dependencies,
    handle=handle_reconcile_subscriptions,
)

close_billing_account = Endpoint(
    name="closeBillingAccount",
    summary="Ends a user's subscriptions at Stripe, now, and deletes their customer; before their account is deleted",
    body=CloseRequest,
    answer=CloseResponse,
    callers=SERVICES,
    connect=billing_dependencies,
    handle=handle_close_billing_account,
)
