"""The simulator of Stripe as an API: keys, errors, idempotency, pages of lists, versions, faults."""

import threading
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.support.cluster import TestCluster
from tests.support.vendors.stripe import SDK_WARNING, Stripe, new_stripe, running_stripe

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

OLD = "2025-02-24.acacia"


@pytest.mark.anyio
async def test_the_async_sdk_needs_nothing_but_another_address(simulator: Stripe) -> None:
    http = stripe.HTTPXClient()
    addresses: Any = {"api": simulator.url}
    client = stripe.StripeClient("sk_test_async", base_addresses=addresses, http_client=http)
    customer = await client.v1.customers.create_async({"email": "ada@example.com"})
    assert (await client.v1.customers.retrieve_async(customer.id)).email == "ada@example.com"
    prices = await client.v1.prices.list_async({"lookup_keys": ["pro_yearly"]})
    assert [price.id for price in prices.data] == ["price_pro_yearly"]
    await http.close_async()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("params", "message", "param", "code"),
    [
        ({"surname": "x"}, "Received unknown parameter: surname", "surname", "parameter_unknown"),
        (
            {"invoice_settings": {"footer_text": "x"}},
            "Received unknown parameter: invoice_settings[footer_text]",
            "invoice_settings[footer_text]",
            "parameter_unknown",
        ),
        ({"test_clock": "clock_x"}, "No such test clock: 'clock_x'", "test_clock", "resource_missing"),
        ({"email": {"a": "b"}}, "Invalid string: {'a': 'b'}", "email", None),
    ],
)
def test_refuses_parameters_as_stripe_does(
    simulator: Stripe, params: Any, message: str, param: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        simulator.sdk().v1.customers.create(params)
    assert (refused.value.http_status, refused.value.user_message) == (400, message)
    assert (refused.value.param, refused.value.code) == (param, code)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"customer": "CUSTOMER", "items": [{"price": "price_x"}]}, "No such price: 'price_x'"),
        ({"customer": "CUSTOMER"}, "Missing required param: items."),
        ({"items": [{"price": "price_pro_monthly"}]}, "Missing required param: customer."),
        (
            {"customer": "CUSTOMER", "items": [{"price": "price_pro_monthly", "quantity": "many"}]},
            "Invalid integer: many",
        ),
    ],
)
def test_refuses_wrong_subscriptions(simulator: Stripe, params: Any, message: str) -> None:
    customer = simulator.paying_customer().id
    given = {name: customer if value == "CUSTOMER" else value for name, value in params.items()}
    with pytest.raises(stripe.InvalidRequestError, match="req_") as refused:
        simulator.sdk().v1.subscriptions.create(given)  # type: ignore[arg-type]
    assert refused.value.user_message == message


def test_says_what_is_missing_and_who_may_not_ask(simulator: Stripe) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        simulator.sdk().v1.subscriptions.retrieve("sub_nobody")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.AuthenticationError, match=r"Invalid API Key provided: sk_gone_\*+oked"):
        simulator.sdk("sk_gone_some_key_that_was_revoked").v1.customers.list()
    assert simulator.control.get("/v1/customers").status_code == 401
    json_body = simulator.control.post("/v1/customers", json={}, headers={"authorization": "Bearer sk_test_1"})
    assert (json_body.status_code, json_body.json()["error"]["type"]) == (400, "invalid_request_error")
    unknown = simulator.control.get("/v1/coupons", headers={"authorization": "Bearer sk_test_1"})
    assert unknown.json()["error"]["message"].startswith("Unrecognized request URL (GET: /v1/coupons)")


