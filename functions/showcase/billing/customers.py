"""One customer at Stripe for each person who wants to pay."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from showcase.billing import store
from showcase.billing.dependencies import Billing
from showcase.billing.store import Account
from showcase.errors import AccountGone, Failure, ServiceUnavailable, VendorError

T = TypeVar("T")


async def account_of(billing: Billing, user_id: UUID, plan: str | None = None) -> Account:
    """Raises: AccountGone, where the person's account has just been deleted."""
    account = await store.get_account(billing.database, user_id, plan)
    if account is None:
        raise AccountGone
    return account


async def customer_of(billing: Billing, user_id: UUID, account: Account) -> str:
    """The person's customer; made where there is none, once, also by calls at the same time."""
    if account.customer_id:
        return account.customer_id
    params: dict[str, object] = {"metadata": {"user_id": str(user_id)}}
    if not account.email.endswith(".invalid"):
        params["email"] = account.email
    # Stripe answers the same key with the same customer, and refuses it with other parameters.
    address = hashlib.sha256(account.email.encode()).hexdigest()[:16]
    key = f"customer:{user_id}:{account.generation}:{address}"
    made = await billing.stripe.create_customer(params, key)
    return await store.link_customer(billing.database, user_id, made)


async def with_customer(billing: Billing, user_id: UUID, account: Account, call: Callable[[str], Awaitable[T]]) -> T:
    """Calls with the user's customer: with a new one where the one that we know was deleted at Stripe.

    Raises: ServiceUnavailable, where Stripe does not do what it is asked.
    """
    try:
        customer = await customer_of(billing, user_id, account)
        try:
            return await call(customer)
        except VendorError as error:
            # Of a deleted customer Stripe says so; of one of another account it knows nothing, and raises GONE here.
            if error.failure is not Failure.GONE or not (await billing.stripe.customer(customer)).get("deleted"):
                raise
            await store.unlink_customer(billing.database, customer)
        return await call(await customer_of(billing, user_id, await account_of(billing, user_id)))
    except VendorError as error:
        raise unavailable(error) from error


def unavailable(error: VendorError) -> ServiceUnavailable:
    """What a person is told of a failure of Stripe's."""
    after = {"Retry-After": "5"} if error.failure in {Failure.RATE_LIMITED, Failure.UNAVAILABLE} else {}
    return ServiceUnavailable(
        "Payments are not available right now. Please try again in a moment.", code="stripe_unavailable", headers=after
    )
