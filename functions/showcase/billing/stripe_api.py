"""Stripe's API through its own SDK, which does its own retries."""

import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import stripe

from showcase.billing.errors import classify
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
class AccountIdentity:
    """`account_id` is None where the key may not read it, and empty where the answer is no account."""

    account_id: str | None
    livemode: bool | None


@dataclass(frozen=True)
class Stripe:
    """Stripe, as far as billing needs it.

    Every method raises VendorError; GONE where Stripe does not have what its parameters name. It keeps subscriptions
    that have ended and customers that were deleted: GONE for one that we know means a key of another account or mode.
    """

    client: stripe.StripeClient
    livemode: bool | None = None  # by the key's prefix

    async def account(self) -> AccountIdentity:
        """Whose key it is. Restricted keys may not ask unless they may read accounts: then the mode alone is known."""
        try:
            found = await _asked(self.client.v1.accounts.retrieve_current_async())
        except VendorError as error:
            if error.failure is not Failure.FORBIDDEN:
                raise
            return AccountIdentity(None, self.livemode)
        identity = str(found.get("id") or "")
        return AccountIdentity(identity if identity.startswith("acct_") else "", self.livemode)

    async def subscription(self, identity: str) -> Object:
        return await _asked(self.client.v1.subscriptions.retrieve_async(identity, {"expand": list(_EXPANDED)}))

    async def customer(self, identity: str) -> Object:
        """With a member `deleted` where it was."""
        return await _asked(self.client.v1.customers.retrieve_async(identity))

    async def invoice(self, identity: str) -> Object:
        return await _asked(self.client.v1.invoices.retrieve_async(identity))

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

    async def prices(self, product: str | None = None) -> Sequence[Object]:
        """All there are, archived ones too, with their products; or those of one product."""
        found: list[Object] = []
        params: Any = {"limit": 100, "expand": ["data.product"], **({"product": product} if product else {})}
        while True:
            answer = await _asked(self.client.v1.prices.list_async(params))
            found += answer["data"]
            if not answer["has_more"]:
                return found
            params = {**params, "starting_after": found[-1]["id"]}

    async def prices_of_product(self, product: str) -> Object:
        return {"data": await self.prices(product)}

    async def price_of(self, lookup_key: str) -> str | None:
        params: Any = {"lookup_keys": [lookup_key], "active": True, "limit": 1}
        found = (await _asked(self.client.v1.prices.list_async(params)))["data"]
        return str(found[0]["id"]) if found else None

    async def customers_of(self, email: str) -> Sequence[Object]:
        """All with this address, to the letter."""
        answer = await _asked(self.client.v1.customers.list_async({"email": email, "limit": 100}))
        found: Sequence[Object] = answer["data"]
        return found

    async def create_customer(self, params: Mapping[str, Any], key: str) -> str:
        given: Any = params
        made = await _made(lambda key: self.client.v1.customers.create_async(given, {"idempotency_key": key}), key)
        return str(made["id"])

    async def set_email(self, customer: str, email: str) -> None:
        """An empty one takes the address away."""
        await _asked(self.client.v1.customers.update_async(customer, {"email": email}))

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

    async def checkout(self, identity: str) -> Object:
        return await _asked(self.client.v1.checkout.sessions.retrieve_async(identity))

    async def expire_checkout(self, identity: str) -> None:
        await _asked(self.client.v1.checkout.sessions.expire_async(identity))

    async def create_portal(self, customer: str, return_url: str) -> str:
        params: Any = {"customer": customer, "return_url": return_url}
        return str((await _asked(self.client.v1.billing_portal.sessions.create_async(params)))["url"])


def connect(settings: BillingSettings) -> Stripe:
    key = settings.stripe_secret_key.get_secret_value()
    client = stripe.StripeClient(
        key,
        base_addresses={"api": str(settings.stripe_api_url).rstrip("/")},
        http_client=stripe.HTTPXClient(timeout=settings.stripe_timeout),
        stripe_version=API_VERSION,
        max_network_retries=1,
    )
    # sk_live_..., rk_test_..., sk_org_live_...: https://docs.stripe.com/keys
    mode = re.match(r"[a-z]+_(?:org_)?(live|test)_", key)
    return Stripe(client, mode[1] == "live" if mode else None)


async def _asked(call: Awaitable[stripe.StripeObject]) -> Object:
    try:
        with timed("stripe"):
            return (await call).to_dict()
    except stripe.StripeError as error:
        raise classify(error) from None  # its own text quotes what was sent


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
            raise classify(error) from None
    return await _asked(create(f"{key}:{int(time.time()) // 60}"))
