"""Nouns and rules of metrics: which platform counts what, and when a snapshot is old. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from showcase.errors import VendorError

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


@dataclass(frozen=True)
class Reference:
    """A repository or post: its name as the link gives it, and the platform's own permanent id where it is known."""

    name: str
    platform_id: str | None = None


@dataclass(frozen=True)
class Answer:
    """One reference's counts, and the platform's permanent id of it where it has one."""

    counts: Counts
    platform_id: str | None = None


Result = Answer | VendorError


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


@dataclass(frozen=True)
class RefreshLease:
    """The right to fetch the references of some projects with one credential, by its fingerprint, until the lease ends.

    `sources` are the references by project id. `put_off` counts those that were due and wait for the next UTC day,
    since the quotas of their owners are used up; there may be such ones alone, and no `sources`.
    """

    id: str
    credential: str
    sources: Mapping[UUID, Reference]
    put_off: int = 0


@dataclass(frozen=True)
class LeaseRefused:
    """Why there is no lease of a platform now, and until when (ISO 8601), where that is known."""

    reason: str
    not_before: str | None = None


@dataclass(frozen=True)
class Usage:
    """What a lease's requests did to the budget of its credential. Times are in seconds since 1970."""

    answered: bool = False
    failures: int = 0
    remaining: int | None = None
    resets_at: float | None = None
    not_before: float | None = None
    reason: str | None = None
    unused_units: int = 0

    def as_json(self) -> dict[str, Any]:
        """The members that are known, as `record_metrics` takes them."""
        return {name: value for name, value in vars(self).items() if value is not None}
