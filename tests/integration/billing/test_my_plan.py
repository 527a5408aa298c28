"""What a user has, in one call: before, during and after a subscription."""

from datetime import datetime
from typing import Any

import pytest

from tests.integration.billing.backend import Backend
from tests.support.users import User
from tests.support.vendors.stripe import SDK_WARNING, Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)


@pytest.fixture
def user(backend: Backend, at_stripe: Stripe) -> User:
    made = backend.stack.make_user()
    object.__setattr__(at_stripe, "user", str(made.id))
    return made


def my_plan(backend: Backend, at_stripe: Stripe, user: User) -> dict[str, Any]:
    for event in at_stripe.events():
        backend.deliver(event)
    with backend.stack.client(user) as client:
        plan: dict[str, Any] = client.post("/rest/v1/rpc/get_my_plan", json={}).raise_for_status().json()
    return plan


def test_a_new_user_has_the_free_tier_and_may_choose(backend: Backend, at_stripe: Stripe, user: User) -> None:
    plan = my_plan(backend, at_stripe, user)
    use = plan.pop("use")
    nothing = ("plan", "status", "price", "renews_at", "ends_at", "trial_end", "grace_until", "pay_url")
    assert plan == {"tier": "free", "next_step": "choose_plan", **dict.fromkeys(nothing)}
    assert datetime.fromisoformat(use["designs"].pop("resets_at")).hour == 0
    storage = use.pop("storage")
    assert storage["used_bytes"] == 0 < storage["max_bytes"]
    assert use == {
        "projects": {"used": 0, "max": 1000},
        "layouts": {"used": 0, "max": 200},
        "images": {"used": 0},
        "videos": {"used": 0},
        "designs": {"used": 0, "max": 5, "left": 5},
        "exports": {"running": False, "ready_until": None},
    }


def test_through_trial_renewal_failure_and_end(backend: Backend, at_stripe: Stripe, user: User) -> None:
    customer = at_stripe.paying_customer().id
    subscription = at_stripe.subscribe(customer, trial_period_days=10).id
    trial = my_plan(backend, at_stripe, user)
    assert (trial["tier"], trial["status"], trial["next_step"]) == ("paid", "trialing", "none")
    assert trial["price"] == {"amount": 900, "currency": "usd", "interval": "month", "interval_count": 1}
    assert trial["trial_end"] == trial["renews_at"] is not None
    assert trial["use"]["designs"]["max"] == 50

    at_stripe.tell(f"customers/{user.id}/advance", to="renewal")
    active = my_plan(backend, at_stripe, user)
    assert (active["status"], active["trial_end"], active["pay_url"]) == ("active", None, None)

    at_stripe.tell(f"customers/{user.id}/card", outcome="card_declined")
    at_stripe.tell(f"customers/{user.id}/advance", to="renewal")
    owed = my_plan(backend, at_stripe, user)
    assert (owed["tier"], owed["status"], owed["next_step"]) == ("paid", "past_due", "update_payment_method")
    assert owed["grace_until"] is not None
    assert owed["pay_url"].startswith("http")

    at_stripe.sdk().v1.subscriptions.cancel(subscription)
    ended = my_plan(backend, at_stripe, user)
    assert (ended["tier"], ended["status"], ended["next_step"]) == ("free", "canceled", "choose_plan")
    assert (ended["renews_at"], ended["plan"]) == (None, "pro_monthly")
    assert ended["ends_at"] is not None


def test_what_was_used_counts_for_its_user_alone(backend: Backend, at_stripe: Stripe, user: User) -> None:
    with backend.stack.client(user) as client:
        project = client.post(
            "/rest/v1/projects",
            json={"title": "Mine", "status": "published"},
            headers={"Prefer": "return=representation"},
        ).json()[0]["id"]
        image = {"project_id": project, "url": "https://example.com/a.png"}
        client.post("/rest/v1/project_images", json=image).raise_for_status()
    for each, used, attempts in ((user, 2, 20), (backend.stack.make_user(), 1, 1)):
        backend.change(
            "insert into private.design_usage (user_id, day, used, attempts) "
            "values (%s, (now() at time zone 'utc')::date, %s, %s)",
            each.id,
            used,
            attempts,
        )
    use = my_plan(backend, at_stripe, user)["use"]
    assert (use["projects"]["used"], use["images"], use["videos"]) == (1, {"used": 1}, {"used": 0})
    assert (use["designs"]["used"], use["designs"]["left"]) == (2, 0), "20 attempts, failed ones too, are all there are"


def test_a_visitor_has_no_plan(backend: Backend) -> None:
    with backend.stack.client("anon") as client:
        assert client.post("/rest/v1/rpc/get_my_plan", json={}).is_client_error
