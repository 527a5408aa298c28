"""How each kind of Stripe's objects is brought in step: fetched as it is now, read, and applied in one transaction."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from showcase.billing import objects, store
from showcase.billing.dependencies import Billing
from showcase.billing.domain import Applied, Event, ObjectKind
from showcase.billing.stripe_api import Object, Stripe

State = Mapping[str, Any]


@dataclass(frozen=True)
class Sync:
    """`apply` takes the version that was drawn before the fetch."""

    fetch: Callable[[Stripe, str], Awaitable[Object]]
    to_state: Callable[[Object], State]
    apply: Callable[[Billing, Event, int, State], Awaitable[Applied]]


async def sync_object(billing: Billing, event: Event, version: int) -> Applied:
    """Brings the object that the event is about in step.

    Raises:
        VendorError: GONE too. Stripe keeps what it has sent an event about: a key of another account or mode was used.
    """
    sync = SYNCS[event.kind]
    found = await sync.fetch(billing.stripe, event.object_id or "")
    return await sync.apply(billing, event, version, sync.to_state(found))


async def sync_subscription(billing: Billing, identity: str, version: int) -> Applied:
    """The same for a subscription without an event. The version was drawn before."""
    state = objects.subscription_state(await billing.stripe.subscription(identity))
    return await store.apply_subscription(billing.database, version, state, billing.settings.grace_seconds)


async def _apply_subscription(billing: Billing, event: Event, version: int, state: State) -> Applied:
    return await store.apply_subscription(billing.database, version, state, billing.settings.grace_seconds, event)


async def _apply_customer(billing: Billing, event: Event, _: int, state: State) -> Applied:
    return await store.apply_customer(billing.database, event, state)


async def _apply_charge(billing: Billing, event: Event, _: int, state: State) -> Applied:
    return await store.apply_charge(billing.database, event, state)


SYNCS: Mapping[ObjectKind, Sync] = {
    ObjectKind.SUBSCRIPTION: Sync(Stripe.subscription, objects.subscription_state, _apply_subscription),
    ObjectKind.CUSTOMER: Sync(Stripe.customer, objects.customer_state, _apply_customer),
    ObjectKind.REFUND: Sync(Stripe.charge, objects.charge_state, _apply_charge),
    ObjectKind.DISPUTE: Sync(Stripe.charge, objects.charge_state, _apply_charge),
}
