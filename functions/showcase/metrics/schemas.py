"""What `getSocialMetrics` takes and answers."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from showcase.http import RequestModel, ResponseModel
from showcase.metrics.domain import Platform


class SocialMetricsRequest(RequestModel):
    """Which project's metrics."""

    project_id: UUID


class PlatformMetrics(ResponseModel):
    """One platform's latest numbers."""

    counts: dict[str, int] | None = Field(
        description="github: stars, forks, watchers; linkedin: likes, comments; twitter: likes, retweets, replies. "
        "Null where the platform has never answered for this project."
    )
    recorded_at: date | None = Field(description="The UTC day of these numbers.")
    as_of: datetime | None = Field(description="When the platform gave these numbers.")
    stale: bool = Field(description="True where the numbers are missing or older than 24 hours.")
    reason: str | None = Field(
        description="Why they are stale: refresh_in_progress, rate_limited, unavailable, rejected, gone, forbidden "
        "or not_configured. Null where they are fresh."
    )


class SocialMetricsResponse(ResponseModel):
    """The platforms that the project links to, or has numbers from."""

    project_id: UUID
    platforms: dict[Platform, PlatformMetrics]
