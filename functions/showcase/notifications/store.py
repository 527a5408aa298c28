"""The notifications' PostgREST calls."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from showcase.database import Database
from showcase.notifications.domain import (
    Event,
    Notification,
    NotificationLease,
    NotificationType,
    QueuedNotification,
    Result,
    Status,
)
from showcase.notifications.settings import NotificationSettings
from showcase.outbound.retry import Deadline, with_retries

RECORD_SECONDS = 10.0  # what was sent must be noted: a database that is away for a moment is asked again


class _Recorded(TypedDict):
    recorded: int


async def lease(database: Database, settings: NotificationSettings, only: UUID | None = None) -> NotificationLease:
    """A lease of due notifications, or of `only` that one: they are `sending` from then on."""
    return await database.rpc(
        "lease_notifications",
        {
            "batch": settings.notifications_batch_size,
            "settle_seconds": settings.notifications_settle_seconds,
            "give_up_seconds": settings.notifications_give_up_seconds,
            "notification_id": str(only) if only else None,
        },
        NotificationLease,
    )


async def record(database: Database, results: Sequence[tuple[Notification, Result]]) -> None:
    """Stores the results of sending; a repeated call changes nothing."""
    reported = [
        {
            "id": str(notification.id),
            "attempt": notification.attempt,
            "outcome": result.outcome,
            "message_id": result.message_id,
            "error": result.error,
            "wait_seconds": result.wait,
        }
        for notification, result in results
    ]

    async def once() -> None:
        await database.rpc("record_notifications", {"results": reported})

    await with_retries(once, Deadline.after(RECORD_SECONDS), attempts=6)


async def request(
    database: Database, user_id: UUID, type_: NotificationType, dedupe_key: str, payload: Mapping[str, Any]
) -> QueuedNotification | None:
    """Queues a notification, once for each user, type and key; None where there is no such user."""
    parameters = {"user_id": str(user_id), "type": type_, "dedupe_key": dedupe_key, "payload": dict(payload)}
    requested: QueuedNotification | None = await database.rpc(
        "request_notification", parameters, QueuedNotification | None
    )
    return requested


async def request_again(
    database: Database, user_id: UUID, type_: NotificationType, quiet_seconds: int
) -> QueuedNotification | None:
    """Queues a user's latest of a type again, unless it is younger than `quiet_seconds`; None where there is none."""
    parameters = {"user_id": str(user_id), "type": type_, "quiet_seconds": quiet_seconds}
    requested: QueuedNotification | None = await database.rpc(
        "request_notification_again", parameters, QueuedNotification | None
    )
    return requested


async def status(database: Database, notification_id: UUID) -> Status | None:
    """The status of a notification; None where there is no such one any more."""
    parameters = {"notification_id": str(notification_id)}
    found: Status | None = await database.rpc("get_notification_status", parameters, Status | None)
    return found


async def count_due(database: Database) -> int:
    """The number of notifications that are due."""
    return await database.rpc("count_due_notifications", {}, int)


async def record_events(database: Database, events: Sequence[Event]) -> int:
    """Stores events with their effect on notifications and addresses; returns the number of new ones."""
    reported = [
        {
            "notification_id": str(event.notification_id) if event.notification_id else None,
            "email": event.email,
            "event": event.event,
            "message_id": event.message_id,
            "occurred_at": event.occurred_at.isoformat(),
            "verdict": event.verdict,
            "reason": event.reason,
            "suppress": event.suppress,
            "unsubscribe": event.unsubscribe,
        }
        for event in events
    ]
    return (await database.rpc("record_notification_events", {"events": reported}, _Recorded))["recorded"]


async def decline(database: Database, user_id: UUID, type_: NotificationType) -> None:
    """Turns e-mails of a type off for a user."""
    parameters = {"user_id": str(user_id), "type": type_, "enabled": False}
    await database.rpc("set_notification_preference", parameters)


async def queue_weekly_metrics(database: Database) -> int:
    """Queues this week's digests; returns the number of new ones."""
    return await database.rpc("queue_weekly_metrics", {}, int)
