"""The daily refresh: leases of sources that are due, until none is or the time of the run is nearly over."""

import asyncio
from dataclasses import dataclass, field, replace

from showcase.errors import ApiError, Failure, VendorError
from showcase.metrics import store
from showcase.metrics.batching import BatchSize, fetch_in_batches
from showcase.metrics.client import Client
from showcase.metrics.dependencies import MetricsDependencies
from showcase.metrics.domain import LeaseRefused, Platform, RefreshLease
from showcase.observability.telemetry import report
from showcase.outbound.retry import Deadline

STOP_BEFORE_END = 5.0  # seconds before the end of the run, from which on there are no new leases
FETCH_SHARE = 0.8  # of a lease; the rest is for recording, before others may lease its sources


@dataclass
class PlatformReport:
    """Counts of a run at one platform, in sources; `stopped` says why it ended early, `not_before` until when."""

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


async def refresh_due(metrics: MetricsDependencies) -> dict[Platform, PlatformReport]:
    """Refreshes the platforms concurrently, so that one that is down or limited delays no other; reports each."""
    deadline = Deadline.after(metrics.settings.metrics_run_seconds)
    reports = {platform: PlatformReport() for platform in metrics.clients}
    async with asyncio.TaskGroup() as group:
        for platform, client in metrics.clients.items():
            group.create_task(_refresh_platform(metrics, client, reports[platform], deadline))
    due = await store.count_due(metrics.database)
    for platform, done in reports.items():
        done.remaining = due.get(platform, 0)
    return reports


async def _refresh_platform(
    metrics: MetricsDependencies, client: Client, done: PlatformReport, deadline: Deadline
) -> None:
    size = BatchSize(client.first_batch, client.largest_batch)

    async def refresh_leases() -> None:
        while await _refresh_lease(metrics, client, size, done, deadline):
            pass

    # The first lease alone: those after it start with the batch size that it arrived at.
    if await _refresh_lease(metrics, client, size, done, deadline):
        async with asyncio.TaskGroup() as group:
            for _ in range(metrics.settings.metrics_concurrency):
                group.create_task(refresh_leases())


async def _refresh_lease(
    metrics: MetricsDependencies, client: Client, size: BatchSize, done: PlatformReport, deadline: Deadline
) -> bool:
    """False where no further lease follows: nothing is due, the platform refuses, or the time is nearly over."""
    if deadline.remaining <= STOP_BEFORE_END or done.stopped is not None:
        return False
    lease_size, seconds = metrics.settings.metrics_lease_size, metrics.settings.metrics_lease_seconds
    try:
        leased = await store.lease_due(metrics.database, client, lease_size, client.largest_batch, seconds)
        if isinstance(leased, LeaseRefused):
            done.stopped, done.not_before = leased.reason, leased.not_before
        if not isinstance(leased, RefreshLease):
            return False
        done.put_off += leased.put_off
        if leased.sources:
            await _fetch_and_record(metrics, client, leased, size, done, deadline)
    except Exception as error:  # noqa: BLE001 - the database's or ours: the sources are due again when the lease ends
        done.stopped = error.code if isinstance(error, ApiError) else ApiError.default_code
        report(error)
        return False
    return True


async def _fetch_and_record(
    metrics: MetricsDependencies,
    client: Client,
    lease: RefreshLease,
    size: BatchSize,
    done: PlatformReport,
    deadline: Deadline,
) -> None:
    own = replace(size)  # a reference that fails is of this lease alone
    seconds = min(deadline.remaining, metrics.settings.metrics_lease_seconds * FETCH_SHARE)
    outcome = await fetch_in_batches(client, lease, own, Deadline.after(seconds))
    size.now = own.now
    stored = await store.record(metrics.database, client.platform, lease, outcome.results, outcome.usage)
    done.leased += len(lease.sources)
    done.upstream_requests += outcome.requests
    done.recorded += stored["recorded"]
    done.gone += stored["gone"]
    done.forbidden += stored["forbidden"]
    done.failed += stored["failed"]
    if outcome.stopped_by is None:
        return
    if outcome.stopped_by.failure is Failure.RATE_LIMITED:
        done.rate_limited += stored["returned"]
        return
    if outcome.stopped_by.failure is Failure.REJECTED:
        done.rejected_credentials.append(lease.credential)
    report(outcome.stopped_by, _level(outcome.stopped_by), credential=lease.credential)


def _level(error: VendorError) -> str:
    """An error where the credential is refused, since an operator has to replace it."""
    return "error" if error.failure is Failure.REJECTED else "warning"
