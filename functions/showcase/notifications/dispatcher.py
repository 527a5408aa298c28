"""The dispatcher: sends due notifications in small leases, until none is due or the time of the run is nearly over."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from showcase.database import Database
from showcase.errors import ApiError, Failure, VendorError
from showcase.notifications import store
from showcase.notifications.domain import LONGEST_BACKOFF, Notification, Result, backoff
from showcase.notifications.mailer import Mailer
from showcase.notifications.settings import NotificationSettings
from showcase.observability.telemetry import log, report
from showcase.outbound.retry import Deadline


@dataclass(frozen=True)
class NotificationDependencies:
    """Dependencies of the dispatcher."""

    database: Database
    mailer: Mailer
    settings: NotificationSettings


@dataclass
class Run:
    """One run of the dispatcher: its counts by outcome, and why it stopped early, or None."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("sent", "retry", "failed", "unknown", "returned", "closed"), 0)
    )
    stopped: str | None = None
    reported: bool = False
    paused: Deadline = field(default_factory=lambda: Deadline.after(0))

    def pause(self, seconds: float) -> None:
        """Nothing is sent for so many seconds: SendGrid limits the account, not a message."""
        if seconds > self.paused.remaining:
            self.paused = Deadline.after(seconds)

    def report(self, reason: str | None) -> None:
        """Reports that SendGrid fails, once a run: where it is down, every e-mail of the queue would say so."""
        if not self.reported:
            self.reported = True
            report(VendorError("sendgrid", Failure.UNAVAILABLE, reason or ""), "warning")


async def dispatch(worker: NotificationDependencies) -> Run:
    """Sends what is due; any number of runs may do so side by side.

    Raises nothing: where the database is unavailable the run is stopped, and its leases end by themselves.
    """
    run = Run()
    if worker.settings.sendgrid_api_key is None:
        run.stopped = "not_configured"
        return run
    deadline = Deadline.after(worker.settings.notifications_run_seconds)

    async def work() -> None:
        while run.stopped is None and deadline.remaining > worker.settings.notifications_send_seconds:
            if run.paused.remaining >= deadline.remaining - worker.settings.notifications_send_seconds:
                run.stopped = Failure.RATE_LIMITED
                return
            await asyncio.sleep(run.paused.remaining)
            taken = await store.lease(worker.database, worker.settings)
            run.counts["closed"] += taken.closed
            if not taken.notifications and not taken.closed:
                return
            await _send_all(worker, taken.notifications, run)

    try:
        await asyncio.gather(*(work() for _ in range(worker.settings.notifications_concurrency)))
    except (ApiError, VendorError) as error:  # the database: what was taken settles by itself
        run.stopped = "database_unavailable"
        report(error)
    return run


async def send_one(worker: NotificationDependencies, notification_id: UUID) -> None:
    """Sends one notification, if it is due and no dispatcher holds a lease of it."""
    if worker.settings.sendgrid_api_key is not None:
        taken = await store.lease(worker.database, worker.settings, notification_id)
        await _send_all(worker, taken.notifications, Run())


async def _send_all(worker: NotificationDependencies, notifications: Sequence[Notification], run: Run) -> None:
    if not notifications:
        return
    results = await asyncio.gather(*(_send(worker, notification, run) for notification in notifications))
    for result in results:
        run.counts[result.outcome] += 1
    await store.record(worker.database, list(zip(notifications, results, strict=True)))


async def _send(worker: NotificationDependencies, notification: Notification, run: Run) -> Result:
    """The result to record; raises nothing, since one bad e-mail must not hold up the others."""
    settings = worker.settings
    try:
        result = await worker.mailer.send(notification)
    except VendorError as error:
        if error.failure is Failure.RATE_LIMITED:
            wait = min(error.retry_after or 0.0, LONGEST_BACKOFF)
            run.pause(wait)
            return Result("retry", error=error.failure, wait=wait)
        if run.stopped is None:  # the key: somebody has to look at it, and no message is at fault
            run.stopped = error.failure
            report(error)
        return Result("returned", error=error.failure)
    except Exception as error:  # noqa: BLE001 - a template or a payload that nobody thought of
        report(error)
        return Result("failed", error=f"not_rendered: {type(error).__name__}")
    if result.outcome == "retry":
        run.report(result.error)
        wait = max(result.wait, backoff(notification.attempt, settings.notifications_backoff_seconds))
        return replace(result, wait=min(wait, LONGEST_BACKOFF))
    if result.outcome == "unknown":
        log.warning("SendGrid did not answer", extra={"fields": {"notification_id": str(notification.id)}})
        run.report(f"no answer: {result.error}")
        return replace(result, wait=float(settings.notifications_settle_seconds))
    return result
