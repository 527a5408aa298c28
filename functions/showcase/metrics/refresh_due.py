"""The daily refresh: everything that is due, in leases, until nothing is or the time of a run is nearly over."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from showcase.database import Database
from showcase.errors import ApiError, Failure, VendorError
from showcase.metrics import store
from showcase.metrics.batching import BatchSize, ask
from showcase.metrics.client import Client
from showcase.metrics.domain import Platform
from showcase.metrics.settings import MetricsSettings
from showcase.metrics.store import Lease, Refused
from showcase.retry import Deadline
from showcase.telemetry import report

STOP_BEFORE_END = 5.0  # seconds a lease may still take when the time of the run is over
SHARE_FOR_ASKING = 0.8  # of a lease; the rest is for recording, before others may take it


@dataclass(frozen=True)
class Worker:
    """What a run needs."""

    database: Database
    clients: Mapping[Platform, Client]
    settings: MetricsSettings


@dataclass
class PlatformReport:
    """What a run did at one platform; `stopped` says why it ended early, `not_before` until when."""

    leased: int = 0
    recorded: int = 0
    gone: int = 0
    forbidden: int = 0
    failed: int = 0
    rate_limited: int = 0
    put_off: int = 0
    remaining: int = 0
    upstream_requests: int = 0
    stopped: str | None = None
    not_before: str | None = None
    rejected_credentials: list[str] = field(default_factory=list)


async def refresh_due(worker: Worker) -> dict[Platform, PlatformReport]:
    """Refreshes every platform beside the others: one that is down or limited does not hold them up."""
    deadline = Deadline.after(worker.settings.metrics_run_seconds)
    reports = {platform: PlatformReport() for platform in worker.clients}
    async with asyncio.TaskGroup() as group:
        for platform, client in worker.clients.items():
            group.create_task(_refresh_platform(worker, client, reports[platform], deadline))
    due = await store.count_due(worker.database)
    for platform, done in reports.items():
        done.remaining = due.get(platform, 0)
    return reports


async def _refresh_platform(worker: Worker, client: Client, done: PlatformReport, deadline: Deadline) -> None:
    size = BatchSize(client.first_batch, client.largest_batch)

    async def work() -> None:
        while await _work_on_a_lease(worker, client, size, done, deadline):
            pass

    # The first lease alone: what comes after it starts with the batch size that it found, not with small ones again.
    if await _work_on_a_lease(worker, client, size, done, deadline):
        async with asyncio.TaskGroup() as group:
            for _ in range(worker.settings.metrics_concurrency):
                group.create_task(work())


async def _work_on_a_lease(
    worker: Worker, client: Client, size: BatchSize, done: PlatformReport, deadline: Deadline
) -> bool:
    """Whether there may be more: something was due, one may ask, and the time is not nearly over."""
    if deadline.remaining <= STOP_BEFORE_END or done.stopped is not None:
        return False
    lease_size, seconds = worker.settings.metrics_lease_size, worker.settings.metrics_lease_seconds
    try:
        taken = await store.lease(worker.database, client, lease_size, client.largest_batch, seconds)
        if isinstance(taken, Refused):
            done.stopped, done.not_before = taken.reason, taken.not_before
        if not isinstance(taken, Lease):
            return False
        done.put_off += taken.put_off
        if taken.sources:
            await _process(worker, client, taken, size, done, deadline)
    except Exception as error:  # noqa: BLE001 - the database's or ours: leases run out by themselves and are due again
        done.stopped = error.code if isinstance(error, ApiError) else ApiError.default_code
        report(error)
        return False
    return True


async def _process(
    worker: Worker, client: Client, lease: Lease, size: BatchSize, done: PlatformReport, deadline: Deadline
) -> None:
    own = replace(size)  # what is too much in this lease need not be in another
    time_to_ask = min(deadline.remaining, worker.settings.metrics_lease_seconds * SHARE_FOR_ASKING)
    asked = await ask(client, lease, own, Deadline.after(time_to_ask))
    size.now = own.now
    stored = await store.record(worker.database, client.platform, lease, asked.results, asked.usage)
    done.leased += len(lease.sources)
    done.upstream_requests += asked.requests
    for name in ("recorded", "gone", "forbidden", "failed"):
        setattr(done, name, getattr(done, name) + stored[name])
    if asked.stopped_by is None:
        return
    if asked.stopped_by.failure is Failure.RATE_LIMITED:
        done.rate_limited += stored["returned"]
        return
    if asked.stopped_by.failure is Failure.REJECTED:
        done.rejected_credentials.append(lease.credential)
    report(asked.stopped_by, _level(asked.stopped_by), credential=lease.credential)


def _level(error: VendorError) -> str:
    """A refused credential does not fix itself."""
    return "error" if error.failure is Failure.REJECTED else "warning"
