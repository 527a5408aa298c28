"""The metrics' PostgREST calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from showcase.auth import Caller
from showcase.database import Database
from showcase.metrics.domain import COUNTED, Counts, Platform, ProjectMetrics, Snapshot

_LINKS = {
    Platform.GITHUB: "github_link",
    Platform.LINKEDIN: "linkedin_link",
    Platform.TWITTER: "twitter_link",
}


@dataclass(frozen=True)
class Claim:
    """Whether we may ask a platform now; where not, `reason` says what is in the way."""

    claimed: bool
    reason: str | None


async def get_project(database: Database, caller: Caller, project_id: UUID) -> ProjectMetrics | None:
    """What this caller can see of a project's metrics, in one round trip; None where they cannot see the project."""
    row = await database.rpc("get_project_metrics", {"project_id": str(project_id)}, caller)
    if not row:
        return None
    snapshots = [_snapshot(item) for item in row["snapshots"]]
    return ProjectMetrics(
        project_id=project_id,
        links={platform: row[column] for platform, column in _LINKS.items() if row[column]},
        snapshots={snapshot.platform: snapshot for snapshot in snapshots},
    )


async def claim(
    database: Database, project_id: UUID, platforms: list[Platform], seconds: int
) -> Mapping[Platform, Claim]:
    """Takes the right to ask each platform about a project, for a time, where nobody else holds it."""
    rows = await database.rpc(
        "claim_metric_sources", {"project_id": str(project_id), "platforms": platforms, "lease_seconds": seconds}
    )
    return {Platform(row["platform"]): Claim(row["claimed"], row["reason"]) for row in rows}


async def record(database: Database, project_id: UUID, platform: Platform, counts: Counts) -> Snapshot:
    """Stores today's row and gives the right back. Doing it twice is doing it once."""
    row = await database.rpc(
        "record_metric_snapshot", {"project_id": str(project_id), "platform": platform, "counts": dict(counts)}
    )
    return _snapshot(row)


async def record_failure(
    database: Database, project_id: UUID, platform: Platform, reason: str, retry_after: float
) -> None:
    """Remembers why a platform did not answer, and keeps everybody from asking again for `retry_after` seconds."""
    await database.rpc(
        "fail_metric_source",
        {
            "project_id": str(project_id),
            "platform": platform,
            "reason": reason,
            "retry_after_seconds": round(retry_after),
        },
    )


def _snapshot(row: Mapping[str, Any]) -> Snapshot:
    platform = Platform(row["platform"])
    return Snapshot(
        platform=platform,
        counts={name: row[name] for name in COUNTED[platform]},
        recorded_at=date.fromisoformat(row["recorded_at"]),
        as_of=datetime.fromisoformat(row["as_of"]),
    )
