"""Reconciliation: failed events, every subscription at Stripe, then those of our rows that are missing there."""

from dataclasses import dataclass, field

from showcase.billing import objects, store
from showcase.billing.dependencies import Billing
from showcase.billing.domain import Cursor
from showcase.billing.errors import WRONG_ACCOUNT
from showcase.billing.events import EventInProgress, check_account, process, report_findings, report_wrong_account
from showcase.billing.sync import sync_emails, sync_subscription
from showcase.errors import ApiError, Failure, VendorError
from showcase.observability.telemetry import log, report
from showcase.outbound.retry import Deadline

REPLAYED_AT_ONCE = 100
STOP_BEFORE_END = 5.0  # seconds that the last page may still take


@dataclass(frozen=True)
class ReconcileOptions:
    """`restart` begins at the first subscription. For one run an operator accepts another account, or that many end."""

    restart: bool = False
    accept_account: bool = False
    accept_cancellations: bool = False


@dataclass
class Report:
    """What a run did: counts, repaired subscriptions with the columns that differed, and why it stopped early."""

    finished: bool = False
    stopped: str | None = None
    pages: int = 0
    checked: int = 0
    repaired: list[tuple[str, list[str]]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    events_replayed: int = 0
    events_failed: int = 0
    grace_ended: int = 0


async def reconcile(billing: Billing, options: ReconcileOptions) -> Report:
    """Continues at the cursor of the last run, until the end or until the time of a run is over."""
    deadline = Deadline.after(billing.settings.billing_run_seconds)
    done = Report()
    try:
        await check_account(billing, accept=options.accept_account)
        done.grace_ended = await store.end_grace(billing.database)
        await _replay(billing, done, deadline)
        await sync_emails(billing)
        await _run(billing, done, deadline, options)
    except VendorError as error:
        done.stopped = await _stopped(billing, error)
        # Time ends a grace, also while Stripe does not answer; but with another account's key nothing is changed.
        if done.stopped != WRONG_ACCOUNT and not done.grace_ended:
            done.grace_ended = await store.end_grace(billing.database)
    if not done.finished:
        done.stopped = done.stopped or "out_of_time"
    for identity, changed in done.repaired:
        log.warning("repaired", extra={"fields": {"subscription": identity, "changed": changed}})
    return done


async def _stopped(billing: Billing, error: VendorError) -> str:
    report(error, "warning")
    if await report_wrong_account(billing, error):
        await store.finish_reconciliation(billing.database, completed=False)
        return WRONG_ACCOUNT
    return error.failure


async def _replay(billing: Billing, done: Report, deadline: Deadline) -> None:
    for event in await store.failed_events(billing.database, REPLAYED_AT_ONCE):
        if deadline.remaining < STOP_BEFORE_END:
            return
        try:
            await process(billing, event)
        except EventInProgress:
            continue
        except ApiError:
            done.events_failed += 1
        else:
            done.events_replayed += 1


async def _run(billing: Billing, done: Report, deadline: Deadline, options: ReconcileOptions) -> None:
    if options.accept_cancellations:
        log.warning("cancellations accepted")
    cursor = await store.begin_reconciliation(
        billing.database, restart=options.restart, accept_cancellations=options.accept_cancellations
    )
    if cursor.phase == "subscriptions" and cursor.reached is None:
        await _sync_prices(billing, cursor.version)
    if cursor.phase == "subscriptions" and not await _sync_subscriptions(billing, done, cursor, deadline):
        return
    if await _cancellations_allowed(billing, done) and await _sync_missing_at_stripe(billing, done, deadline):
        await store.finish_reconciliation(billing.database, completed=True)
        done.finished = True


async def _sync_prices(billing: Billing, version: int) -> None:
    """Before the subscriptions, whose plans follow from them."""
    states = [objects.price_state(each) for each in await billing.stripe.prices()]
    await store.apply_prices(billing.database, version, states)
    await store.retire_prices(billing.database, version)


async def _sync_subscriptions(billing: Billing, done: Report, cursor: Cursor, deadline: Deadline) -> bool:
    """Applies each page with a version drawn before its fetch; False where the time or the cursor ended it early."""
    settings = billing.settings
    while deadline.remaining > STOP_BEFORE_END:
        try:
            page = await billing.stripe.subscriptions(cursor.reached, settings.billing_page_size)
        except VendorError as error:
            if error.failure is not Failure.GONE or cursor.reached is None:
                raise
            # The subscription of the cursor was deleted, so that no page can start after it.
            cursor = await store.begin_reconciliation(billing.database, restart=True)
            continue
        states = [objects.subscription_state(each) for each in page.subscriptions]
        stored = await store.apply_page(
            billing.database, cursor.version, states, cursor.reached, page.after, settings.grace_seconds
        )
        if stored is None:
            done.stopped = "overtaken"
            return False
        report_findings(stored.findings)
        done.pages += 1
        done.checked += len(states)
        done.repaired += stored.repaired
        done.failed += stored.failed
        if page.after is None:
            return True
        cursor = Cursor("subscriptions", page.after, stored.version)
    return False


async def _cancellations_allowed(billing: Billing, done: Report) -> bool:
    """False where so many are missing at Stripe that a wrong key or a fault is likelier than their end."""
    settings = billing.settings
    allowed, findings = await store.check_cancellations(
        billing.database, settings.billing_cancellations_at_least, settings.billing_cancellations_share
    )
    if allowed:
        return True
    # With another account's key they are not even there, which is another finding.
    for identity in await store.missing_subscriptions(billing.database, None, 1):
        await billing.stripe.subscription(identity)
    report_findings(findings)
    await store.finish_reconciliation(billing.database, completed=False)
    done.stopped = "mass_cancellation"
    return False


async def _sync_missing_at_stripe(billing: Billing, done: Report, deadline: Deadline) -> bool:
    """Fetches each subscription that no page had; False where the time ended it early."""
    after: str | None = None
    while missing := await store.missing_subscriptions(billing.database, after, billing.settings.billing_page_size):
        for identity in missing:
            if deadline.remaining < STOP_BEFORE_END:
                return False
            version = await store.next_version(billing.database)
            applied = await sync_subscription(billing, identity, version)
            report_findings(applied.findings)
            done.checked += 1
            if applied.changed:
                done.repaired.append((identity, list(applied.changed)))
        after = missing[-1]
    return True
