"""Stripe's API through its own SDK, which does its own retries."""

import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import stripe

from showcase.billing.errors import classify
from showcase.billing.objects import ENDED
from showcase.billing.settings import BillingSettings
from showcase.billing.shapes import UnexpectedObject, check_list, check_object
from showcase.billing.stripe_http import PooledClient
from showcase.errors import Failure, VendorError
from showcase.observability.telemetry import timed
from showcase.outbound.http_client import HttpClient

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
    """`account_id` is None where the key may not read it."""

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
            found = await _asked(self.client.v1.accounts.retrieve_current_async(), "account")
        except VendorError as error:
            if error.failure is not Failure.FORBIDDEN:
                raise
            return AccountIdentity(None, self.livemode)
        return AccountIdentity(found["id"], self.livemode)

    async def subscription(self, identity: str) -> Object:
        """With what `_EXPANDED` names. Raises: VendorError, GONE where there is none."""
        call = self.client.v1.subscriptions.retrieve_async(identity, {"expand": list(_EXPANDED)})
        return await _asked(call, "subscription")

    async def customer(self, identity: str) -> Object:
        """With a member `deleted` where it was."""
        return await _asked(self.client.v1.customers.retrieve_async(identity), "customer")

    async def invoice(self, identity: str) -> Object:
        """Raises: VendorError, GONE where there is none."""
        return await _asked(self.client.v1.invoices.retrieve_async(identity), "invoice")

    async def charge(self, identity: str) -> Object:
        """Raises: VendorError, GONE where there is none."""
        return await _asked(self.client.v1.charges.retrieve_async(identity), "charge")

    async def subscriptions(self, after: str | None, number: int) -> Page:
        """A page of all there are, in every status."""
        params: Any = {"status": "all", "limit": number, "expand": [f"data.{name}" for name in _EXPANDED]}
        if after:
            params["starting_after"] = after
        found, more = await _listed(self.client.v1.subscriptions.list_async(params), "subscription")
        return Page(found, found[-1]["id"] if more else None)

    async def subscriptions_of(self, customer: str) -> Sequence[Object]:
        """All that have not ended."""
        call = self.client.v1.subscriptions.list_async({"customer": customer, "limit": 100})
        return (await _listed(call, "subscription"))[0]

    async def prices(self, product: str | None = None) -> Sequence[Object]:
        """All there are, archived ones too, with their products; or those of one product."""
        found: list[Object] = []
        params: Any = {"limit": 100, "expand": ["data.product"], **({"product": product} if product else {})}
        while True:
            page, more = await _listed(self.client.v1.prices.list_async(params), "price")
            found += page
            if not more:
                return found
            params = {**params, "starting_after": page[-1]["id"]}

    async def prices_of_product(self, product: str) -> Object:
        """As a list object, in `data`."""
        return {"data": await self.prices(product)}

    async def price_of(self, lookup_key: str) -> str | None:
        """The id of the active price with this lookup key; None where there is none."""
        params: Any = {"lookup_keys": [lookup_key], "active": True, "limit": 1}
        found, _ = await _listed(self.client.v1.prices.list_async(params), "price")
        return str(found[0]["id"]) if found else None

    async def customers_of(self, email: str) -> Sequence[Object]:
        """All with this address, to the letter."""
        return (await _listed(self.client.v1.customers.list_async({"email": email, "limit": 100}), "customer"))[0]

    async def create_customer(self, params: Mapping[str, Any], key: str) -> str:
        """The new customer's id; `key` is the idempotency key."""
        given: Any = params
        create = self.client.v1.customers.create_async
        made = await _made(lambda key: create(given, {"idempotency_key": key}), key, "customer")
        return str(made["id"])

    async def set_email(self, customer: str, email: str) -> None:
        """An empty one takes the address away."""
        await _asked(self.client.v1.customers.update_async(customer, {"email": email}), "customer")

    async def delete_customer(self, identity: str) -> None:
        """One that was deleted already is left as it is."""
        try:
            await _asked(self.client.v1.customers.delete_async(identity), "customer")
        except VendorError as error:
            # Stripe answers both a deleted customer and an unknown one with 404.
            if error.failure is not Failure.GONE or not (await self.customer(identity)).get("deleted"):
                raise

    async def cancel(self, subscription: str) -> None:
        """Now; one that has ended already is left as it is."""
        try:
            await _asked(self.client.v1.subscriptions.cancel_async(subscription), "subscription")
        except VendorError as error:
            # Stripe answers both an ended subscription and an unknown one with 404.
            if error.failure is not Failure.GONE or (await self.subscription(subscription))["status"] not in ENDED:
                raise

    async def checkouts_of(self, customer: str) -> Sequence[Object]:
        """The latest ones, the newest first."""
        params: Any = {"customer": customer, "limit": LATEST_CHECKOUTS}
        return (await _listed(self.client.v1.checkout.sessions.list_async(params), "checkout.session"))[0]

    async def create_checkout(self, params: Mapping[str, Any], key: str) -> Object:
        """The new session; `key` is the idempotency key."""
        given: Any = params
        create = self.client.v1.checkout.sessions.create_async
        return await _made(lambda key: create(given, {"idempotency_key": key}), key, "checkout.session")

    async def checkout(self, identity: str) -> Object:
        """Raises: VendorError, GONE where there is none."""
        return await _asked(self.client.v1.checkout.sessions.retrieve_async(identity), "checkout.session")

    async def expire_checkout(self, identity: str) -> None:
        """Raises: VendorError, REJECTED where the session is not open any more."""
        await _asked(self.client.v1.checkout.sessions.expire_async(identity), "checkout.session")

    async def create_portal(self, customer: str, return_url: str) -> str:
        """The address of a new session of the customer portal."""
        params: Any = {"customer": customer, "return_url": return_url}
        call = self.client.v1.billing_portal.sessions.create_async(params)
        return str((await _asked(call, "billing_portal.session"))["url"])


