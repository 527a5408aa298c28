"""The simulator of Stripe, held against Stripe's published description: all that passes in a long story."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin

import httpx
import pytest
import stripe
from pydantic import BaseModel

from local.simulators.stripe.forms import parse_form
from local.simulators.stripe.operations import OPERATIONS
from local.simulators.stripe.operations.base import Operation
from tests.support.cluster import TestCluster
from tests.support.vendors.stripe import SDK_WARNING, Stripe, running_stripe
from tests.support.vendors.stripe_description import FILE, VERSION, Schema, description

pytestmark = [
    pytest.mark.skipif(not FILE.is_file(), reason=f"Stripe's description is not beside the project: {FILE.name}"),
    pytest.mark.filterwarnings(SDK_WARNING),
]

DAY = 86400
START = 1_900_000_000


@pytest.fixture(scope="module")
def server(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("stripe")
    with running_stripe(cluster, folder, {"STRIPE_SIMULATOR_API_VERSION": VERSION}) as client:
        yield client


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_takes_no_parameter_that_stripe_does_not_know(operation: Operation) -> None:
    described = description().operation(operation.method, operation.path.replace("{id}", "x"))
    assert described is not None
    invented = list(_invented(operation.params, description().parameters(described)))
    assert invented == []


def test_every_request_answer_and_event_of_a_story_is_as_described(simulator: Stripe) -> None:
    _catalogue(simulator)
    customer = _clock_story(simulator)
    _checkout_story(simulator)
    _money_story(simulator, customer)
    _refusals(simulator, customer)

    wrong = {}
    for exchange in simulator.http.exchanges:
        url = httpx.URL(exchange.url)
        operation = description().operation(exchange.method, url.path)
        assert operation is not None, exchange
        params = parse_form(url.query.decode()) | parse_form(exchange.body)
        problems = description().wrong_answer(operation, exchange.status, exchange.answer)
        if exchange.status != 400:
            problems += description().wrong_request(operation, params)
        if problems:
            wrong[f"{exchange.method} {url.path} {exchange.status}"] = problems
    assert wrong == {}
    called = {(each.method.upper(), httpx.URL(each.url).path) for each in simulator.http.exchanges}
    assert [each.name for each in OPERATIONS if not any(_fits(each, *call) for call in called)] == []

    events = simulator.control.get("/_simulator/events").json()
    for event in events:
        shown = event["data"]["object"]
        problems = description().wrong_object(event, "event")
        # What is only coming has no id yet, though the description wants one.
        expected = ["invoice.id is missing"] if event["type"] == "invoice.upcoming" else []
        problems += [p for p in description().wrong_object(shown, shown["object"]) if p not in expected]
        if problems:
            wrong[event["type"]] = problems
    assert wrong == {}
    assert {event["type"] for event in events} >= _EXPECTED


_EXPECTED = {
    "checkout.session.async_payment_failed", "checkout.session.async_payment_succeeded", "checkout.session.completed",
    "checkout.session.expired", "charge.dispute.created", "charge.failed", "charge.refunded", "customer.created",
    "customer.deleted", "customer.subscription.created", "customer.subscription.deleted",
    "customer.subscription.paused", "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired", "customer.subscription.resumed",
    "customer.subscription.trial_will_end", "customer.subscription.updated", "customer.updated", "invoice.finalized",
    "invoice.paid", "invoice.payment_action_required", "invoice.payment_failed", "invoice.upcoming", "invoice.voided",
}  # fmt: skip


def _catalogue(simulator: Stripe) -> None:
    api = simulator.sdk(version=VERSION).v1
    api.accounts.retrieve_current()
    product = api.products.create({"name": "Team", "metadata": {"kind": "team"}})
    api.products.update(product.id, {"description": "For teams"})
    api.products.retrieve(product.id)
    api.products.list({"active": True})
    price = api.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 5000, "recurring": {"interval": "month"}}
    )
    api.prices.update(price.id, {"lookup_key": f"team_{simulator.user}", "nickname": "Team"})
    api.prices.retrieve(price.id, {"expand": ["product"]})
    api.prices.list({"lookup_keys": ["pro_monthly", "pro_yearly"], "expand": ["data.product"]})
    endpoint = api.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/", "enabled_events": ["*"], "metadata": {"subject": "nobody"}}
    )
    api.webhook_endpoints.retrieve(endpoint.id)
    api.webhook_endpoints.update(endpoint.id, {"disabled": True})
    api.webhook_endpoints.list()
    api.webhook_endpoints.delete(endpoint.id)


def _clock_story(simulator: Stripe) -> stripe.Customer:
    """Two months in the life of one customer: a trial, a pause, plans, a declined card."""
    api = simulator.sdk(version=VERSION).v1
    clocks = api.test_helpers.test_clocks
    clock = clocks.create({"frozen_time": START, "name": "story"})
    customer = simulator.customer(test_clock=clock.id)
    trial = simulator.subscribe(
        customer.id,
        trial_period_days=7,
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
        expand=["latest_invoice.payments", "customer"],
    )
    clocks.advance(clock.id, {"frozen_time": START + 8 * DAY})
    clocks.retrieve(clock.id)
    assert api.subscriptions.retrieve(trial.id).status == "paused"
    card = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    api.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}, "name": "Ada"})
    assert api.subscriptions.resume(trial.id).status == "active"
    item = api.subscriptions.retrieve(trial.id)["items"].data[0].id
    yearly: Any = {"items": [{"id": item, "price": "price_pro_yearly"}], "proration_behavior": "always_invoice"}
    yearly["metadata"] = {"changed": "yes"}
    api.subscriptions.update(trial.id, yearly)
    declining = api.payment_methods.attach("pm_card_authenticationRequired", {"customer": customer.id})
    api.customers.update(customer.id, {"invoice_settings": {"default_payment_method": declining.id}})
    monthly: Any = {"items": [{"id": item, "price": "price_pro_monthly", "quantity": 20}]}
    pending: Any = {**monthly, "payment_behavior": "pending_if_incomplete"}
    assert api.subscriptions.update(trial.id, pending).pending_update is not None
    clocks.advance(clock.id, {"frozen_time": START + 10 * DAY})
    updated = api.subscriptions.update(trial.id, pending)
    assert updated.pending_update is not None
    api.invoices.pay(str(updated.latest_invoice), {"payment_method": card.id})
    assert api.subscriptions.retrieve(trial.id).pending_update is None
    api.subscriptions.update(trial.id, {"pause_collection": {"behavior": "void"}, "cancel_at_period_end": True})
    api.subscriptions.update(trial.id, {"pause_collection": "", "cancel_at_period_end": False})
    clocks.advance(clock.id, {"frozen_time": START + 45 * DAY})
    api.subscriptions.cancel(trial.id, {"cancellation_details": {"comment": "Too dear", "feedback": "too_expensive"}})
    clocks.list()
    return customer


def _checkout_story(simulator: Stripe) -> None:
    api = simulator.sdk(version=VERSION).v1
    for outcomes in (["ok"], ["processing", "settled"], ["processing", "not_settled"], ["expired"]):
        session = simulator.checkout(subscription_data={"metadata": {"user_id": simulator.user}})
        for outcome in outcomes:
            simulator.tell(f"checkout/{session.id}", outcome=outcome)
        api.checkout.sessions.retrieve(session.id, {"expand": ["line_items", "subscription", "customer", "invoice"]})
    api.checkout.sessions.expire(simulator.checkout(customer_email="someone@example.com").id)
    done = api.checkout.sessions.list({"status": "complete"}).data[0]
    api.billing_portal.sessions.create({"customer": str(done.customer), "return_url": "http://127.0.0.1:3000/"})
    api.customers.delete(str(done.customer))
    api.customers.retrieve(str(done.customer))
    api.subscriptions.list({"status": "all", "limit": 2, "expand": ["data.customer", "data.latest_invoice"]})


def _money_story(simulator: Stripe, customer: stripe.Customer) -> None:
    api = simulator.sdk(version=VERSION).v1
    payer = simulator.paying_customer()
    subscription = simulator.subscribe(payer.id)
    api.subscription_items.list({"subscription": subscription.id})
    charge = api.charges.list({"customer": payer.id}).data[0]
    api.charges.retrieve(charge.id)
    api.payment_intents.retrieve(str(charge.payment_intent), {"expand": ["latest_charge"]})
    dispute = simulator.tell(f"charges/{charge.id}/dispute")
    api.disputes.retrieve(dispute["id"], {"expand": ["charge"]})
    refund = api.refunds.create({"charge": charge.id, "amount": 100, "reason": "requested_by_customer"})
    api.refunds.retrieve(refund.id)
    invoices = api.invoices.list({"customer": customer.id, "expand": ["data.payments"]})
    api.invoices.retrieve(invoices.data[0].id, {"expand": ["payments", "customer"]})
    unpaid = simulator.subscribe(customer.id, payment_behavior="default_incomplete")
    api.invoices.void_invoice(str(unpaid.latest_invoice))
    api.events.retrieve(api.events.list({"types": ["invoice.paid"], "limit": 1}).data[0].id)
    methods = api.payment_methods.list({"customer": payer.id, "type": "card"})
    api.payment_methods.retrieve(methods.data[0].id)
    api.payment_methods.detach(methods.data[0].id)
    api.customers.list({"email": f"{simulator.user}@example.com", "limit": 100})
    _draft(simulator)


def _draft(simulator: Stripe) -> None:
    api = simulator.sdk(version=VERSION).v1
    clock = api.test_helpers.test_clocks.create({"frozen_time": START})
    customer = simulator.paying_customer(test_clock=clock.id)
    subscription = simulator.subscribe(customer.id)
    end = subscription["items"].data[0].current_period_end
    api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": end + 60})
    draft = api.invoices.list({"subscription": subscription.id, "status": "draft"}).data[0]
    api.invoices.finalize_invoice(draft.id)
    api.test_helpers.test_clocks.delete(clock.id)


def _refusals(simulator: Stripe, customer: stripe.Customer) -> None:
    api = simulator.sdk(version=VERSION).v1
    unknown: Any = {"email": "x@example.com", "surname": "X"}
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.create(unknown)
    with pytest.raises(stripe.InvalidRequestError):
        api.subscriptions.retrieve("sub_nobody")
    with pytest.raises(stripe.AuthenticationError):
        simulator.sdk("sk_gone_wrong", VERSION).v1.customers.list()
    with pytest.raises(stripe.CardError):
        simulator.subscribe(
            simulator.paying_customer("pm_card_chargeCustomerFail").id, payment_behavior="error_if_incomplete"
        )
    assert customer.id


def _invented(model: type[BaseModel], schema: Schema, at: str = "") -> Iterator[str]:
    """Parameters of ours, however deep, that are not in the description."""
    members: dict[str, Any] = {}
    for alternative in [schema, *schema.get("anyOf", [])]:
        members |= alternative.get("properties", {})
        items: Mapping[str, Any] = alternative.get("items", {})
        members |= items.get("properties", {})
    for name, field in model.model_fields.items():
        if name not in members:
            yield f"{at}{name}"
            continue
        for nested in _models(field.annotation):
            yield from _invented(nested, members[name], f"{at}{name}.")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from _models(get_args(annotation)[0])
    else:
        for argument in get_args(annotation):
            yield from _models(argument)


def _fits(operation: Operation, method: str, path: str) -> bool:
    ours, theirs = operation.path.split("/"), path.split("/")
    same = len(ours) == len(theirs) and all(a in {"{id}", b} for a, b in zip(ours, theirs, strict=True))
    return operation.method == method and same
