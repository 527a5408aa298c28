"""Bringing one project's stale numbers up to date, by the caller that gets the lease."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from uuid import UUID

from showcase.errors import FAILING, Failure, VendorError
from showcase.metrics import store
from showcase.metrics.batching import BatchSize, ask
from showcase.metrics.client import Answer, Batch, Client, Reference
from showcase.metrics.domain import Platform, Reason, Snapshot
from showcase.metrics.refresh_due import Worker
from showcase.metrics.store import Lease
from showcase.retry import Deadline, retrying
from showcase.telemetry import log, report

LEASE_MARGIN = 10  # seconds that recording may take after a fetch used all its time


async def refresh(
    worker: Worker, project_id: UUID, platforms: Sequence[Platform], fresh_seconds: int
) -> Mapping[Platform, Snapshot | str]:
    """For each of these platforms: a new snapshot, or the reason that there is none.

    `fresh_seconds` is the age up to which numbers that came meanwhile will do.
    """
    clients = {p: worker.clients[p] for p in platforms if p in worker.clients}
    outcomes: dict[Platform, Snapshot | str] = {p: Reason.NOT_CONFIGURED for p in platforms if p not in clients}
    if not clients:
        return outcomes
    seconds = round(worker.settings.metrics_fetch_seconds) + LEASE_MARGIN
    claims = await store.claim(worker.database, project_id, clients.values(), seconds, fresh_seconds)
    leases = {platform: claim for platform, claim in claims.items() if isinstance(claim, Lease)}
    answers = await asyncio.gather(*(_ask(worker, clients[p], lease, project_id) for p, lease in leases.items()))
    outcomes |= {p: c if isinstance(c, Snapshot) else c.reason for p, c in claims.items() if not isinstance(c, Lease)}
    return outcomes | dict(zip(leases, answers, strict=True))


async def _ask(worker: Worker, client: Client, lease: Lease, project_id: UUID) -> Snapshot | str:
    """Asks, and records whatever came of it, so that nobody else asks before a failure may have passed."""
    deadline = Deadline.after(worker.settings.metrics_fetch_seconds)
    asked = await ask(_with_retries(client), lease, BatchSize(1, 1), deadline)
    if asked.stopped_by and asked.stopped_by.failure is Failure.UNAVAILABLE:
        asked.results[project_id] = (
            asked.stopped_by
        )  # a platform this slow is a failure: the next visitor need not wait
    stored = await store.record(worker.database, client.platform, lease, asked.results, asked.usage)
    result = asked.results[project_id]
    if isinstance(result, Answer) and stored["recorded"]:
        as_of = stored["as_of"]
        return Snapshot(client.platform, result.counts, as_of.astimezone(UTC).date(), as_of)
    failure = result if isinstance(result, VendorError) else asked.stopped_by
    if failure is None:
        return Reason.REFRESH_IN_PROGRESS  # the link was changed, or the lease ran out, while we asked
    if failure.failure in FAILING:
        report(failure, "warning", project_id=str(project_id))
    else:
        log.info("%s", failure, extra={"fields": {"project_id": str(project_id)}})
    return failure.failure


def _with_retries(client: Client) -> Client:
    """A visitor is there only once: what may pass within the deadline is tried again at once."""

    async def fetch(references: Sequence[Reference], credential: str, deadline: Deadline) -> Batch:
        return await retrying(lambda: client.fetch(references, credential, deadline), deadline)

    return replace(client, fetch=fetch)
