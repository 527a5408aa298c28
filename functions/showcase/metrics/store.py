"""PostgREST calls of metrics."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from showcase.auth import Caller
from showcase.database import Database
from showcase.errors import AccountGone, VendorError
from showcase.metrics.client import Client
from showcase.metrics.domain import (
    COUNTED,
    Counts,
    LeaseRefused,
    Platform,
    ProjectMetrics,
    Reference,
    RefreshLease,
    Result,
    Snapshot,
    Usage,
    Views,
)

_LINKS = {
    Platform.GITHUB: "github_link",
    Platform.LINKEDIN: "linkedin_link",
    Platform.TWITTER: "twitter_link",
}


class Recorded(TypedDict):
    """When results were stored, and what became of how many sources."""

    as_of: datetime
    recorded: int
    gone: int
    forbidden: int
    failed: int
    returned: int


class _SnapshotRow(TypedDict):
    """A row of social_metrics."""

    platform: Platform
    recorded_at: date
    as_of: datetime
    stars: int
    forks: int
    watchers: int
    likes: int
    comments: int
    retweets: int
    replies: int


@dataclass(frozen=True)
class _Stored:
    """A platform whose numbers another call has just stored."""

    platform: Platform
    snapshot: _SnapshotRow


@dataclass(frozen=True)
class _Leased:
    """A platform that is ours to ask about one project."""

    platform: Platform
    lease_id: str
    credential: str
    reference: str
    platform_id: str | None


@dataclass(frozen=True)
class _NotLeased:
    """A platform that may not be asked."""

    platform: Platform
    reason: str


class _Source(TypedDict):
    project_id: UUID
    reference: str
    platform_id: str | None


@dataclass(frozen=True)
class _DueLeased:
    lease_id: str
    credential: str
    sources: list[_Source]
    put_off: int


@dataclass(frozen=True)
class _DueNotLeased:
    """`sources` is empty: none is due, or none may be asked now."""

    sources: Annotated[list[_Source], Field(max_length=0)]
    put_off: int = 0
    reason: str | None = None
    not_before: str | None = None


class _DayOfViews(TypedDict):
    day: date
    views: int


class _ViewsRow(TypedDict):
    total: int
    history: list[_DayOfViews]


class _ProjectRow(TypedDict):
    """What get_project_metrics returns."""

    user_id: UUID
    title: str
    github_link: str | None
    linkedin_link: str | None
    twitter_link: str | None
    snapshots: list[_SnapshotRow]
    history: list[_SnapshotRow]
    views: _ViewsRow | None
    account_gone: bool


async def get_project(
    database: Database, caller: Caller, project_id: UUID, history_days: int = 0
) -> ProjectMetrics | None:
    """A project's metrics in one round trip, as the caller may read them; None where RLS hides the project.

    Raises:
        AccountGone: the caller's account has been deleted.
        ServiceUnavailable: no response, or one of another shape, as of a database that is older than the functions.
    """
    parameters = {"project_id": str(project_id), "history_days": history_days}
    row: Mapping[str, Any] | None = await database.rpc("get_project_metrics", parameters, _ProjectRow | None, caller)
    if not row:
        return None
    if row["account_gone"]:
        raise AccountGone
    latest = map(snapshot, row["snapshots"])
    return ProjectMetrics(
        project_id=project_id,
        owner_id=row["user_id"],
        title=row["title"],
        linked=tuple(platform for platform, column in _LINKS.items() if row[column]),
        snapshots={one.platform: one for one in latest},
        history=tuple(map(snapshot, row["history"])),
        views=_views(row["views"]) if row["views"] else None,
    )


def _views(row: Mapping[str, Any]) -> Views:
    return Views(row["total"], {one["day"]: one["views"] for one in row["history"]})


async def lease_project(
    database: Database, project_id: UUID, clients: Iterable[Client], lease_seconds: int, fresh_seconds: int
) -> Mapping[Platform, RefreshLease | Snapshot | LeaseRefused]:
    """For each platform a lease of the project's reference, or the snapshot just stored by another call, or why not."""
    limits = {c.platform: {"credentials": list(c.credentials), **c.limits} for c in clients}
    rows = await database.rpc(
        "lease_project_metric_sources",
        {
            "project_id": str(project_id),
            "platforms": limits,
            "lease_seconds": lease_seconds,
            "fresh_seconds": fresh_seconds,
        },
        list[_Stored | _Leased | _NotLeased],
    )
    return {row.platform: _project_lease(row, project_id) for row in rows}


def _project_lease(row: _Stored | _Leased | _NotLeased, project_id: UUID) -> RefreshLease | Snapshot | LeaseRefused:
    if isinstance(row, _Stored):
        return snapshot(row.snapshot)
    if isinstance(row, _Leased):
        return RefreshLease(row.lease_id, row.credential, {project_id: Reference(row.reference, row.platform_id)})
    return LeaseRefused(_public(row.reason))


def _public(reason: str) -> str:
    """`rejected: status 401` -> `rejected`: only operators see the rest."""
    return reason.partition(":")[0]


async def lease_due(
    database: Database, client: Client, sources: int, batch: int, seconds: int
) -> RefreshLease | LeaseRefused | None:
    """A lease of up to `sources` that are due, for `seconds`; None where nothing is due."""
    row: _DueLeased | _DueNotLeased = await database.rpc(
        "lease_metric_sources",
        {
            "platform": client.platform,
            "credentials": list(client.credentials),
            "sources": sources,
            "batch": batch,
            "lease_seconds": seconds,
            **client.limits,
        },
        _DueLeased | _DueNotLeased,
    )
    if isinstance(row, _DueNotLeased):
        if row.reason:
            return LeaseRefused(_public(row.reason), row.not_before)
        return RefreshLease("", "", {}, row.put_off) if row.put_off else None
    references = {one["project_id"]: Reference(one["reference"], one["platform_id"]) for one in row.sources}
    return RefreshLease(row.lease_id, row.credential, references, row.put_off)


async def record(
    database: Database, platform: Platform, lease: RefreshLease, results: Mapping[UUID, Result | None], usage: Usage
) -> Recorded:
    """Stores the results of a lease in one transaction; a repeated call changes nothing. None: given back."""
    return await database.rpc(
        "record_metrics",
        {
            "platform": platform,
            "lease_id": lease.id,
            "credential": lease.credential,
            "results": [_result(project_id, result) for project_id, result in results.items()],
            "usage": usage.as_json(),
        },
        Recorded,
    )


async def count_due(database: Database) -> Mapping[str, int]:
    """How many sources are due, by platform."""
    return await database.rpc("count_due_metric_sources", {}, dict[str, int])


def _result(project_id: UUID, result: Result | None) -> dict[str, Any]:
    if result is None:
        return {"project_id": str(project_id), "failure": "returned"}
    if isinstance(result, VendorError):
        return {"project_id": str(project_id), "failure": result.failure}
    return {"project_id": str(project_id), "platform_id": result.platform_id, **result.counts}


def snapshot(row: Mapping[str, Any]) -> Snapshot:
    """A `_SnapshotRow`, with the counts that its platform has."""
    platform = row["platform"]
    counts: Counts = {name: row[name] for name in COUNTED[platform]}
    return Snapshot(platform, counts, row["recorded_at"], row["as_of"])
