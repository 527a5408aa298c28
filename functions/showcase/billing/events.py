"""Processing of an event: recorded and leased with a version, then its object is fetched and applied."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus

from showcase.billing import store
from showcase.billing.dependencies import Billing
from showcase.billing.domain import Applied, Event, EventLease, Finding, ObjectKind
from showcase.billing.errors import WrongAccount
from showcase.billing.sync import sync_missing_product, sync_object
from showcase.errors import ApiError, Failure, SafeToLogError, ServiceUnavailable, VendorError
from showcase.observability.telemetry import log, report


class EventInProgress(ApiError):
    """This event is being processed already. Send it again in a while."""

    status = HTTPStatus.CONFLICT
    default_code = "event_in_progress"


class BillingFinding(SafeToLogError):
    """An operator has to look at this; it is in private.billing_findings."""


async def process(billing: Billing, event: Event) -> str:
    """Records, leases and applies an event; a repeated one has no further effect. Returns the outcome.

    Raises:
        EventInProgress: another process holds its lease, and may have died.
        ServiceUnavailable: it failed; the ledger says why, and it may come again at once.
    """
    lease = await store.record(billing.database, event, billing.settings.billing_lease_seconds)
    if lease.state == "in_progress":
        raise EventInProgress(headers={"Retry-After": str(lease.seconds)})
    if lease.state == "processed":
        return "recorded" if event.kind is ObjectKind.NOTHING else "processed"
    try:
        applied = await _sync(billing, event, lease)
    except Exception as error:
        await _record_error(billing, event, lease.version, error)
        if isinstance(error, VendorError):
            await report_wrong_account(billing, error, event.object_id)
        if isinstance(error, VendorError | TimeoutError):
            raise ServiceUnavailable("Stripe does not answer right now.", code="stripe_unavailable") from error
        raise
    report_findings(applied.findings)
    return applied.outcome


async def _sync(billing: Billing, event: Event, lease: EventLease) -> Applied:
    if lease.state == "wrong_account":
        raise WrongAccount
    # Beyond its end another process may hold the lease.
    async with asyncio.timeout(billing.settings.billing_lease_seconds):
        try:
            return await sync_object(billing, event, lease.version)
        except VendorError as error:
            if error.failure is not Failure.GONE or event.kind is not ObjectKind.PRICES:
                raise
            # A product, unlike what the other events are about, can be deleted: the account is asked for instead.
            await check_account(billing)
            return await sync_missing_product(billing, event, lease.version)


async def _record_error(billing: Billing, event: Event, version: int, error: Exception) -> None:
    """Where recording fails too, the lease ends by itself."""
    text = str(error) if isinstance(error, ApiError | VendorError) else type(error).__name__
    try:
        await store.fail(billing.database, event, version, text)
    except ApiError as unrecorded:
        log.warning("The error of %s was not recorded: %s", event.id, unrecorded.code)


async def check_account(billing: Billing, *, accept: bool = False) -> None:
    """Asks whose the key is; an operator may `accept` another account than that of our rows.

    Raises: WrongAccount, before anything that Stripe says is believed.
    """
    found = await billing.stripe.account()
    if not await store.check_account(billing.database, found.account_id, found.livemode, accept=accept):
        raise WrongAccount(found.account_id)
    if accept:
        log.warning("account accepted", extra={"fields": {"account": found.account_id, "livemode": found.livemode}})


async def report_wrong_account(billing: Billing, error: VendorError, missing: str | None = None) -> bool:
    """Whether the error says that the key is of another account or mode, which is then a finding."""
    if error.failure is not Failure.GONE and not isinstance(error, WrongAccount):
        return False
    account_id = error.account_id if isinstance(error, WrongAccount) else None
    report_findings(await store.report_wrong_account(billing.database, account_id, billing.stripe.livemode, missing))
    return True


def report_findings(findings: Iterable[Finding]) -> None:
    """Each to Sentry and the log, by its kind and the id it is about."""
    for finding in findings:
        report(BillingFinding(f"{finding.kind}: {finding.subject}"))
