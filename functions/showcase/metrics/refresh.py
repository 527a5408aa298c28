"""Bringing one project's stale numbers up to date, by whoever claims the right to ask first."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from showcase.database import Database
from showcase.errors import ApiError, Failure, VendorError
from showcase.metrics import store
from showcase.metrics.domain import Counts, Platform, ProjectMetrics, Reason, Snapshot
from showcase.retry import Deadline
from showcase.telemetry import log, report

# Asks a platform what a link counts. Raises VendorError.
Fetch = Callable[[str, Deadline], Awaitable[Counts]]

LEASE_MARGIN = 10  # seconds that recording may take after a fetch used all its time


@dataclass(frozen=True)
class Refresher:
    """What a refresh needs: the database, a fetch for each platform that is configured, and its patience."""

    database: Database
    fetches: Mapping[Platform, Fetch]
    fetch_seconds: float
    failure_seconds: float


async def refresh(refresher: Refresher, metrics: ProjectMetrics) -> Mapping[Platform, Snapshot | str]:
    """For each stale platform of a project: its new snapshot, or the reason that there is none."""
    stale = metrics.stale()
    outcomes: dict[Platform, Snapshot | str] = {
        platform: Reason.NOT_CONFIGURED for platform in stale if platform not in refresher.fetches
    }
    wanted = [platform for platform in stale if platform in refresher.fetches]
    if wanted:
        lease = round(refresher.fetch_seconds) + LEASE_MARGIN
        claims = await store.claim(refresher.database, metrics.project_id, wanted, lease)
        for platform, claim in claims.items():
            link = metrics.links[platform]
            outcomes[platform] = (
                await _ask(refresher, metrics.project_id, platform, link)
                if claim.claimed
                else claim.reason or Reason.REFRESH_IN_PROGRESS
            )
    return outcomes


async def _ask(refresher: Refresher, project_id: UUID, platform: Platform, link: str) -> Snapshot | str:
    """Fetches and records; a failure is recorded too, so that nobody else asks until it may have passed."""
    try:
        counts = await refresher.fetches[platform](link, Deadline.after(refresher.fetch_seconds))
        return await store.record(refresher.database, project_id, platform, counts)
    except VendorError as error:
        log.warning("%s", error, extra={"fields": {"project_id": str(project_id)}})
        wait = error.retry_after or refresher.failure_seconds
        await _remember(refresher.database, project_id, platform, error.failure, wait)
        return error.failure


async def _remember(database: Database, project_id: UUID, platform: Platform, failure: Failure, wait: float) -> None:
    """The caller gets the last numbers even where this cannot be stored; the claim runs out by itself."""
    try:
        await store.record_failure(database, project_id, platform, failure, wait)
    except ApiError as error:
        report(error)
