"""Buying a plan: one open checkout and one live subscription for each person."""

import asyncio
import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from showcase.billing.dependencies import Billing
from showcase.billing.objects import LIVE
from showcase.billing.stripe_api import LATEST_CHECKOUTS, Object
from showcase.errors import ApiError, VendorError

LEFT_AT_LEAST = 600  # seconds that an open checkout must still have to be given out again
AN_HOUR = 3600


class TooManyCheckouts(ApiError):
    """You have begun many purchases within an hour. Please finish one, or try again later."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    default_code = "too_many_checkouts"


@dataclass(frozen=True)
class Purchase:
    """Who buys what, and where they go afterwards (paths of our site)."""

    user_id: UUID
    price: str
    success_path: str
    cancel_path: str


async def has_live_subscription(billing: Billing, customer: str) -> bool:
    """As Stripe says: our row may come a moment after the checkout."""
    return any(each["status"] in LIVE for each in await billing.stripe.subscriptions_of(customer))


async def open_checkout(billing: Billing, customer: str, purchase: Purchase) -> str:
    """The address of a checkout for this, and for nothing else: what was open before is closed.

    Raises: TooManyCheckouts, where the latest that Stripe lists are all of this hour.
    """
    params = _params(billing, customer, purchase)
    request = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:32]
    latest = await billing.stripe.checkouts_of(customer)
    checkout = _same(latest, request)
    if checkout is None:
        if (wait := _wait(latest)) > 0:
            raise TooManyCheckouts(headers={"Retry-After": str(wait)})
        params = {**params, "metadata": {**params["metadata"], "request": request}}
        # Two clicks at once see the same latest one, and so have one key and get one checkout.
        key = f"checkout:{request}:{latest[0]['id'] if latest else ''}"
        checkout = await billing.stripe.create_checkout(params, key)
    others = [each["id"] for each in latest if each["status"] == "open" and each["id"] != checkout["id"]]
    await asyncio.gather(*(_expire(billing, other) for other in others))
    return str(checkout["url"])


def _params(billing: Billing, customer: str, purchase: Purchase) -> dict[str, Any]:
    user = {"user_id": str(purchase.user_id)}
    return {
        "mode": "subscription",
        "customer": customer,
        "client_reference_id": str(purchase.user_id),
        "line_items": [{"price": purchase.price, "quantity": 1}],
        "metadata": user,
        "subscription_data": {"metadata": user},
        "success_url": on_site(billing, purchase.success_path),
        "cancel_url": on_site(billing, purchase.cancel_path),
    }


def on_site(billing: Billing, path: str) -> str:
    return billing.settings.site + path


def _same(latest: Sequence[Object], request: str) -> Mapping[str, Any] | None:
    enough = time.time() + LEFT_AT_LEAST
    return next(
        (
            each
            for each in latest
            if each["status"] == "open" and each["metadata"].get("request") == request and each["expires_at"] > enough
        ),
        None,
    )


def _wait(latest: Sequence[Object]) -> int:
    """Seconds until there may be another one."""
    if len(latest) < LATEST_CHECKOUTS:
        return 0
    first = min(int(each["created"]) for each in latest)
    return math.ceil(first + AN_HOUR - time.time())


async def _expire(billing: Billing, checkout: str) -> None:
    """One that was completed meanwhile stays so; reconciliation tells who then has two subscriptions."""
    try:
        await billing.stripe.expire_checkout(checkout)
    except VendorError:
        return
