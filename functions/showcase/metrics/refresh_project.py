"""Refreshes one project's stale numbers; of several calls at the same time, the one with the lease does."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from uuid import UUID

from showcase.errors import FAILING, Failure, VendorError
from showcase.metrics import store
from showcase.metrics.batching import BatchSize, fetch_in_batches
from showcase.metrics.client import Batch, Client
from showcase.metrics.dependencies import MetricsDependencies
from showcase.metrics.domain import Answer, Platform, Reason, Reference, RefreshLease, Snapshot
from showcase.observability.telemetry import log, report
from showcase.outbound.retry import Deadline, with_retries

LEASE_MARGIN = 10  # seconds that recording may take after a fetch used all its time


async def refresh_project(
    metrics: MetricsDependencies, project_id: UUID, platforms: Sequence[Platform], fresh_seconds: int
) -> Mapping[Platform, Snapshot | str]:
    """For each of these platforms a new snapshot, or the reason that there is none.

    `fresh_seconds` is the age up to which a snapshot that another call has stored meanwhile is new enough.
    """
    clients = {p: metrics.clients[p] for p in platforms if p in metrics.clients}
    outcomes: dict[Platform, Snapshot | str] = {p: Reason.NOT_CONFIGURED for p in platforms if p not in clients}
    if not clients:
        return outcomes
    seconds = round(metrics.settings.metrics_fetch_seconds) + LEASE_MARGIN
    leased = await store.lease_project(metrics.database, project_id, clients.values(), seconds, fresh_seconds)
    leases = {platform: lease for platform, lease in leased.items() if isinstance(lease, RefreshLease)}
    fetched = await asyncio.gather(
        *(_fetch_and_record(metrics, clients[p], lease, project_id) for p, lease in leases.items())
    )
    for platform, other in leased.items():
        if not isinstance(other, RefreshLease):
            outcomes[platform] = other if isinstance(other, Snapshot) else other.reason
    return outcomes | dict(zip(leases, fetched, strict=True))


async def _fetch_and_record(
    metrics: MetricsDependencies, client: Client, lease: RefreshLease, project_id: UUID
) -> Snapshot | str:
    """Fetches with a lease and records the result, failures too, so that nothing retries them before they are due."""
    deadline = Deadline.after(metrics.settings.metrics_fetch_seconds)
    outcome = await fetch_in_batches(_with_retries(client), lease, BatchSize(1, 1), deadline)
    if outcome.stopped_by and outcome.stopped_by.failure is Failure.UNAVAILABLE:
        # A platform this slow is recorded as a failure, so that the next visitor does not wait for it.
        outcome.results[project_id] = outcome.stopped_by
    stored = await store.record(metrics.database, client.platform, lease, outcome.results, outcome.usage)
    result = outcome.results[project_id]
    if isinstance(result, Answer) and stored["recorded"]:
        as_of = stored["as_of"]
        return Snapshot(client.platform, result.counts, as_of.astimezone(UTC).date(), as_of)
    failure = result if isinstance(result, VendorError) else outcome.stopped_by
    if failure is None:
        return Reason.REFRESH_IN_PROGRESS  # the link was changed, or the lease ended, meanwhile
    if failure.failure in FAILING:
        report(failure, "warning", project_id=str(project_id))
    else:
        log.info("%s", failure, extra={"fields": {"project_id": str(project_id)}})
    return failure.failure


def _with_retries(client: Client) -> Client:
    """Retries within the deadline: a visitor waits for this answer, and no later run can give it to them."""

    async def fetch(references: Sequence[Reference], credential: str, deadline: Deadline) -> Batch:
        return await with_retries(lambda: client.fetch(references, credential, deadline), deadline)

    return replace(client, fetch=fetch)