def test_the_same_key_gives_the_same_answer(simulator: Stripe) -> None:
    create = simulator.sdk().v1.customers.create
    options: Any = {"idempotency_key": f"customer-{simulator.user}"}
    params: Any = {"metadata": {"user_id": simulator.user}}
    made: list[stripe.Customer] = []
    threads = [threading.Thread(target=lambda: made.append(create(params, options))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({customer.id for customer in made}) == 1
    assert simulator.types() == ["customer.created"]
    with pytest.raises(stripe.IdempotencyError):
        create({"email": "other@example.com"}, options)


def test_a_key_is_refused_while_its_request_is_under_way(simulator: Stripe) -> None:
    simulator.behave(f"{simulator.user}/customers.create", {"kind": "delay", "seconds": 1, "times": 1})
    headers = {"authorization": "Bearer sk_test_1", "idempotency-key": simulator.user}
    form = {"metadata[user_id]": simulator.user}
    answers: list[int] = []

    def ask() -> None:
        answers.append(simulator.control.post("/v1/customers", data=form, headers=headers).status_code)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409]


def test_lists_come_in_pages(simulator: Stripe) -> None:
    customer = simulator.paying_customer()
    made = [simulator.subscribe(customer.id).id for _ in range(5)]
    api = simulator.sdk().v1.subscriptions
    api.cancel(made[1])
    live = api.list({"customer": customer.id})
    assert [each.id for each in live.data] == [made[4], made[3], made[2], made[0]]
    first = api.list({"customer": customer.id, "status": "all", "limit": 2})
    assert ([each.id for each in first.data], first.has_more) == ([made[4], made[3]], True)
    rest = api.list({"customer": customer.id, "status": "all", "limit": 3, "starting_after": made[3]})
    assert ([each.id for each in rest.data], rest.has_more) == ([made[2], made[1], made[0]], False)
    back = api.list({"customer": customer.id, "status": "all", "limit": 2, "ending_before": made[1]})
    assert ([each.id for each in back.data], back.has_more) == ([made[3], made[2]], True)
    assert [each.id for each in first.auto_paging_iter()] == made[::-1]
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        api.list({"starting_after": "sub_nobody"})


def test_what_lives_by_a_test_clock_is_only_listed_for_who_asks(simulator: Stripe) -> None:
    api = simulator.sdk().v1
    clock = api.test_helpers.test_clocks.create({"frozen_time": 1_900_000_000})
    customer = simulator.paying_customer(test_clock=clock.id)
    subscription = simulator.subscribe(customer.id)
    asking: list[Any] = [{"test_clock": clock.id}, {"customer": customer.id}]
    found = [[each.id for each in api.subscriptions.list(params).data] for params in asking]
    assert found == [[subscription.id]] * 2
    everyone = api.subscriptions.list({"status": "all", "limit": 100})
    assert subscription.id not in [each.id for each in everyone.auto_paging_iter()]


def test_expands_what_is_asked_for(simulator: Stripe) -> None:
    subscription = simulator.subscribe(simulator.paying_customer().id, expand=["latest_invoice.payments", "customer"])
    invoice = subscription.latest_invoice
    assert isinstance(invoice, stripe.Invoice)
    assert invoice.payments is not None
    assert invoice.payments.data[0].status == "paid"
    assert isinstance(subscription.customer, stripe.Customer)
    with pytest.raises(stripe.InvalidRequestError, match="This property cannot be expanded"):
        simulator.sdk().v1.subscriptions.retrieve(subscription.id, {"expand": ["status"]})
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        simulator.sdk().v1.subscriptions.list({"expand": ["data.items.data.price.product"]})


def test_older_versions_have_the_fields_where_they_were(simulator: Stripe) -> None:
    made = simulator.subscribe(simulator.paying_customer().id)
    new = simulator.sdk().v1
    old = simulator.sdk(version=OLD).v1
    item = new.subscriptions.retrieve(made.id)["items"].data[0]
    before: Any = old.subscriptions.retrieve(made.id)
    assert before["current_period_end"] == item.current_period_end
    assert "current_period_end" not in before["items"].data[0]
    assert before["items"].data[0]["plan"]["id"] == "price_pro_monthly"
    invoice = new.invoices.retrieve(str(made.latest_invoice))
    assert invoice.parent is not None
    assert invoice.parent.subscription_details is not None
    earlier: Any = old.invoices.retrieve(invoice.id)
    assert earlier["subscription"] == made.id == invoice.parent.subscription_details.subscription
    assert earlier["paid"] is True
    assert "parent" not in earlier
    assert "subscription" not in invoice


def test_what_goes_wrong_goes_wrong_for_one_subject_only(simulator: Stripe) -> None:
    mine, other = simulator.paying_customer(), simulator.sdk().v1.customers.create()
    subscription = simulator.subscribe(mine.id)
    simulator.behave(f"{simulator.user}/subscriptions.retrieve", {"kind": "api_error", "times": 1})
    simulator.behave(mine.id, {"kind": "rate_limited", "times": 1, "retry_after": 3})
    api = simulator.sdk().v1
    assert api.customers.retrieve(other.id).id == other.id
    with pytest.raises(stripe.APIError) as broken:
        api.subscriptions.retrieve(subscription.id)
    assert broken.value.http_status == 500
    with pytest.raises(stripe.RateLimitError):
        api.customers.retrieve(mine.id)
    assert api.subscriptions.retrieve(subscription.id).id == subscription.id


def test_a_lost_answer_and_a_second_try_make_one_customer(simulator: Stripe) -> None:
    simulator.behave(f"{simulator.user}/customers.create", {"kind": "lost_answer", "times": 1})
    customer = simulator.sdk(retries=2).v1.customers.create({"metadata": {"user_id": simulator.user}})
    assert [event["data"]["object"]["id"] for event in simulator.events()] == [customer.id]


def test_deleted_customers_say_so(simulator: Stripe) -> None:
    customer = simulator.paying_customer()
    subscription = simulator.subscribe(customer.id)
    api = simulator.sdk().v1
    assert api.customers.delete(customer.id).deleted is True
    assert getattr(api.customers.retrieve(customer.id), "deleted", False) is True
    assert api.subscriptions.retrieve(subscription.id).status == "canceled"
    assert simulator.types()[-2:] == ["customer.subscription.deleted", "customer.deleted"]
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        api.customers.update(customer.id, {"name": "x"})


def test_events_can_be_asked_for(simulator: Stripe) -> None:
    customer = simulator.customer()
    simulator.sdk().v1.customers.update(customer.id, {"name": "Ada", "metadata": {"plan": "x"}})
    updated = simulator.events("customer.updated")[0]
    event = simulator.sdk().v1.events.retrieve(updated["id"])
    assert event.type == "customer.updated"
    assert updated["data"]["previous_attributes"] == {"name": None, "metadata": {"plan": None}}
    assert updated["request"]["id"].startswith("req_")


def test_the_state_survives_a_restart(cluster: TestCluster, tmp_path: Path) -> None:
    environment = {"STRIPE_SIMULATOR_STATE_FILE": str(tmp_path / "kept" / "stripe.json")}
    with running_stripe(cluster, tmp_path, environment) as server, new_stripe(server) as before:
        subscription = before.subscribe(before.paying_customer().id)
    with running_stripe(cluster, tmp_path, environment) as server, new_stripe(server) as after:
        assert after.sdk().v1.subscriptions.retrieve(subscription.id).status == "active"
        assert len(after.sdk().v1.prices.list().data) == 2


def test_people_can_look_at_it(simulator: Stripe) -> None:
    simulator.subscribe(simulator.paying_customer().id)
    page = simulator.control.get("/_simulator/dashboard")
    assert page.status_code == 200
    assert f"{simulator.user}@example.com" in page.text
    assert "customer.subscription.created" in page.text
    assert simulator.control.get("/_simulator", headers={"accept": "text/html"}).status_code == 200
