"""`webhooks/sendgrid`: what SendGrid says became of our e-mails."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sendgrid.helpers.eventwebhook import EventWebhookHeader

from showcase.core import Core
from showcase.database import Database
from showcase.endpoint import Call, Endpoint
from showcase.errors import BadRequest, ServiceUnavailable
from showcase.notifications import store
from showcase.notifications.domain import read_event
from showcase.notifications.schemas import EventsResponse
from showcase.notifications.settings import NotificationSettings
from showcase.notifications.signature import Key, read_keys, verify
from showcase.settings import load

LARGEST_BODY = 4 * 1024 * 1024  # bytes
STORED_AT_ONCE = 500  # events


@dataclass(frozen=True)
class Webhook:
    """Whose signatures count, for how long, and where events go."""

    database: Database
    keys: Sequence[Key]
    tolerance: int


def webhook_dependencies(core: Core) -> Webhook:
    settings = load(NotificationSettings)
    keys = read_keys(settings.sendgrid_webhook_public_keys)
    return Webhook(core.database, keys, settings.sendgrid_webhook_tolerance_seconds)


async def handle_sendgrid_webhook(call: Call[bytes], webhook: Webhook) -> EventsResponse:
    """Whatever is signed is answered with 200: SendGrid would tell it again, and it would mean no more than now."""
    if not webhook.keys:
        raise ServiceUnavailable("SENDGRID_WEBHOOK_PUBLIC_KEYS is not set.", code="not_configured")
    text = verify(call.body, call.request.headers, webhook.keys, webhook.tolerance)
    try:
        reported = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest("The body is not valid JSON.", code="invalid_json") from None
    if not isinstance(reported, list):
        raise BadRequest("The body is not a list of events.", code="invalid_json")
    events = [event for event in map(read_event, reported) if event is not None]
    recorded = 0
    for start in range(0, len(events), STORED_AT_ONCE):
        recorded += await store.record_events(webhook.database, events[start : start + STORED_AT_ONCE])
    return EventsResponse(recorded=recorded)


webhooks_sendgrid = Endpoint(
    name="webhooks/sendgrid",
    summary="SendGrid's signed event webhook: delivered, bounced, dropped, reported as spam, unsubscribed",
    body=bytes,
    answer=EventsResponse,
    callers=None,
    connect=webhook_dependencies,
    handle=handle_sendgrid_webhook,
    max_body=LARGEST_BODY,
    problems=(BadRequest,),
    parameters=(("header", EventWebhookHeader.SIGNATURE), ("header", EventWebhookHeader.TIMESTAMP)),
)
