"""`sendNotification`, `dispatchNotifications` and `queueWeeklyMetrics`."""

import hashlib
import json
from uuid import UUID

from showcase.auth import Kind
from showcase.core import Core
from showcase.endpoint import SERVICES, Call, Endpoint
from showcase.errors import Forbidden, NotFound, UnprocessableContent
from showcase.http import NoFields
from showcase.notifications import dependencies, store
from showcase.notifications.dispatcher import NotificationDependencies, dispatch, send_one
from showcase.notifications.domain import ASKABLE, NotificationType, QueuedNotification
from showcase.notifications.schemas import (
    DispatchResponse,
    QueueWeeklyMetricsResponse,
    SendNotificationRequest,
    SendNotificationResponse,
)


def notification_dependencies(core: Core) -> NotificationDependencies:
    mailer, settings = dependencies.mailer_and_settings(core)
    return NotificationDependencies(core.database, mailer, settings)


async def handle_send_notification(
    call: Call[SendNotificationRequest], notifications: NotificationDependencies
) -> SendNotificationResponse:
    request = _for_service if call.caller.kind is Kind.SERVICE else _for_user
    asked = await request(call, notifications)
    if asked is None:
        raise NotFound("There is nothing to send.", code="nothing_to_send")
    status = asked.status
    if status == "queued":
        await send_one(notifications, asked.id)
        status = await store.status(notifications.database, asked.id) or status
    return SendNotificationResponse(id=asked.id, status=status, retry_after=asked.retry_after)


async def _for_service(
    call: Call[SendNotificationRequest], notifications: NotificationDependencies
) -> QueuedNotification | None:
    asked = call.body
    if not isinstance(asked.user_id, UUID):
        raise UnprocessableContent("A service names the user: `me` is for users.", code="user_id_needed")
    key = asked.dedupe_key or _key(asked)
    return await store.request(notifications.database, asked.user_id, asked.type, key, asked.data)


def _key(asked: SendNotificationRequest) -> str:
    """One welcome for each user; of the others, one for the same data."""
    if asked.type is NotificationType.WELCOME:
        return "welcome"
    return "data-" + hashlib.sha256(json.dumps(asked.data, sort_keys=True).encode()).hexdigest()[:32]


async def _for_user(
    call: Call[SendNotificationRequest], notifications: NotificationDependencies
) -> QueuedNotification | None:
    """Users have their own e-mails sent again. What those say is not theirs to write."""
    asked, own = call.body, call.caller.user_id
    if own is None or asked.user_id not in {"me", own}:
        raise Forbidden("You can only have e-mails sent to yourself.", code="not_yourself")
    if asked.type not in ASKABLE or asked.data or asked.dedupe_key:
        raise Forbidden("You can have your welcome and your data export sent again, as they were.", code="not_askable")
    return await store.request_again(
        notifications.database, own, asked.type, notifications.settings.notifications_again_seconds
    )


async def handle_dispatch_notifications(_: Call[NoFields], notifications: NotificationDependencies) -> DispatchResponse:
    run = await dispatch(notifications)
    remaining = await store.count_due(notifications.database)
    return DispatchResponse(**run.counts, remaining=remaining, stopped=run.stopped)


async def handle_queue_weekly_metrics(
    _: Call[NoFields], notifications: NotificationDependencies
) -> QueueWeeklyMetricsResponse:
    return QueueWeeklyMetricsResponse(queued=await store.queue_weekly_metrics(notifications.database))


send_notification = Endpoint(
    name="sendNotification",
    summary="Queues an e-mail, tries to send it at once, and reports its status",
    body=SendNotificationRequest,
    answer=SendNotificationResponse,
    callers=frozenset({Kind.USER, Kind.SERVICE}),
    connect=notification_dependencies,
    handle=handle_send_notification,
    problems=(Forbidden, NotFound),
)

dispatch_notifications = Endpoint(
    name="dispatchNotifications",
    summary="Sends the e-mails that are due; called by cron, as often as you like and side by side",
    body=NoFields,
    answer=DispatchResponse,
    callers=SERVICES,
    connect=notification_dependencies,
    handle=handle_dispatch_notifications,
)

queue_weekly_metrics = Endpoint(
    name="queueWeeklyMetrics",
    summary="Queues this week's digest for everybody who asked for it; called by cron",
    body=NoFields,
    answer=QueueWeeklyMetricsResponse,
    callers=SERVICES,
    connect=notification_dependencies,
    handle=handle_queue_weekly_metrics,
)
