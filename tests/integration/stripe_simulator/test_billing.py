"""The simulator of Stripe as a biller: checkout, the portal, renewals, declines, trials, changes of plan."""

from typing import Any

import pytest
import stripe

from tests.support.vendors.stripe import SDK_WARNING, Stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

DAY = 86400
START = 1_900_000_000


def test_somebody_clicks_through_checkout(simulator: Stripe) -> None:
    session = simulator.checkout(customer=simulator.customer().id)
    page = str(session.url)
    assert "Showcase Pro" in simulator.control.get(page).text
    declined = simulator.control.post(page, data={"outcome": "card_declined"})
    assert (declined.status_code, "Your card was declined." in declined.text) == (402, True)
    gone = simulator.control.post(page, data={"outcome": "cancel"})
    assert (gone.status_code, gone.headers["location"]) == (303, "http://127.0.0.1:3000/plans")
    paid = simulator.control.post(page, data={"outcome": "ok"})
    assert paid.headers["location"] == f"http://127.0.0.1:3000/done?session={session.id}"
    done = simulator.sdk().v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert isinstance(done.subscription, stripe.Subscription)
    assert done.subscription.status == "active"
    assert simulator.control.post(page, data={"outcome": "ok"}).status_code == 410
    created = simulator.events("customer.subscription.created")[0]
    assert created["data"]["object"]["status"] == "incomplete"


def test_a_session_without_a_customer_makes_one(simulator: Stripe) -> None:
    session = simulator.checkout()
    simulator.tell(f"checkout/{simulator.user}", email="new@example.com")
    done = simulator.sdk().v1.checkout.sessions.retrieve(session.id)
    assert simulator.sdk().v1.customers.retrieve(str(done.customer)).email == "new@example.com"


def test_renewals_come_when_time_passes(simulator: Stripe) -> None:
    customer = simulator.paying_customer()
    subscription = simulator.subscribe(customer.id)
    before = subscription["items"].data[0].current_period_end
    seen = len(simulator.events())
    simulator.tell(f"customers/{simulator.user}/advance", to="renewal")
    renewed = simulator.sdk().v1.subscriptions.retrieve(subscription.id)
    assert renewed["items"].data[0].current_period_start == before
    assert renewed["items"].data[0].current_period_end > before + 27 * DAY
    assert simulator.types()[seen:] == [
        "invoice.upcoming", "invoice.created", "customer.subscription.updated", "invoice.finalized", "charge.succeeded",
        "payment_intent.succeeded", "invoice.updated", "invoice.paid", "invoice.payment_succeeded",
    ]  # fmt: skip


def test_a_card_that_declines_leads_to_the_end(simulator: Stripe) -> None:
    subscription = simulator.subscribe(simulator.paying_customer().id)
    api = simulator.sdk().v1
    simulator.tell(f"customers/{simulator.user}/card", outcome="card_declined")
    simulator.tell(f"customers/{simulator.user}/advance", to="renewal")
    assert api.subscriptions.retrieve(subscription.id).status == "past_due"
    assert len(simulator.events("invoice.payment_failed")) == 1
    simulator.tell(f"customers/{simulator.user}/advance", seconds=16 * DAY)
    ended = api.subscriptions.retrieve(subscription.id)
    assert ended.status == "canceled"
    assert ended.cancellation_details is not None
    assert ended.cancellation_details.reason == "payment_failed"
    assert len(simulator.events("invoice.payment_failed")) == 4
    assert simulator.types()[-1] == "customer.subscription.deleted"


def test_a_better_card_in_time_saves_it(simulator: Stripe) -> None:
    subscription = simulator.subscribe(simulator.paying_customer().id)
    simulator.tell(f"customers/{simulator.user}/card", outcome="insufficient_funds")
    simulator.tell(f"customers/{simulator.user}/advance", to="renewal")
    simulator.tell(f"customers/{simulator.user}/card", outcome="ok")
    simulator.tell(f"customers/{simulator.user}/advance", seconds=4 * DAY)
    assert simulator.sdk().v1.subscriptions.retrieve(subscription.id).status == "active"


def test_the_first_payment_may_fail(simulator: Stripe) -> None:
    customer = simulator.paying_customer("pm_card_chargeCustomerFail")
    api = simulator.sdk().v1
    with pytest.raises(stripe.CardError) as declined:
        simulator.subscribe(customer.id, payment_behavior="error_if_incomplete")
    assert (declined.value.http_status, declined.value.code) == (402, "card_declined")
    subscription = simulator.subscribe(customer.id)
    assert subscription.status == "incomplete"
    with pytest.raises(stripe.CardError):
        api.invoices.pay(str(subscription.latest_invoice))
    simulator.tell(f"customers/{simulator.user}/advance", seconds=DAY)
    assert api.subscriptions.retrieve(subscription.id).status == "incomplete_expired"


def test_a_trial_on_a_test_clock(simulator: Stripe) -> None:
    api = simulator.sdk().v1
    clock = api.test_helpers.test_clocks.create({"frozen_time": START})
    customer = simulator.paying_customer(test_clock=clock.id)
    subscription = simulator.subscribe(customer.id, trial_period_days=14)
    assert (subscription.status, subscription.trial_end) == ("trialing", START + 14 * DAY)
    advance = api.test_helpers.test_clocks.advance
    assert advance(clock.id, {"frozen_time": START + 12 * DAY}).status == "advancing"
    assert api.test_helpers.test_clocks.retrieve(clock.id).status == "ready"
    announced = simulator.events("customer.subscription.trial_will_end")
    assert [event["created"] for event in announced] == [START + 11 * DAY]
    advance(clock.id, {"frozen_time": START + 14 * DAY + 60})
    trial_over = api.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (trial_over.status, trial_over.latest_invoice.status) == ("active", "draft")  # type: ignore[union-attr]
    advance(clock.id, {"frozen_time": START + 14 * DAY + 4000})
    paid = api.invoices.retrieve(trial_over.latest_invoice.id)  # type: ignore[union-attr]
    assert (paid.status, paid.amount_paid) == ("paid", 900)
    with pytest.raises(stripe.InvalidRequestError, match="only be advanced forward"):
        advance(clock.id, {"frozen_time": START})


