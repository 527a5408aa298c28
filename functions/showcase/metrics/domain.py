"""The rules of metrics: which platform counts what, what a link names, when a snapshot is old."""

import re
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
    """Why an answer is stale, beside the vendor failures of `showcase.errors.Failure`."""

    REFRESH_IN_PROGRESS = "refresh_in_progress"
    NOT_CONFIGURED = "not_configured"


@dataclass(frozen=True)
class Repository:
    """A GitHub repository as a link names it."""

    owner: str
    name: str


_GITHUB_LINK = re.compile(r"https://github\.com/([A-Za-z0-9-]{1,39})/([A-Za-z0-9._-]{1,100}?)(?:\.git)?/?(?:[?#].*)?")


def parse_github_link(link: str) -> Repository | None:
    """`https://github.com/ada/engine` -> Repository("ada", "engine"); None where it names no repository."""
    match = _GITHUB_LINK.fullmatch(link)
    if match is None or match[2] in {".", ".."}:
        return None
    return Repository(match[1], match[2])


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
class ProjectMetrics:
    """A project that the caller can see, its links by platform, and the latest snapshot of each platform."""

    project_id: UUID
    links: Mapping[Platform, str]
    snapshots: Mapping[Platform, Snapshot]

    def stale(self, now: datetime | None = None) -> list[Platform]:
        """The platforms that the project links to and whose numbers are missing or older than a day."""
        moment = now or datetime.now(UTC)
        return [p for p in self.links if p not in self.snapshots or not self.snapshots[p].is_fresh(moment)]
