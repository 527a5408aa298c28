"""The life of an event: recorded with a ticket, looked up at Stripe as it is, applied; two calls to the database."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from showcase.billing import domain, store
from showcase.billing.domain import Event, Look
from showcase.billing.settings import BillingSettings
from showcase.billing.store import Applied, Finding
from showcase.billing.stripe_api import Stripe
from showcase.database import Database
from showcase.errors import ApiError, ServiceUnavailable, TellableError, VendorError
from showcase.telemetry import log, report


@dataclass(frozen=True)
class Billing:
    """What the billing functions need."""

    database: Database
    stripe: Stripe
    settings: BillingSettings


class EventInProgress(ApiError):
    """Somebody is working on this event. Send it again in a while."""

    status = HTTPStatus.CONFLICT
    default_code = "event_in_progress"


class BillingFinding(TellableError):
    """Somebody has to look at this; it is in private.billing_findings."""


async def process(billing: Billing, event: Event) -> str:
    """Does all that follows from an event, once in effect however often it comes; what became of it.

    Raises:
        EventInProgress: somebody else is at it, or was and has not been heard of.
        ServiceUnavailable: it failed; the ledger says why, and it may come again at once.
    """
    claim = await store.record(billing.database, event, billing.settings.billing_claim_seconds)
    if claim.state == "in_progress":
        raise EventInProgress(headers={"Retry-After": str(claim.seconds)})
    if claim.state == "processed":
        return "recorded" if event.look is Look.NOTHING else "processed"
    try:
        # Whoever takes longer than the claim could meet the next one to have it.
        async with asyncio.timeout(billing.settings.billing_claim_seconds):
            applied = await _act(billing, event, claim.ticket)
    except Exception as error:
        await _keep_error(billing, event, claim.ticket, error)
        if isinstance(error, VendorError | TimeoutError):
            raise ServiceUnavailable("Stripe does not answer right now.", code="stripe_unavailable") from error
        raise
    report_findings(applied.findings)
    return applied.outcome


async def _act(billing: Billing, event: Event, ticket: int) -> Applied:
    identity = event.object_id or ""
    match event.look:
        case Look.CUSTOMER:
            customer = await billing.stripe.customer(identity)
            return await store.apply_customer(billing.database, event, domain.customer_state(customer))
        case Look.REFUND | Look.DISPUTE:
            charge = await billing.stripe.charge(identity) or {"id": identity}
            return await store.apply_charge(billing.database, event, domain.charge_state(charge))
    return await look_at_subscription(billing, identity, ticket, event)


async def look_at_subscription(billing: Billing, identity: str, ticket: int, event: Event | None = None) -> Applied:
    """Applies a subscription as it is at Stripe now. The ticket was drawn before."""
    found = await billing.stripe.subscription(identity)
    state = domain.subscription_state(found) if found else {"id": identity, "gone": True}
    return await store.apply_subscription(billing.database, ticket, state, billing.settings.grace_seconds, event)


async def _keep_error(billing: Billing, event: Event, ticket: int, error: Exception) -> None:
    """Where even that fails, the claim runs out by itself."""
    text = str(error) if isinstance(error, ApiError | VendorError) else type(error).__name__
    try:
        await store.fail(billing.database, event, ticket, text)
    except ApiError as unkept:
        log.warning("The error of %s was not kept: %s", event.id, unkept.code)


def report_findings(findings: Iterable[Finding]) -> None:
    for finding in findings:
        report(BillingFinding(f"{finding.kind}: {finding.subject}"))
