"""What bench/billing.py compares with: the same endpoint, which verifies the signature and answers, and no more."""

import os
from typing import Any

from showcase import core
from showcase.billing.schemas import EventReceipt
from showcase.billing.signature import verify
from showcase.core import Core
from showcase.endpoint import Call, Endpoint, serve


def _connect(_: Core) -> tuple[str, ...]:
    return tuple(os.environ["STRIPE_WEBHOOK_SECRETS"].split(","))


async def _handle(call: Call[bytes], secrets: tuple[str, ...]) -> EventReceipt:
    verify(call.body, call.request.headers.get("stripe-signature", ""), secrets, 300)
    return EventReceipt(outcome="verified")


def __getattr__(name: str) -> Any:
    if name != "verify_only":
        raise AttributeError(name)
    return serve(Endpoint("verify_only", "", bytes, EventReceipt, None, _connect, _handle), core.connect_core())
