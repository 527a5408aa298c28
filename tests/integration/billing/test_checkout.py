"""Buying a plan, and managing it: one customer, one checkout and one subscription for each user."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.integration.billing.backend import SITE, Backend
from tests.support import plain_http
from tests.support.users import User
from tests.support.vendors.stripe import SDK_WARNING, Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

PATHS = {"success_path": "/billing?session={CHECKOUT_SESSION_ID}", "cancel_path": "/plans"}


@pytest.fixture
def user(backend: Backend, at_stripe: Stripe) -> User:
    made = backend.stack.make_user()
    object.__setattr__(at_stripe, "user", str(made.id))
    return made


def buy(backend: Backend, user: User, plan: str = "pro_monthly") -> dict[str, Any]:
    answer = backend.ask(user, "createCheckoutSession", {"plan": plan, **PATHS})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def deliver_all(backend: Backend, at_stripe: Stripe) -> None:
    for event in at_stripe.events():
        backend.deliver(event)


def test_from_the_checkout_to_the_tier(backend: Backend, at_stripe: Stripe, user: User) -> None:
    bought = buy(backend, user)
    assert (bought["kind"], bought["url"].startswith(f"{at_stripe.url}/c/pay/cs_test_")) == ("checkout", True)
    paid = at_stripe.control.post(bought["url"], data={"outcome": "ok"})
    session = bought["url"].rpartition("/")[2]
    assert paid.headers["location"] == f"{SITE}/billing?session={session}"
    assert backend.tier(user) == "free"
    deliver_all(backend, at_stripe)
    row = backend.subscriptions(user)[0]
    assert (row["status"], row["plan"], row["tier"]) == ("active", "pro_monthly", "paid")
    assert backend.tier(user) == "paid"
    assert backend.emails(user) == [("subscription_started", row["stripe_id"])]


def test_a_second_checkout_leads_to_the_portal(backend: Backend, at_stripe: Stripe, user: User) -> None:
    at_stripe.control.post(buy(backend, user)["url"], data={"outcome": "ok"})
    # No event has come yet: Stripe is asked, not our row.
    again = buy(backend, user, "pro_yearly")
    assert again["kind"] == "portal"
    assert "/p/session/bps_" in again["url"]
    portal = backend.ask(user, "createPortalSession", {"return_path": "/settings"}).json()
    assert "/p/session/bps_" in portal["url"]
    assert f'"{SITE}/settings"' in at_stripe.control.get(portal["url"]).text


def test_after_the_end_one_may_buy_again(backend: Backend, at_stripe: Stripe, user: User) -> None:
    at_stripe.control.post(buy(backend, user)["url"], data={"outcome": "ok"})
    deliver_all(backend, at_stripe)
    at_stripe.sdk().v1.subscriptions.cancel(backend.subscriptions(user)[0]["stripe_id"])
    assert buy(backend, user)["kind"] == "checkout"


@pytest.mark.anyio
async def test_many_clicks_at_once_make_one_customer_and_one_checkout(
    backend: Backend, at_stripe: Stripe, user: User
) -> None:
    body = {"plan": "pro_monthly", **PATHS}
    headers = backend.stack.headers(user)
    async with plain_http.AsyncClient(base_url=backend.functions, headers=headers, timeout=60) as client:
        answers = await asyncio.gather(
            *(client.post("/functions/v1/createCheckoutSession", json=body) for _ in range(12))
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len(at_stripe.events("customer.created")) == 1
    assert len({answer.json()["url"] for answer in answers}) == 1


def test_another_plan_closes_the_checkout_that_was_open(backend: Backend, at_stripe: Stripe, user: User) -> None:
    first = buy(backend, user)["url"]
    assert buy(backend, user)["url"] == first
    second = buy(backend, user, "pro_yearly")["url"]
    assert second != first
    assert at_stripe.control.post(first, data={"outcome": "ok"}).status_code == 410
    assert at_stripe.control.post(second, data={"outcome": "ok"}).status_code == 303


def test_nobody_begins_more_than_ten_an_hour(backend: Backend, at_stripe: Stripe, user: User) -> None:
    def begin(number: int) -> httpx.Response:
        body = {"plan": "pro_monthly", "success_path": f"/done/{number}", "cancel_path": "/plans"}
        return backend.ask(user, "createCheckoutSession", body)

    answers = [begin(number) for number in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert answers[-1].json()["code"] == "too_many_checkouts"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 3600
    assert begin(9).json() == answers[9].json(), "the one that is open is given out again"
    assert (
        len(at_stripe.sdk().v1.checkout.sessions.list({"customer": customer_of(backend, user), "limit": 100}).data)
        == 10
    )


def test_a_customer_that_was_deleted_at_stripe_is_replaced(backend: Backend, at_stripe: Stripe, user: User) -> None:
    buy(backend, user)
    lost = customer_of(backend, user)
    at_stripe.sdk().v1.customers.delete(lost)
    assert buy(backend, user)["kind"] == "checkout"
    assert customer_of(backend, user) not in {lost, None}


def test_a_deleted_customer_is_forgotten(backend: Backend, at_stripe: Stripe, user: User) -> None:
    buy(backend, user)
    at_stripe.sdk().v1.customers.delete(customer_of(backend, user))
    backend.deliver(at_stripe.events("customer.deleted")[0])
    assert customer_of(backend, user) is None


def test_a_deleted_customer_does_not_come_back_with_a_late_event(
    backend: Backend, at_stripe: Stripe, user: User
) -> None:
    at_stripe.control.post(buy(backend, user)["url"], data={"outcome": "ok"})
    deliver_all(backend, at_stripe)
    at_stripe.sdk().v1.customers.delete(customer_of(backend, user))
    backend.deliver(at_stripe.events("customer.deleted")[0])
    backend.deliver(at_stripe.events("customer.subscription.deleted")[0])
    assert backend.subscriptions(user)[0]["status"] == "canceled"
    assert (customer_of(backend, user), backend.tier(user)) == (None, "free")


def test_a_plan_known_by_its_lookup_key_alone(backend: Backend, at_stripe: Stripe, user: User) -> None:
    key = f"team_{user.id.hex[:8]}"
    price = at_stripe.sdk().v1.prices.create(
        {
            "product": "prod_pro",
            "currency": "usd",
            "unit_amount": 100,
            "recurring": {"interval": "month"},
            "lookup_key": key,
        }
    )
    backend.change("insert into public.plans (plan, lookup_key, tier) values (%s, %s, 'paid')", key, key)
    at_stripe.control.post(buy(backend, user, key)["url"], data={"outcome": "ok"})
    deliver_all(backend, at_stripe)
    row = backend.subscriptions(user)[0]
    assert (row["plan"], row["price_id"], backend.tier(user)) == (key, price.id, "paid")


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example.com", "//evil.example.com", "/\\evil.example.com", "\\\\evil.example.com", "javascript:x",
        "/%2f/evil.example.com/%2e%2e/..", "/a/../../b", "/a/%2e%2e/b", "/%252e%252e/b", "/%5cevil.example.com",
        "plans", "", "/a b", "/a\nb", "/\t/evil.example.com", "/é", "/" + "a" * 500, "@evil.example.com",
        ".evil.example.com", "/%2fevil.example.com", "/{x}",
    ],
)  # fmt: skip
def test_nobody_is_sent_anywhere_else(backend: Backend, user: User, path: str) -> None:
    requests: list[tuple[str, Mapping[str, str]]] = [
        ("createCheckoutSession", {"plan": "pro_monthly", **PATHS, "success_path": path}),
        ("createCheckoutSession", {"plan": "pro_monthly", **PATHS, "cancel_path": path}),
        ("createPortalSession", {"return_path": path}),
    ]
    for name, body in requests:
        answer = backend.ask(user, name, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), name


def test_what_cannot_be_had(backend: Backend, user: User) -> None:
    unknown = backend.ask(user, "createCheckoutSession", {"plan": "gold", **PATHS})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "plan_not_found")
    nothing = backend.ask(user, "createPortalSession", {"return_path": "/"})
    assert (nothing.status_code, nothing.json()["code"]) == (404, "no_billing_account")
    for name in ("createCheckoutSession", "createPortalSession"):
        assert backend.ask("anon", name, {}).status_code == 401
        assert backend.ask("service", name, {}).status_code == 403
    for name in ("reconcileSubscriptions", "closeBillingAccount"):
        assert backend.ask("anon", name, {}).status_code == 401
        assert backend.ask(user, name, {}).status_code == 403


def test_while_stripe_is_away_it_is_said_kindly(backend: Backend, at_stripe: Stripe, user: User) -> None:
    at_stripe.behave(str(user.id), {"kind": "api_error"})
    answer = backend.ask(user, "createCheckoutSession", {"plan": "pro_monthly", **PATHS})
    assert (answer.status_code, answer.json()["code"]) == (503, "stripe_unavailable")
    assert "again" in answer.json()["detail"]


@pytest.mark.parametrize("broken", ["customers.create", "checkout.sessions.create"])
def test_an_error_that_stripe_repeats_for_a_day_locks_nobody_out(
    backend: Backend, at_stripe: Stripe, user: User, broken: str
) -> None:
    """Stripe answers an idempotency key as it did at first, also where that was a 500."""
    if broken != "customers.create":
        backend.ask(user, "createCheckoutSession", {"plan": "pro_monthly", **PATHS})
    at_stripe.behave(f"{user.id}/{broken}", {"kind": "api_error", "times": 1})
    assert buy(backend, user, "pro_yearly")["kind"] == "checkout"
    assert len(at_stripe.events("customer.created")) == 1


def test_closing_an_account_ends_what_it_pays_for(backend: Backend, at_stripe: Stripe, user: User) -> None:
    at_stripe.control.post(buy(backend, user)["url"], data={"outcome": "ok"})
    deliver_all(backend, at_stripe)
    customer = customer_of(backend, user)
    body = {"user_id": str(user.id)}
    assert backend.ask("service", "closeBillingAccount", body).json() == {"canceled": 1}
    assert at_stripe.sdk().v1.customers.retrieve(customer).to_dict()["deleted"] is True
    assert backend.ask("service", "closeBillingAccount", body).is_success
    backend.change("delete from auth.users where id = %s", user.id)
    assert backend.ask("service", "closeBillingAccount", body).json() == {"canceled": 0}
    # What Stripe still has to say about somebody who is gone is taken, and worries nobody.
    for event in at_stripe.events("customer.subscription.deleted", "customer.deleted"):
        assert backend.send(event).json()["outcome"] in {"unknown_user", "applied", "unchanged"}


def customer_of(backend: Backend, user: User) -> Any:
    return backend.rows("select private.customer_of(%s) as customer", user.id)[0]["customer"]
