"""Requests and responses of the metrics functions."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from showcase.http import RequestModel, ResponseModel
from showcase.metrics.domain import Platform


class SocialMetricsRequest(RequestModel):
    """Which project, whether to ask its platforms again, and how long a history to add."""

    project_id: UUID
    refresh: bool = Field(
        default=False, description="Ask the platforms again now; for the project's owner, once in a while."
    )
    history_days: int = Field(default=0, ge=0, le=366, description="How many days of daily numbers to add.")


class PlatformMetrics(ResponseModel):
    """One platform's latest numbers."""

    counts: dict[str, int] | None = Field(
        description="github: stars, forks, watchers; linkedin: likes, comments; twitter: likes, retweets, replies. "
        "Null where the platform has not answered about this link yet."
    )
    recorded_at: date | None = Field(description="The UTC day of these numbers.")
    as_of: datetime | None = Field(description="When the platform gave these numbers.")
    stale: bool = Field(description="True where the numbers are missing or older than 24 hours.")
    reason: str | None = Field(
        description="Why there are no newer numbers: refresh_in_progress, rate_limited, budget_spent, share_spent (as "
        "much was asked today about this owner's links as may be), unavailable, rejected, gone, forbidden or "
        "not_configured. Null where there is nothing to say."
    )


class HistoryEntry(ResponseModel):
    """One day of one platform."""

    platform: Platform
    recorded_at: date
    counts: dict[str, int]


class ViewsOfDay(ResponseModel):
    """Views of one day that had any."""

    day: date
    views: int


class ViewCounts(ResponseModel):
    """How often the project's page was seen."""

    total: int
    history: list[ViewsOfDay] = Field(description="Oldest first; empty unless history_days was given.")


class SocialMetricsResponse(ResponseModel):
    """The platforms that the project links to now; the history has those of removed and changed links too."""

    project_id: UUID
    platforms: dict[Platform, PlatformMetrics]
    history: list[HistoryEntry] = Field(description="Oldest first; empty unless history_days was given.")
    views: ViewCounts | None = Field(description="Views of the project's page, for its owner; null for everybody else.")


class RefreshedPlatform(ResponseModel):
    """A run's counts at one platform."""

    leased: int
    recorded: int
    gone: int
    forbidden: int
    failed: int
    rate_limited: int = Field(description="Put back because the platform's limit was reached.")
    put_off: int = Field(description="Left for tomorrow, because their owners' shares of today are used.")
    remaining: int = Field(description="Still due when the run ended.")
    upstream_requests: int
    stopped: str | None = Field(description="Why the run ended early here, e.g. rate_limited or budget_spent.")
    not_before: datetime | None = Field(description="When the platform may be asked again, where that is known.")
    rejected_credentials: list[str] = Field(description="Fingerprints of credentials that the platform refuses.")


class RefreshResponse(ResponseModel):
    """A run's counts, in all and by platform."""

    platforms: dict[Platform, RefreshedPlatform]
