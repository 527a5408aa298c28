"""A user's customers at Stripe, and the one of them that the user buys with."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from showcase.billing import store
from showcase.billing.dependencies import Billing
from showcase.billing.domain import Account, Offer
from showcase.billing.errors import CurrencyConflict, CurrencyRefused, PriceRefused
from showcase.billing.events import check_account, report_wrong_account
from showcase.billing.objects import LIVE, user_of
from showcase.billing.stripe_api import Object
from showcase.billing.sync import sync_emails
from showcase.errors import AccountGone, ApiError, Failure, NotFound, ServiceUnavailable, VendorError

T = TypeVar("T")


async def account_of(billing: Billing, user_id: UUID, offer: Offer | None = None) -> Account:
    """Raises: AccountGone, where the user's account has just been deleted."""
    account = await store.get_account(billing.database, user_id, offer)
    if account is None:
        raise AccountGone
    return account


async def with_found_customers(billing: Billing, account: Account) -> Account:
    """With those that only Stripe knows: made by hand, or after the copy that was restored.

    They are found by the address, and are the user's if our id is in their metadata: an address alone, which
    anybody can type at Stripe and which may have been another user's, says nothing.
    """
    if account.email_stale:
        await sync_emails(billing, account.user_id)
    found = await billing.stripe.customers_of(account.email) if has_address(account) else []
    own = [str(each["id"]) for each in reversed(found) if user_of(each) == str(account.user_id)]
    for customer in own:
        if customer not in account.customers:
            first = await store.link_customer(billing.database, account.user_id, customer)
            account = replace(account, customers=[*account.customers, customer], customer_id=first)
    return account


async def live_subscription(billing: Billing, account: Account) -> Object | None:
    """The newest one, of any of the user's customers, as Stripe says: our rows may come a moment later, or be late."""
    listed = await asyncio.gather(*(billing.stripe.subscriptions_of(each) for each in account.customers))
    found = {each["id"]: each for of_customer in listed for each in of_customer}
    others = [each for each in account.live_subscriptions if each not in found]
    found |= {each["id"]: each for each in await asyncio.gather(*map(billing.stripe.subscription, others))}
    live = [each for each in found.values() if each["status"] in LIVE]
    return max(live, key=lambda each: each["created"], default=None)


async def customer_of(billing: Billing, account: Account) -> str:
    """The customer that the user buys with; made where there is none, once, also by calls at the same time."""
    if account.customer_id is not None:
        return account.customer_id
    # One that is known is a 404 elsewhere; one made with a wrong key would be kept, and useless with the right one.
    await check_account(billing)
    params: dict[str, object] = {"metadata": {"user_id": str(account.user_id)}}
    if has_address(account):
        params["email"] = account.email
    # Stripe answers the same key with the same customer, and refuses it with other parameters.
    address = hashlib.sha256(account.email.encode()).hexdigest()[:16]
    key = f"customer:{account.user_id}:{account.generation}:{address}"
    made = await billing.stripe.create_customer(params, key)
    return await store.link_customer(billing.database, account.user_id, made)


def has_address(account: Account) -> bool:
    """Whether it is one that Stripe can write to."""
    return not account.email.endswith(".invalid")


async def with_customer(billing: Billing, account: Account, call: Callable[[str], Awaitable[T]]) -> T:
    """Calls with the user's customer: with a new one where the one that we know was deleted at Stripe."""
    customer = await customer_of(billing, account)
    try:
        return await call(customer)
    except VendorError as error:
        # Of a deleted customer Stripe says so; of one of another account it knows nothing, and raises GONE here.
        if error.failure is not Failure.GONE or not (await billing.stripe.customer(customer)).get("deleted"):
            raise
        await store.unlink_customer(billing.database, customer)
    return await call(await customer_of(billing, await account_of(billing, account.user_id)))


async def refusal(billing: Billing, error: VendorError) -> ApiError:
    """What a user is answered where Stripe does not do what it is asked; a wrong key is reported."""
    if isinstance(error, CurrencyRefused):
        currency = error.currency
        detail = f"Your payments are in {currency.upper()}: choose a price in that currency."
        return CurrencyConflict(detail, errors=[{"currency": currency}])
    if isinstance(error, PriceRefused):
        return NotFound("This plan is not sold at the moment.", code="plan_not_found")
    await report_wrong_account(billing, error)
    after = {"Retry-After": "5"} if error.failure in {Failure.RATE_LIMITED, Failure.UNAVAILABLE} else {}
    return ServiceUnavailable(
        "Payments are not available right now. Please try again in a moment.", code="stripe_unavailable", headers=after
    )
