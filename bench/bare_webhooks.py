"""What bench/billing.py compares with: endpoints in the same pipeline that do a part of what the webhook does."""

import json
import os
from dataclasses import dataclass
from typing import Any

from showcase import core
from showcase.billing import objects
from showcase.billing.event_types import read_event
from showcase.billing.schemas import EventReceipt
from showcase.billing.signature import verify
from showcase.core import Core
from showcase.endpoint import Call, Endpoint, serve


@dataclass(frozen=True)
class _Bare:
    core: Core
    secrets: tuple[str, ...]


def _connect(connected: Core) -> _Bare:
    return _Bare(connected, tuple(os.environ["STRIPE_WEBHOOK_SECRETS"].split(",")))


async def _verify(call: Call[bytes], bare: _Bare) -> EventReceipt:
    verify(call.body, call.request.headers.get("stripe-signature", ""), bare.secrets, 300)
    return EventReceipt(outcome="verified")


async def _apply(call: Call[bytes], bare: _Bare) -> EventReceipt:
    """The calls that an event needs, alone: no SDK, no validation, no failure that is handled."""
    await _verify(call, bare)
    event = read_event(json.loads(call.body))
    recorded = {"event_id": event.id, "type": event.type, "reference": event.reference(), "lease_seconds": 60}
    lease = await bare.core.database.rpc("record_stripe_event", recorded, dict[str, Any])
    url = f"{os.environ['STRIPE_API_URL']}/v1/subscriptions/{event.object_id}?expand[]=latest_invoice&expand[]=customer"
    headers = {"authorization": f"Bearer {os.environ['STRIPE_SECRET_KEY']}"}
    subscription = (await bare.core.http.request("GET", url, headers=headers)).json()
    parameters = {
        "version": lease["version"],
        "subscription": objects.subscription_state(subscription),
        "grace_seconds": 0,
        "event_id": event.id,
        "emails": [],
    }
    applied = await bare.core.database.rpc("apply_stripe_subscription", parameters, dict[str, Any])
    return EventReceipt(outcome=applied["outcome"])


HANDLERS = {"verify_only": _verify, "bare_calls": _apply}


def __getattr__(name: str) -> Any:
    if name not in HANDLERS:
        raise AttributeError(name)
    return serve(Endpoint(name, "", bytes, EventReceipt, None, _connect, HANDLERS[name]), core.connect_core())
