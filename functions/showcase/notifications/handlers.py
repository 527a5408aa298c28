"""`sendNotification`, `dispatchNotifications` and `queueWeeklyMetrics`."""

import hashlib
import json
from uuid import UUID

from showcase.auth import Kind
from showcase.core import Core
from showcase.endpoint import SERVICES, Call, Endpoint
from showcase.errors import Forbidden, NotFound, UnprocessableContent
from showcase.notifications import dependencies, store
from showcase.notifications.dispatcher import Worker, dispatch, send_one
from showcase.notifications.domain import ASKABLE, NotificationType
from showcase.notifications.schemas import (
    DispatchRequest,
    DispatchResponse,
    QueueWeeklyMetricsRequest,
    QueueWeeklyMetricsResponse,
    SendNotificationRequest,
    SendNotificationResponse,
)


def connect(core: Core) -> Worker:
    mailer, settings = dependencies.connect(core)
    return Worker(core.database, mailer, settings)


async def handle_send(call: Call[SendNotificationRequest], worker: Worker) -> SendNotificationResponse:
    asked = await (_for_service if call.caller.kind is Kind.SERVICE else _for_person)(call, worker)
    if asked is None:
        raise NotFound("There is nothing to send.", code="nothing_to_send")
    status = asked.status
    if status == "queued":
        await send_one(worker, asked.id)
        status = await store.status(worker.database, asked.id) or status
    return SendNotificationResponse(id=asked.id, status=status, retry_after=asked.retry_after)


async def _for_service(call: Call[SendNotificationRequest], worker: Worker) -> store.Asked | None:
    asked = call.body
    if not isinstance(asked.user_id, UUID):
        raise UnprocessableContent("A service names the user: `me` is for people.", code="user_id_needed")
    key = asked.dedupe_key or _key(asked)
    return await store.request(worker.database, asked.user_id, asked.type, key, asked.data)


def _key(asked: SendNotificationRequest) -> str:
    """One welcome for each person; of the others, one for the same data."""
    if asked.type is NotificationType.WELCOME:
        return "welcome"
    return "data-" + hashlib.sha256(json.dumps(asked.data, sort_keys=True).encode()).hexdigest()[:32]


async def _for_person(call: Call[SendNotificationRequest], worker: Worker) -> store.Asked | None:
    """People have their own e-mails sent again. What these tell is not theirs to write."""
    asked, own = call.body, call.caller.user_id
    if own is None or asked.user_id not in {"me", own}:
        raise Forbidden("You can only have e-mails sent to yourself.", code="not_yourself")
    if asked.type not in ASKABLE or asked.data or asked.dedupe_key:
        raise Forbidden("You can have your welcome and your data export sent again, as they were.", code="not_askable")
    return await store.request_again(worker.database, own, asked.type, worker.settings.notifications_again_seconds)


async def handle_dispatch(_: Call[DispatchRequest], worker: Worker) -> DispatchResponse:
    run = await dispatch(worker)
    remaining = await store.count_due(worker.database)
    return DispatchResponse(**run.counts, remaining=remaining, stopped=run.stopped)


async def handle_queue(_: Call[QueueWeeklyMetricsRequest], worker: Worker) -> QueueWeeklyMetricsResponse:
    return QueueWeeklyMetricsResponse(queued=await store.queue_weekly_metrics(worker.database))


send_notification = Endpoint(
    name="sendNotification",
    summary="Queues an e-mail, tries to send it at once, and tells what became of it",
    body=SendNotificationRequest,
    answer=SendNotificationResponse,
    callers=frozenset({Kind.USER, Kind.SERVICE}),
    connect=connect,
    handle=handle_send,
    problems=(Forbidden, NotFound),
)

dispatch_notifications = Endpoint(
    name="dispatchNotifications",
    summary="Sends the e-mails that are due; called by cron, as often as you like and side by side",
    body=DispatchRequest,
    answer=DispatchResponse,
    callers=SERVICES,
    connect=connect,
    handle=handle_dispatch,
)

queue_weekly_metrics = Endpoint(
    name="queueWeeklyMetrics",
    summary="Queues this week's digest for everybody who asked for it; called by cron",
    body=QueueWeeklyMetricsRequest,
    answer=QueueWeeklyMetricsResponse,
    callers=SERVICES,
    connect=connect,
    handle=handle_queue,
)
