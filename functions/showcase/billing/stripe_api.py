"""Stripe's API through its own SDK, which does its own retries."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import stripe

from showcase.billing.objects import ENDED
from showcase.billing.settings import BillingSettings
from showcase.errors import Failure, VendorError
from showcase.telemetry import timed

API_VERSION = "2026-10-28.endive"
"""What the objects look like that we fetch; events come in the version of their webhook endpoint."""

# Since when a payment is owed, and whose customer it is, in the same request.
_EXPANDED = ("latest_invoice", "customer")

LATEST_CHECKOUTS = 10

Object = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Subscriptions, the newest first; `after` is where the next page begins, None after the last."""

    subscriptions: Sequence[Object]
    after: str | None


@dataclass(frozen=True)
class Stripe:
    """Stripe, as far as billing needs it.

    Every method raises VendorError; GONE where Stripe does not have what its parameters name. It keeps subscriptions
    that have ended and customers that were deleted: GONE for one that we know means a key of another account or mode.
    """

    client: stripe.StripeClient

    async def subscription(self, identity: str) -> Object:
        return await _asked(self.client.v1.subscriptions.retrieve_async(identity, {"expand": list(_EXPANDED)}))

    async def customer(self, identity: str) -> Object:
        """With a member `deleted` where it was."""
        return await _asked(self.client.v1.customers.retrieve_async(identity))

    async def charge(self, identity: str) -> Object:
        return await _asked(self.client.v1.charges.retrieve_async(identity))

    async def subscriptions(self, after: str | None, number: int) -> Page:
        """A page of all there are, in every status."""
        params: Any = {"status": "all", "limit": number, "expand": [f"data.{name}" for name in _EXPANDED]}
        if after:
            params["starting_after"] = after
        answer = await _asked(self.client.v1.subscriptions.list_async(params))
        found = answer["data"]
        return Page(found, found[-1]["id"] if answer["has_more"] and found else None)

    async def subscriptions_of(self, customer: str) -> Sequence[Object]:
        """All that have not ended."""
        answer = await _asked(self.client.v1.subscriptions.list_async({"customer": customer, "limit": 100}))
        found: Sequence[Object] = answer["data"]
        return found

    async def price_of(self, lookup_key: str) -> str | None:
        params: Any = {"lookup_keys": [lookup_key], "active": True, "limit": 1}
        found = (await _asked(self.client.v1.prices.list_async(params)))["data"]
        return str(found[0]["id"]) if found else None

    async def create_customer(self, params: Mapping[str, Any], key: str) -> str:
        given: Any = params
        made = await _made(lambda key: self.client.v1.customers.create_async(given, {"idempotency_key": key}), key)
        return str(made["id"])

    async def delete_customer(self, identity: str) -> None:
        """One that was deleted already is left as it is."""
        try:
            await _asked(self.client.v1.customers.delete_async(identity))
        except VendorError as error:
            # Stripe answers both a deleted customer and an unknown one with 404.
            if error.failure is not Failure.GONE or not (await self.customer(identity)).get("deleted"):
                raise

    async def cancel(self, subscription: str) -> None:
        """Now; one that has ended already is left as it is."""
        try:
            await _asked(self.client.v1.subscriptions.cancel_async(subscription))
        except VendorError as error:
            # Stripe answers both an ended subscription and an unknown one with 404.
            if error.failure is not Failure.GONE or (await self.subscription(subscription))["status"] not in ENDED:
                raise

    async def checkouts_of(self, customer: str) -> Sequence[Object]:
        """The latest ones, the newest first."""
        params: Any = {"customer": customer, "limit": LATEST_CHECKOUTS}
        answer = await _asked(self.client.v1.checkout.sessions.list_async(params))
        found: Sequence[Object] = answer["data"]
        return found

    async def create_checkout(self, params: Mapping[str, Any], key: str) -> Object:
        given: Any = params
        create = self.client.v1.checkout.sessions.create_async
        return await _made(lambda key: create(given, {"idempotency_key": key}), key)

    async def expire_checkout(self, identity: str) -> None:
        await _asked(self.client.v1.checkout.sessions.expire_async(identity))

    async def create_portal(self, customer: str, return_url: str) -> str:
        params: Any = {"customer": customer, "return_url": return_url}
        return str((await _asked(self.client.v1.billing_portal.sessions.create_async(params)))["url"])


def connect(settings: BillingSettings) -> Stripe:
    return Stripe(
        stripe.StripeClient(
            settings.stripe_secret_key.get_secret_value(),
            base_addresses={"api": str(settings.stripe_api_url).rstrip("/")},
            http_client=stripe.HTTPXClient(timeout=settings.stripe_timeout),
            stripe_version=API_VERSION,
            max_network_retries=1,
        )
    )


async def _asked(call: Awaitable[stripe.StripeObject]) -> Object:
    try:
        with timed("stripe"):
            return (await call).to_dict()
    except stripe.StripeError as error:
        raise _failure(error) from None  # its own text quotes what was sent


async def _made(create: Callable[[str], Awaitable[stripe.StripeObject]], key: str) -> Object:
    """What this key stands for, made once.

    For a day Stripe answers a key as it did at first, errors included, also where their cause has gone since: after a
    repeated error it gets another key, the same for all calls of a minute.
    """
    try:
        with timed("stripe"):
            return (await create(key)).to_dict()
    except stripe.StripeError as error:
        if "idempotent-replayed" not in (error.headers or {}):
            raise _failure(error) from None
    return await _asked(create(f"{key}:{int(time.time()) // 60}"))


def _failure(error: stripe.StripeError) -> VendorError:
    """Sorts Stripe's errors (https://docs.stripe.com/error-handling); the reason is its code, never its text."""
    reason = f"{type(error).__name__} {error.code or ''}".strip()
    match error:
        case stripe.RateLimitError():
            failure = Failure.RATE_LIMITED
        # A price that is missing is a mistake of ours, and says nothing of the customer who was to pay it.
        case stripe.InvalidRequestError() if error.code == "resource_missing" and "price" not in str(error.param):
            failure = Failure.GONE
        case stripe.APIConnectionError():
            failure = Failure.UNAVAILABLE
        case _ if error.http_status is None or error.http_status >= 500 or error.http_status == 409:
            failure = Failure.UNAVAILABLE
        case _:
            failure = Failure.REJECTED
    return VendorError("stripe", failure, reason)
