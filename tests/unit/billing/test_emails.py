"""Which e-mails follow from an event, by how things stand when it is processed."""

from typing import Any

import pytest
from showcase.billing.emails import emails_of

NOW, DAY = 1_800_000_000, 86_400


def subscription(**given: Any) -> dict[str, Any]:
    item = {"current_period_end": NOW + 3 * DAY, "price": {"id": "price_1"}}
    return {"id": "sub_1", "status": "active", "items": {"data": [item]}, **given}


def trialing(**given: Any) -> dict[str, Any]:
    return subscription(status="trialing", trial_end=NOW + 3 * DAY, **given)


def invoice(**given: Any) -> dict[str, Any]:
    paid = {"amount_paid": 900, "amount_remaining": 0, "amount_due": 900, "currency": "usd", "status": "paid"}
    return {"id": "in_1", "billing_reason": "subscription_cycle", "attempt_count": 2, **paid, **given}


def unpaid(**given: Any) -> dict[str, Any]:
    return invoice(**{"status": "open", "amount_paid": 0, "amount_remaining": 900, **given})


UPCOMING = {"period_end": NOW + 3 * DAY, "amount_due": 900, "currency": "usd"}
ENDING: list[dict[str, Any]] = [{"cancel_at_period_end": True}, {"cancel_at": NOW + DAY}]
OVER: list[dict[str, Any]] = [{"status": "canceled", "ended_at": NOW - DAY}, {"status": "incomplete_expired"}]


def types(
    event: str, current: dict[str, Any], about: dict[str, Any], upcoming: dict[str, Any] | None = None
) -> list[str]:
    return [email["type"] for email in emails_of(event, upcoming or {}, current, about, NOW)]


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (trialing(), ["renewal_upcoming"]),
        (subscription(status="trialing", trial_end=NOW - 1), []),  # "renews today", of a trial that is over
        (subscription(status="trialing", trial_end=NOW + 400 * DAY), []),  # a test clock's
        (subscription(trial_end=NOW + DAY), []),  # it has become a paid one meanwhile
        *((trialing(**ending), []) for ending in ENDING),
        *((trialing() | over, []) for over in OVER),
    ],
)
def test_the_end_of_a_trial(current: dict[str, Any], expected: list[str]) -> None:
    assert types("customer.subscription.trial_will_end", current, {}) == expected


@pytest.mark.parametrize(
    ("current", "upcoming", "expected"),
    [
        (subscription(), UPCOMING, ["renewal_upcoming"]),
        (trialing(), UPCOMING, ["renewal_upcoming"]),
        (subscription(), UPCOMING | {"amount_due": 0}, []),
        (subscription(), UPCOMING | {"period_end": NOW - DAY}, []),
        (subscription(), UPCOMING | {"period_end": NOW + 400 * DAY}, []),
        (subscription(), UPCOMING | {"period_end": NOW + 2 * DAY}, []),  # it has renewed meanwhile
        (subscription(), {}, []),
        *((subscription(**ending), UPCOMING, []) for ending in ENDING),
        *((subscription() | over, UPCOMING, []) for over in OVER),
    ],
)
def test_a_renewal_to_come(current: dict[str, Any], upcoming: dict[str, Any], expected: list[str]) -> None:
    assert types("invoice.upcoming", current, {}, upcoming) == expected


def test_a_trial_and_its_first_invoice_are_announced_once() -> None:
    [trial] = emails_of("customer.subscription.trial_will_end", {}, trialing(), {}, NOW)
    [upcoming] = emails_of("invoice.upcoming", UPCOMING, trialing(), {}, NOW)
    assert trial["dedupe_key"] == upcoming["dedupe_key"] == f"sub_1:{NOW + 3 * DAY}"
    assert upcoming["payload"] == {"date": "2027-01-18T08:00:00+00:00", "amount": 900, "currency": "usd"}


@pytest.mark.parametrize(
    ("current", "about", "expected"),
    [
        (subscription(), invoice(), ["renewal_succeeded"]),
        (subscription(), invoice(amount_paid=0, amount_due=0), []),  # a coupon of 100 %, or credit
        (subscription(), invoice(billing_reason="subscription_create"), []),
        (subscription(), invoice(billing_reason="subscription_update"), []),
        (subscription(), invoice(status="void"), []),
        (subscription(), {}, []),
        *((subscription() | over, invoice(), []) for over in OVER),  # nothing "goes on"
    ],
)
def test_a_renewal_that_was_paid(current: dict[str, Any], about: dict[str, Any], expected: list[str]) -> None:
    assert types("invoice.paid", current, about) == expected


@pytest.mark.parametrize("event", ["invoice.payment_failed", "invoice.payment_action_required"])
@pytest.mark.parametrize(
    ("current", "about", "expected"),
    [
        (subscription(status="past_due"), unpaid(), ["payment_failed"]),
        (subscription(), unpaid(billing_reason="subscription_create"), []),
        (subscription(), invoice(), []),  # paid meanwhile
        (subscription(), unpaid(status="void"), []),
        (subscription(), unpaid(status="uncollectible"), []),
        (subscription(), unpaid(amount_remaining=0), []),
        *((subscription() | over, unpaid(), []) for over in OVER),
    ],
)
def test_a_payment_that_failed(event: str, current: dict[str, Any], about: dict[str, Any], expected: list[str]) -> None:
    assert types(event, current, about) == expected


def test_the_same_failure_has_one_key_by_whichever_event() -> None:
    keys = {
        email["dedupe_key"]
        for event in ("invoice.payment_failed", "invoice.payment_action_required")
        for email in emails_of(event, {}, subscription(status="past_due"), unpaid(), NOW)
    }
    assert keys == {"in_1:2"}


def test_other_events_write_to_nobody() -> None:
    for event in ("customer.subscription.updated", "invoice.finalized", "checkout.session.completed"):
        assert types(event, subscription(), invoice()) == []
