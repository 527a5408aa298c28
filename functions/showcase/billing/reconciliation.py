"""What no event told: failed events again, then every subscription at Stripe, then those of ours that Stripe lacks."""

from dataclasses import dataclass, field

from showcase.billing import objects, store
from showcase.billing.dependencies import Billing
from showcase.billing.events import EventInProgress, process, report_findings
from showcase.billing.sync import sync_subscription
from showcase.errors import ApiError, Failure, VendorError
from showcase.retry import Deadline
from showcase.telemetry import log, report

REPLAYED_AT_ONCE = 100
STOP_BEFORE_END = 5.0  # seconds that the last page may still take


@dataclass
class Report:
    """What a run did."""

    finished: bool = False
    stopped: str | None = None
    pages: int = 0
    checked: int = 0
    repaired: list[tuple[str, list[str]]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    events_replayed: int = 0
    events_failed: int = 0
    grace_ended: int = 0


async def reconcile(billing: Billing, *, anew: bool) -> Report:
    """Goes on where the last run stopped, until the end of the walk or of the time for a run."""
    deadline = Deadline.after(billing.settings.billing_run_seconds)
    done = Report(grace_ended=await store.end_grace(billing.database))
    try:
        await _replay(billing, done, deadline)
        await _walk(billing, done, deadline, anew=anew)
    except VendorError as error:
        report(error, "warning")
        done.stopped = error.failure
    if not done.finished:
        done.stopped = done.stopped or "out_of_time"
    for identity, changed in done.repaired:
        log.warning("repaired", extra={"fields": {"subscription": identity, "changed": changed}})
    return done


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


async def _walk(billing: Billing, done: Report, deadline: Deadline, *, anew: bool) -> None:
    walk = await store.begin_walk(billing.database, anew=anew)
    if walk.phase == "stripe" and not await _walk_stripe(billing, done, walk, deadline):
        return
    if await _walk_ours(billing, done, deadline):
        await store.finish_walk(billing.database)
        done.finished = True


async def _walk_stripe(billing: Billing, done: Report, walk: store.Walk, deadline: Deadline) -> bool:
    """Page by page; each is asked for with a ticket that was drawn before. Whether it came to the end."""
    settings = billing.settings
    reached, ticket = walk.reached, walk.ticket
    while deadline.remaining > STOP_BEFORE_END:
        try:
            page = await billing.stripe.subscriptions(reached, settings.billing_page_size)
        except VendorError as error:
            if error.failure is not Failure.GONE or reached is None:
                raise
            # The subscription that we had come to is no longer there to go on from.
            again = await store.begin_walk(billing.database, anew=True)
            reached, ticket = again.reached, again.ticket
            continue
        states = [objects.subscription_state(each) for each in page.subscriptions]
        stored = await store.apply_page(billing.database, ticket, states, reached, page.after, settings.grace_seconds)
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
        reached, ticket = page.after, stored.ticket
    return False


async def _walk_ours(billing: Billing, done: Report, deadline: Deadline) -> bool:
    """Ours that are live and were not met: each is looked at by itself. Whether it came to the end."""
    after: str | None = None
    while unmet := await store.unmet(billing.database, after, billing.settings.billing_page_size):
        for identity in unmet:
            if deadline.remaining < STOP_BEFORE_END:
                return False
            ticket = await store.draw_ticket(billing.database)
            applied = await sync_subscription(billing, identity, ticket)
            report_findings(applied.findings)
            done.checked += 1
            if applied.changed:
                done.repaired.append((identity, list(applied.changed)))
        after = unmet[-1]
    return True
