"""The rules of metrics: which platform counts what, and when a snapshot is old."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

FRESH_FOR = timedelta(hours=24)


class Platform(StrEnum):
    """The platforms, named as in `social_metrics.platform`; X kept the name it had."""

    GITHUB = "github"
    LINKEDIN = "linkedin"
    TWITTER = "twitter"


# Which columns of social_metrics each platform fills; the others stay 0 in its rows.
COUNTED: Mapping[Platform, tuple[str, ...]] = {
    Platform.GITHUB: ("stars", "forks", "watchers"),
    Platform.LINKEDIN: ("likes", "comments"),
    Platform.TWITTER: ("likes", "retweets", "replies"),
}

Counts = Mapping[str, int]


class Reason(StrEnum):
    """Why numbers are not newer, beside the vendor failures of `showcase.errors.Failure`."""

    REFRESH_IN_PROGRESS = "refresh_in_progress"
    NOT_CONFIGURED = "not_configured"


@dataclass(frozen=True)
class Snapshot:
    """One platform's counts for one project as they were at `as_of`; `recorded_at` is its UTC day."""

    platform: Platform
    counts: Counts
    recorded_at: date
    as_of: datetime

    def is_fresh(self, now: datetime) -> bool:
        return now - self.as_of < FRESH_FOR


@dataclass(frozen=True)
class Views:
    """How often a project's page was seen: in all, and on each UTC day of its history that had views."""

    total: int
    history: Mapping[date, int]


@dataclass(frozen=True)
class ProjectMetrics:
    """A project that the caller can see, with the latest snapshot of each platform and its history, oldest first.

    `views` are its owner's alone: None for everybody else.
    """

    project_id: UUID
    owner_id: UUID
    title: str
    linked: tuple[Platform, ...]
    snapshots: Mapping[Platform, Snapshot]
    history: tuple[Snapshot, ...] = ()
    views: Views | None = None

    def stale(self, now: datetime | None = None) -> list[Platform]:
        """The platforms that the project links to and whose numbers are missing or older than a day."""
        moment = now or datetime.now(UTC)
        return [p for p in self.linked if p not in self.snapshots or not self.snapshots[p].is_fresh(moment)]