def stripe_client(settings: BillingSettings, http: HttpClient) -> Stripe:
    """Stripe's SDK over our connections, in one version of the API; it retries once."""
    key = settings.stripe_secret_key.get_secret_value()
    client = stripe.StripeClient(
        key,
        base_addresses={"api": str(settings.stripe_api_url).rstrip("/")},
        http_client=PooledClient(http, settings.stripe_timeout),
        stripe_version=API_VERSION,
        max_network_retries=1,
    )
    # sk_live_..., rk_test_..., sk_org_live_...: https://docs.stripe.com/keys
    mode = re.match(r"[a-z]+_(?:org_)?(live|test)_", key)
    return Stripe(client, mode[1] == "live" if mode else None)


async def _asked(call: Awaitable[stripe.StripeObject], kind: str) -> Object:
    with _failures():
        return check_object((await call).to_dict(), kind)


async def _listed(call: Awaitable[stripe.StripeObject], kind: str) -> tuple[list[Object], bool]:
    with _failures():
        return check_list((await call).to_dict(), kind)


async def _made(create: Callable[[str], Awaitable[stripe.StripeObject]], key: str, kind: str) -> Object:
    """What this key stands for, made once.

    For a day Stripe answers a key as it did at first, errors included, also where their cause has gone since: after a
    repeated error it gets another key, the same for all calls of a minute.
    """
    with _failures():
        try:
            return check_object((await create(key)).to_dict(), kind)
        except stripe.StripeError as error:
            if "idempotent-replayed" not in (error.headers or {}):
                raise
    return await _asked(create(f"{key}:{int(time.time()) // 60}"), kind)


@contextmanager
def _failures() -> Iterator[None]:
    try:
        with timed("stripe"):
            yield
    except stripe.StripeError as error:
        raise classify(error) from None  # its own text quotes what was sent
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
        raise UnexpectedObject from None  # the SDK's, where the JSON is no object
