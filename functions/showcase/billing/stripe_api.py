"""Stripe's API through its own SDK, which does its own retries."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

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
            found = await self._get("account", "account")
        except VendorError as error:
            if error.failure is not Failure.FORBIDDEN:
                raise
            return AccountIdentity(None, self.livemode)
        return AccountIdentity(found["id"], self.livemode)

    async def subscription(self, identity: str) -> Object:
        """With what `_EXPANDED` names. Raises: VendorError, GONE where there is none."""
        return await self._get("subscription", "subscriptions", identity, expand=list(_EXPANDED))

    async def customer(self, identity: str) -> Object:
        """With a member `deleted` where it was."""
        return await self._get("customer", "customers", identity)

    async def invoice(self, identity: str) -> Object:
        """Raises: VendorError, GONE where there is none."""
        return await self._get("invoice", "invoices", identity)

    async def charge(self, identity: str) -> Object:
        """Raises: VendorError, GONE where there is none."""
        return await self._get("charge", "charges", identity)

    async def subscriptions(self, after: str | None, number: int) -> Page:
        """A page of all there are, in every status."""
        params: dict[str, Any] = {"status": "all", "limit": number, "expand": [f"data.{name}" for name in _EXPANDED]}
        if after:
            params["starting_after"] = after
        found, more = await self._list("subscription", "subscriptions", **params)
        return Page(found, found[-1]["id"] if more else None)

    async def subscriptions_of(self, customer: str) -> Sequence[Object]:
        """All that have not ended."""
        return (await self._list("subscription", "subscriptions", customer=customer, limit=100))[0]

    async def prices(self, product: str | None = None) -> Sequence[Object]:
        """All there are, archived ones too, with their products; or those of one product."""
        found: list[Object] = []
        params: dict[str, Any] = {"limit": 100, "expand": ["data.product"]}
        if product:
            params["product"] = product
        while True:
            page, more = await self._list("price", "prices", **params)
            found += page
            if not more:
                return found
            params["starting_after"] = page[-1]["id"]

    async def prices_of_product(self, product: str) -> Object:
        """As a list object, in `data`."""
        return {"data": await self.prices(product)}

    async def price_of(self, lookup_key: str) -> str | None:
        """The id of the active price with this lookup key; None where there is none."""
        found, _ = await self._list("price", "prices", lookup_keys=[lookup_key], active=True, limit=1)
        return str(found[0]["id"]) if found else None

    async def customers_of(self, email: str) -> Sequence[Object]:
        """All with this address, to the letter."""
        return (await self._list("customer", "customers", email=email, limit=100))[0]

    async def create_customer(self, params: Mapping[str, Any], key: str) -> str:
        """The new customer's id; `key` is the idempotency key."""
        return str((await self._create("customer", "customers", params=params, key=key))["id"])

    async def set_email(self, customer: str, email: str) -> None:
        """An empty one takes the address away."""
        await self._call("post", "customer", "customers", customer, email=email)

    async def delete_customer(self, identity: str) -> None:
        """One that was deleted already is left as it is."""
        try:
            await self._call("delete", "customer", "customers", identity)
        except VendorError as error:
            # Stripe answers both a deleted customer and an unknown one with 404.
            if error.failure is not Failure.GONE or not (await self.customer(identity)).get("deleted"):
                raise

    async def cancel(self, subscription: str) -> None:
        """Now; one that has ended already is left as it is."""
        try:
            await self._call("delete", "subscription", "subscriptions", subscription)
        except VendorError as error:
            # Stripe answers both an ended subscription and an unknown one with 404.
            if error.failure is not Failure.GONE or (await self.subscription(subscription))["status"] not in ENDED:
                raise

    async def checkouts_of(self, customer: str) -> Sequence[Object]:
        """The latest ones, the newest first."""
        found, _ = await self._list(
            "checkout.session", "checkout", "sessions", customer=customer, limit=LATEST_CHECKOUTS
        )
        return found

    async def create_checkout(self, params: Mapping[str, Any], key: str) -> Object:
        """The new session; `key` is the idempotency key."""
        return await self._create("checkout.session", "checkout", "sessions", params=params, key=key)

    async def checkout(self, identity: str) -> Object:
        """Raises: VendorError, GONE where there is none."""
        return await self._get("checkout.session", "checkout", "sessions", identity)

    async def expire_checkout(self, identity: str) -> None:
        """Raises: VendorError, REJECTED where the session is not open any more."""
        await self._call("post", "checkout.session", "checkout", "sessions", identity, "expire")

    async def create_portal(self, customer: str, return_url: str) -> str:
        """The address of a new session of the customer portal."""
        made = await self._call(
            "post", "billing_portal.session", "billing_portal", "sessions", customer=customer, return_url=return_url
        )
        return str(made["url"])

    async def _get(self, kind: str, *path: str, **params: Any) -> Object:
        return await self._call("get", kind, *path, **params)

    async def _list(self, kind: str, *path: str, **params: Any) -> tuple[list[Object], bool]:
        with _failures():
            return check_list(await self._request("get", *path, **params), kind)

    async def _create(self, kind: str, *path: str, params: Mapping[str, Any], key: str) -> Object:
        """What this key stands for, made once.

        For a day Stripe answers a key as it did at first, errors included, also where their cause has gone since: after
        a repeated error it gets another key, the same for all calls of a minute.
        """
        with _failures():
            try:
                return check_object(await self._request("post", *path, **params, idempotency_key=key), kind)
            except stripe.StripeError as error:
                if "idempotent-replayed" not in (error.headers or {}):
                    raise
        key = f"{key}:{int(time.time()) // 60}"
        return await self._call("post", kind, *path, **params, idempotency_key=key)

    async def _call(self, method: str, kind: str, *path: str, **params: Any) -> Object:
        with _failures():
            return check_object(await self._request(method, *path, **params), kind)

    async def _request(self, method: str, *path: str, **params: Any) -> Any:
        """The JSON of a response. To make the SDK's objects of it would cost more than all else of a call.

        Raises: stripe.StripeError.
        """
        url = "/".join(("/v1", *(quote(part, safe="") for part in path)))
        response = await self.client.raw_request_async(method, url, **params)
        return response.data


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


@contextmanager
def _failures() -> Iterator[None]:
    try:
        with timed("stripe"):
            yield
    except stripe.StripeError as error:
        raise classify(error) from None  # its own text quotes what was sent
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
        raise UnexpectedObject from None  # the SDK's, where the JSON is no object
