"""How each kind of Stripe's objects is brought in step: fetched as it is now, read, and applied in one transaction."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from showcase.billing import objects, store
from showcase.billing.dependencies import Billing
from showcase.billing.domain import Applied, Event, ObjectKind
from showcase.billing.emails import emails_of
from showcase.billing.stripe_api import Object, Stripe
from showcase.errors import Failure, VendorError

EMAILS_AT_ONCE = 100


@dataclass(frozen=True)
class Sync:
    """`apply` takes the version that was drawn before the fetch, and what was fetched."""

    fetch: Callable[[Stripe, str], Awaitable[Object]]
    apply: Callable[[Billing, Event, int, Object], Awaitable[Applied]]


async def sync_object(billing: Billing, event: Event, version: int) -> Applied:
    """Brings the object that the event is about in step.

    Raises:
        VendorError: GONE too. Stripe keeps what it has sent an event about, save products: the key is of another one.
    """
    sync = SYNCS[event.kind]
    found = await sync.fetch(billing.stripe, event.object_id or "")
    return await sync.apply(billing, event, version, found)


async def sync_missing_product(billing: Billing, event: Event, version: int) -> Applied:
    """An event about prices whose product is not at Stripe any more: it has none."""
    return await _apply_prices(billing, event, version, {"data": []})


async def sync_subscription(billing: Billing, identity: str, version: int) -> Applied:
    """The same for a subscription without an event. The version was drawn before."""
    state = objects.subscription_state(await billing.stripe.subscription(identity))
    return await store.apply_subscription(billing.database, version, state, billing.settings.grace_seconds)


async def sync_emails(billing: Billing, user_id: UUID | None = None) -> None:
    """Gives Stripe the addresses that have changed, of one user or of all; again if it is interrupted."""
    for customer, email in await store.stale_customers(billing.database, EMAILS_AT_ONCE, user_id):
        try:
            # Who has no address has none at Stripe: the old one may be another user's by now.
            await billing.stripe.set_email(customer, "" if email.endswith(".invalid") else email)
        except VendorError as error:
            if error.failure is not Failure.GONE or not (await billing.stripe.customer(customer)).get("deleted"):
                raise
            await store.unlink_customer(billing.database, customer)
        await store.mark_customer_current(billing.database, customer, email)


async def _apply_subscription(billing: Billing, event: Event, version: int, found: Object) -> Applied:
    state = objects.subscription_state(found)
    invoice = await _invoice_of(billing.stripe, event, found)
    if invoice and invoice["id"] not in {each["id"] for each in state["invoices"]}:
        state["invoices"].append(objects.invoice_state(invoice))
    emails = emails_of(event.type, event.upcoming, found, invoice, max(time.time(), event.created))
    return await store.apply_subscription(
        billing.database, version, state, billing.settings.grace_seconds, event, emails
    )


async def _invoice_of(stripe: Stripe, event: Event, subscription: Object) -> Object:
    """The invoice that the event is about, as it is now; mostly the latest, which came with the subscription.

    Empty where there is none: a draft can be deleted.
    """
    latest: Object = dict(objects.mapping(subscription.get("latest_invoice")))
    if event.invoice_id is None or event.invoice_id == latest.get("id"):
        return latest
    try:
        return await stripe.invoice(event.invoice_id)
    except VendorError as error:
        if error.failure is not Failure.GONE:
            raise
        return {}


async def _apply_invoice(billing: Billing, event: Event, version: int, found: Object) -> Applied:
    return await store.apply_invoice(billing.database, version, event, objects.invoice_state(found))


async def _apply_customer(billing: Billing, event: Event, _: int, found: Object) -> Applied:
    return await store.apply_customer(billing.database, event, objects.customer_state(found))


async def _apply_charge(billing: Billing, event: Event, _: int, found: Object) -> Applied:
    return await store.apply_charge(billing.database, event, objects.charge_state(found))


async def _apply_prices(billing: Billing, event: Event, version: int, listed: Object) -> Applied:
    """A price that was deleted is in no list."""
    deleted = [each["price_id"] for each in event.prices] if event.type == "price.deleted" else []
    states = [objects.price_state(each) for each in listed["data"]]
    return await store.apply_prices(billing.database, version, states, event, deleted)


SYNCS: Mapping[ObjectKind, Sync] = {
    ObjectKind.SUBSCRIPTION: Sync(Stripe.subscription, _apply_subscription),
    ObjectKind.INVOICE: Sync(Stripe.invoice, _apply_invoice),
    ObjectKind.CUSTOMER: Sync(Stripe.customer, _apply_customer),
    ObjectKind.REFUND: Sync(Stripe.charge, _apply_charge),
    ObjectKind.DISPUTE: Sync(Stripe.charge, _apply_charge),
    ObjectKind.PRICES: Sync(Stripe.prices_of_product, _apply_prices),
}