def test_another_plan_is_paid_for_at_once(simulator: Stripe) -> None:
    api = simulator.sdk().v1
    clock = api.test_helpers.test_clocks.create({"frozen_time": START})
    subscription = simulator.subscribe(simulator.paying_customer(test_clock=clock.id).id)
    item = subscription["items"].data[0]
    api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": START + 15 * DAY})
    changed = api.subscriptions.update(
        subscription.id, {"items": [{"id": item.id, "price": "price_pro_yearly"}], "expand": ["latest_invoice"]}
    )
    assert changed["items"].data[0].current_period_end == START + 15 * DAY + 365 * DAY
    left = (item.current_period_end - START - 15 * DAY) / (item.current_period_end - START)
    assert isinstance(changed.latest_invoice, stripe.Invoice)
    assert changed.latest_invoice.amount_paid == 9000 - round(900 * left)
    updated = simulator.events("customer.subscription.updated")[-1]
    assert updated["data"]["previous_attributes"]["items"]["data"][0]["price"]["id"] == "price_pro_monthly"


def test_more_seats_come_with_the_next_invoice(simulator: Stripe) -> None:
    subscription = simulator.subscribe(simulator.paying_customer().id)
    item = subscription["items"].data[0].id
    simulator.sdk().v1.subscriptions.update(subscription.id, {"items": [{"id": item, "quantity": 3}]})
    assert len(simulator.events("invoice.created")) == 1
    simulator.tell(f"customers/{simulator.user}/advance", to="renewal")
    invoice = simulator.events("invoice.paid")[-1]["data"]["object"]
    assert invoice["amount_paid"] == 900 * 3 + 900 * 2
    assert [line["amount"] for line in invoice["lines"]["data"]] == [-900, 2700, 2700]


def test_cancelling_at_the_end_of_the_period(simulator: Stripe) -> None:
    api = simulator.sdk().v1.subscriptions
    subscription = simulator.subscribe(simulator.paying_customer().id)
    end = subscription["items"].data[0].current_period_end
    leaving = api.update(subscription.id, {"cancel_at_period_end": True})
    assert (leaving.status, leaving.cancel_at) == ("active", end)
    staying = api.update(subscription.id, {"cancel_at_period_end": False})
    assert (staying.cancel_at, staying.canceled_at) == (None, None)
    api.update(subscription.id, {"cancel_at_period_end": True})
    simulator.tell(f"customers/{simulator.user}/advance", to="period_end")
    gone = api.retrieve(subscription.id)
    assert (gone.status, gone.ended_at) == ("canceled", end)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.cancel(subscription.id)
    assert refused.value.http_status == 404
    with pytest.raises(stripe.InvalidRequestError, match="canceled subscription can only update"):
        api.update(subscription.id, {"cancel_at_period_end": True})


def test_the_portal_does_what_its_buttons_say(simulator: Stripe) -> None:
    api = simulator.sdk().v1
    customer = simulator.paying_customer()
    subscription = simulator.subscribe(customer.id)
    back = "http://127.0.0.1:3000/account"
    page = api.billing_portal.sessions.create({"customer": customer.id, "return_url": back}).url
    assert back in simulator.control.get(page).text

    def press(action: str, **values: str) -> stripe.Subscription:
        form = {"action_name": action, "subscription": subscription.id, **values}
        assert simulator.control.post(page, data=form).status_code == 200
        return api.subscriptions.retrieve(subscription.id)

    assert press("cancel").cancel_at_period_end is True
    assert press("resume").cancel_at_period_end is False
    assert press("price", price="price_pro_yearly")["items"].data[0].price.id == "price_pro_yearly"
    press("card", outcome="card_declined")
    assert press("price", price="price_pro_monthly").status == "active"  # what is left of the year pays for it
    assert press("cancel_now").status == "canceled"


def test_collection_can_be_paused(simulator: Stripe) -> None:
    subscription = simulator.subscribe(simulator.paying_customer().id)
    api = simulator.sdk().v1.subscriptions
    api.update(subscription.id, {"pause_collection": {"behavior": "void"}})
    simulator.tell(f"customers/{simulator.user}/advance", to="renewal")
    assert simulator.types()[-1] == "invoice.voided"
    cleared: Any = {"pause_collection": ""}
    assert api.update(subscription.id, cleared).pause_collection is None


def test_money_goes_back(simulator: Stripe) -> None:
    api = simulator.sdk().v1
    customer = simulator.paying_customer()
    simulator.subscribe(customer.id)
    charge = api.charges.list({"customer": customer.id}).data[0]
    api.refunds.create({"charge": charge.id, "amount": 400})
    assert (api.charges.retrieve(charge.id).amount_refunded, api.charges.retrieve(charge.id).refunded) == (400, False)
    api.refunds.create({"charge": charge.id})
    assert api.charges.retrieve(charge.id).refunded is True
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded"):
        api.refunds.create({"charge": charge.id})
    simulator.tell(f"charges/{charge.id}/dispute")
    assert [event["type"] for event in simulator.events("charge.refunded", "charge.dispute.created")] == [
        "charge.refunded",
        "charge.refunded",
        "charge.dispute.created",
    ]
