"""What the notifications' functions take and answer."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from showcase.http import RequestModel, ResponseModel
from showcase.notifications.domain import NotificationType, Status


class SendNotificationRequest(RequestModel):
    """Which e-mail, to whom, about what."""

    type: NotificationType
    user_id: UUID | Literal["me"] = Field(description="Services name a user; users write to themselves: `me`.")
    data: dict[str, Any] = Field(
        default_factory=dict, description="What the e-mail tells; services only, see docs/notifications.md."
    )
    dedupe_key: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="What happened, so that it is mailed once; services only. Without it, the same data once.",
    )


class SendNotificationResponse(ResponseModel):
    """The notification that was asked for, new or not, as it is now."""

    id: UUID
    status: Status
    retry_after: int | None = Field(
        description="Where nothing was sent, since the last one is too young: in how many seconds it can be. Else null."
    )


class DispatchResponse(ResponseModel):
    """What a run did."""

    sent: int
    retry: int = Field(description="Not taken, and tried again later.")
    failed: int
    unknown: int = Field(description="Without an answer; the event webhook says what became of them.")
    returned: int = Field(description="Not tried, because the run was stopped.")
    closed: int = Field(description="Not sent: given up, suppressed or declined.")
    remaining: int = Field(description="Still due when the run ended.")
    stopped: str | None = Field(description="Why the run ended early: rate_limited, rejected or not_configured.")


class QueueWeeklyMetricsResponse(ResponseModel):
    """How many digests were queued."""

    queued: int


class EventsResponse(ResponseModel):
    """How many events were new."""

    recorded: int
