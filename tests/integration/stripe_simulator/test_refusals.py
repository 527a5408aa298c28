"""What Stripe refuses, in its words: combinations, limits, and keys of another mode or account."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.support import plain_http
from tests.support.vendors.stripe import SDK_WARNING, Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

EUR: Any = {"product": "prod_pro", "currency": "eur", "unit_amount": 800, "recurring": {"interval": "month"}}


def test_a_key_of_another_mode_or_account_finds_nothing(simulator: Stripe) -> None:
    subscription = simulator.subscribe(simulator.paying_customer().id).id
    retrieve = "a similar object exists in test mode, but a live mode key was used"
    with pytest.raises(stripe.InvalidRequestError, match=retrieve) as refused:
        simulator.sdk("sk_live_key").v1.subscriptions.retrieve(subscription)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError, match=r"No such subscription: 'sub_\w+'$"):
        simulator.sdk("sk_test_other_key").v1.subscriptions.retrieve(subscription)
    for key in ("sk_live_key", "sk_test_other_key"):
        assert simulator.sdk(key).v1.subscriptions.list({"status": "all"}).data == []
        with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
            simulator.sdk(key).v1.subscriptions.list({"customer": "cus_1"})
    own, live, other = (
        simulator.sdk(key).v1.accounts.retrieve_current().id for key in ("sk_test_k", "sk_live_k", "sk_test_other_k")
    )
    assert own == live != other
    made = simulator.sdk("sk_live_key").v1.customers.create()
    assert (made.livemode, simulator.customer().livemode) == (True, False)


def test_a_restricted_key_may_not_read_the_account(simulator: Stripe) -> None:
    with pytest.raises(stripe.PermissionError, match="rak_accounts_kyc_basic_read"):
        simulator.sdk("rk_test_key").v1.accounts.retrieve_current()


def test_one_currency_for_all_that_a_customer_has(simulator: Stripe) -> None:
    euro = simulator.sdk().v1.prices.create(EUR).id
    customer = simulator.paying_customer().id
    line: Any = [{"price": euro, "quantity": 1}]
    first = simulator.checkout(customer=customer)
    said = "You cannot combine currencies on a single customer.*with currency usd"
    with pytest.raises(stripe.InvalidRequestError, match=said):
        simulator.checkout(customer=customer, line_items=line)
    simulator.sdk().v1.checkout.sessions.expire(first.id)
    second = simulator.checkout(customer=customer, line_items=line)
    with pytest.raises(stripe.InvalidRequestError, match="with currency eur"):
        simulator.subscribe(customer)
    simulator.sdk().v1.checkout.sessions.expire(second.id)
    subscription = simulator.subscribe(customer).id
    with pytest.raises(stripe.InvalidRequestError, match=said):
        simulator.subscribe(customer, price=euro)
    simulator.sdk().v1.subscriptions.cancel(subscription)
    assert simulator.subscribe(customer, price=euro).currency == "eur"


def archived(simulator: Stripe) -> Any:
    price = simulator.sdk().v1.prices.create(EUR).id
    simulator.sdk().v1.prices.update(price, {"active": False})
    simulator.checkout(line_items=[{"price": price, "quantity": 1}])


def of_an_archived_product(simulator: Stripe) -> Any:
    product = simulator.sdk().v1.products.create({"name": "Old"}).id
    given: Any = {**EUR, "product": product}
    price = simulator.sdk().v1.prices.create(given).id
    simulator.sdk().v1.products.update(product, {"active": False})
    simulator.checkout(line_items=[{"price": price, "quantity": 1}])


def taxes_of_nowhere(simulator: Stripe) -> Any:
    simulator.checkout(customer=simulator.customer().id, automatic_tax={"enabled": True})


def a_trial_of_a_day(simulator: Stripe) -> Any:
    simulator.checkout(subscription_data={"trial_end": int(time.time()) + 86_400})


def a_session_of_a_minute(simulator: Stripe) -> Any:
    simulator.checkout(expires_at=int(time.time()) + 60)


def a_session_of_two_days(simulator: Stripe) -> Any:
    simulator.checkout(expires_at=int(time.time()) + 2 * 86_400)


def a_trial_of_the_past(simulator: Stripe) -> Any:
    simulator.subscribe(simulator.paying_customer().id, trial_end=1)


def a_long_key(simulator: Stripe) -> Any:
    simulator.customer(metadata={"k" * 41: "v"})


def a_long_value(simulator: Stripe) -> Any:
    simulator.customer(metadata={"k": "v" * 501})


def many_keys(simulator: Stripe) -> Any:
    simulator.customer(metadata={f"k{number}": "v" for number in range(51)})


def no_address(simulator: Stripe) -> Any:
    simulator.customer(email="nobody")


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (archived, "The price specified is inactive"),
        (of_an_archived_product, "is marked as inactive"),
        (taxes_of_nowhere, "requires a valid address on the Customer"),
        (a_trial_of_a_day, "at least 2 days in the future"),
        (a_session_of_a_minute, "at least 30 minutes"),
        (a_session_of_two_days, "less than 24 hours"),
        (a_trial_of_the_past, "in the future"),
        (a_long_key, "up to 40 characters"),
        (a_long_value, "up to 500 characters"),
        (many_keys, "keys allowed: 50"),
        (no_address, "Invalid email address"),
    ],
)
def test_what_is_refused(simulator: Stripe, attempt: Callable[[Stripe], Any], said: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=said) as refused:
        attempt(simulator)
    assert refused.value.http_status == 400


def test_a_key_is_checked_for_its_form(simulator: Stripe) -> None:
    headers = {"authorization": "Bearer sk_unheard_of"}
    assert plain_http.get(f"{simulator.url}/v1/customers", headers=headers).status_code == 401
