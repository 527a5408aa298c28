"""Buying a plan: one open checkout and one live subscription for each user."""

import asyncio
import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from showcase.billing.dependencies import Billing
from showcase.billing.domain import Account
from showcase.billing.stripe_api import LATEST_CHECKOUTS, Object
from showcase.errors import ApiError, Failure, VendorError

LEFT_AT_LEAST = 600  # seconds that an open checkout must still have to be given out again
AN_HOUR = 3600


class TooManyCheckouts(ApiError):
    """You have begun many purchases within an hour. Please finish one, or try again later."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    default_code = "too_many_checkouts"


@dataclass(frozen=True)
class Purchase:
    """Who buys what, and where they go afterwards (paths of our site)."""

    account: Account
    price: str
    success_path: str
    cancel_path: str


async def open_checkout(billing: Billing, customer: str, purchase: Purchase) -> str | None:
    """The address of a checkout for this, and for nothing else: what was open before is closed.

    None where one of those was completed meanwhile, so that the user may have a subscription now.

    Raises: TooManyCheckouts, where the latest that Stripe lists are all of this hour.
    """
    params = checkout_params(billing, customer, purchase)
    request = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:32]
    latest = await billing.stripe.checkouts_of(customer)
    same = _same(latest, request)
    if same is None and (wait := _wait(latest)) > 0:
        raise TooManyCheckouts(headers={"Retry-After": str(wait)})
    # Closed before another is opened: Stripe refuses a second currency beside an open one.
    others = [each["id"] for each in latest if each["status"] == "open" and each is not same]
    if not all(await asyncio.gather(*(_expire(billing, other) for other in others))):
        return None
    if same is not None:
        return str(same["url"])
    params = {**params, "metadata": {**params["metadata"], "request": request}}
    # Two clicks at once see the same latest one, and so have one key and get one checkout.
    key = f"checkout:{request}:{latest[0]['id'] if latest else ''}"
    return str((await billing.stripe.create_checkout(params, key))["url"])


def checkout_params(billing: Billing, customer: str, purchase: Purchase) -> dict[str, Any]:
    """The parameters of Stripe's POST /v1/checkout/sessions, without an idempotency key."""
    settings, user = billing.settings, {"user_id": str(purchase.account.user_id)}
    params: dict[str, Any] = {
        "mode": "subscription",
        "customer": customer,
        "client_reference_id": str(purchase.account.user_id),
        "line_items": [{"price": purchase.price, "quantity": 1}],
        "metadata": user,
        "subscription_data": {"metadata": user},
        "success_url": on_site(billing, purchase.success_path),
        "cancel_url": on_site(billing, purchase.cancel_path),
        "locale": settings.billing_checkout_locale,
    }
    if settings.billing_promotion_codes:
        params["allow_promotion_codes"] = True
    if settings.billing_automatic_tax:
        # Taxes depend on where the customer is, whom we make without an address.
        params |= {"automatic_tax": {"enabled": True}, "customer_update": {"address": "auto"}}
    days = purchase.account.trial_days
    days = settings.billing_trial_days if days is None else days
    if days and not purchase.account.has_subscribed:
        params["subscription_data"] = {"metadata": user, "trial_period_days": days}
    return params


def on_site(billing: Billing, path: str) -> str:
    """The absolute URL of a path of the site."""
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


async def _expire(billing: Billing, checkout: str) -> bool:
    """Whether it is closed now without having been completed."""
    try:
        await billing.stripe.expire_checkout(checkout)
    except VendorError as error:
        if error.failure is not Failure.REJECTED:
            raise
        return bool((await billing.stripe.checkout(checkout))["status"] == "expired")
    return True
