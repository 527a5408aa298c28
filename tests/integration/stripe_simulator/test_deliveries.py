"""The simulator of Stripe as a sender of webhooks: signed, retried, and as unreliable as a test wants."""

import time
from collections.abc import Iterator

import httpx
import pytest
import stripe

from tests.support.cluster import TestCluster
from tests.support.vendors.stripe import (
    SDK_WARNING,
    SECRET,
    Receiver,
    Stripe,
    new_stripe,
    running_receiver,
    running_stripe,
)

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

OLD = "2025-02-24.acacia"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


def test_every_event_arrives_signed_with_every_secret(simulator: Stripe, receiver: Receiver) -> None:
    simulator.listen(receiver.url, secrets=["whsec_old", "whsec_new"])
    simulator.subscribe(simulator.paying_customer().id)
    simulator.drain()
    assert sorted(receiver.types()) == sorted(simulator.types())
    for each in receiver.received:
        for secret in ("whsec_old", "whsec_new"):
            assert stripe.Webhook.construct_event(each.body, each.signature, secret).id == each.event["id"]
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(each.body, each.signature, SECRET)
    assert all(event["pending_webhooks"] == 0 for event in simulator.events())


def test_nobody_else_receives_them(simulator: Stripe, server: httpx.Client, receiver: Receiver) -> None:
    simulator.listen(receiver.url)
    with new_stripe(server) as other:
        other.customer()
        other.drain()
    simulator.customer()
    simulator.drain()
    assert receiver.types() == ["customer.created"]


def test_is_sent_again_until_it_is_taken(simulator: Stripe, receiver: Receiver) -> None:
    receiver.answer = lambda number: 500 if number < 3 else 200
    simulator.listen(receiver.url)
    simulator.customer()
    simulator.drain()
    delivery = simulator.deliveries()[0]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 500, 200]
    assert delivery["state"] == "delivered"
    assert len({each.event["id"] for each in receiver.received}) == 1


def test_gives_up_in_the_end(simulator: Stripe, receiver: Receiver) -> None:
    receiver.answer = lambda _: 404
    simulator.listen(receiver.url, retry_seconds=[0.01])
    simulator.customer()
    simulator.drain()
    assert (simulator.deliveries()[0]["state"], len(receiver.received)) == ("failed", 2)


def test_held_events_are_released_in_the_order_of_ones_choice(simulator: Stripe, receiver: Receiver) -> None:
    simulator.listen(receiver.url)
    simulator.behave(simulator.user, {"kind": "hold_delivery"})
    simulator.subscribe(simulator.paying_customer().id)
    simulator.drain()
    assert receiver.received == []
    held = [delivery["id"] for delivery in simulator.deliveries(state="held")]
    chosen = [held[3], held[0]]
    released = simulator.tell("deliveries/release", deliveries=chosen)
    assert [(each["id"], each["attempts"][0]["status"]) for each in released] == [(held[3], 200), (held[0], 200)]
    assert receiver.types() == [each["type"] for each in released]
    rest = simulator.tell("deliveries/release", subject=simulator.user, order="newest_first")
    assert [each["id"] for each in rest] == [each for each in reversed(held) if each not in chosen]
    assert sorted(receiver.types()) == sorted(simulator.types())
    refused = simulator.control.post("/_simulator/deliveries/release", json={"deliveries": chosen})
    assert refused.status_code == 400


def test_all_together(simulator: Stripe, receiver: Receiver) -> None:
    simulator.listen(receiver.url)
    simulator.behave(simulator.user, {"kind": "hold_delivery"}, {"kind": "duplicate_delivery", "copies": 3})
    simulator.customer()
    released = simulator.tell("deliveries/release", subject=simulator.user, together=True)
    assert len(released) == 3 == len(receiver.received)
    assert len({each.body for each in receiver.received}) == 1


def test_one_type_of_event_can_be_lost_or_late(simulator: Stripe, receiver: Receiver) -> None:
    simulator.listen(receiver.url)
    simulator.behave(f"{simulator.user}/customer.subscription.created", {"kind": "drop_delivery"})
    simulator.behave(f"{simulator.user}/customer.created", {"kind": "delay_delivery", "seconds": 0.4})
    simulator.subscribe(simulator.paying_customer().id)
    simulator.drain()
    assert "customer.subscription.created" not in receiver.types()
    assert receiver.types()[-1] == "customer.created"
    dropped = simulator.deliveries(state="dropped")
    assert [delivery["type"] for delivery in dropped] == ["customer.subscription.created"]


def test_an_endpoint_has_its_version_and_its_events(simulator: Stripe, receiver: Receiver) -> None:
    simulator.listen(receiver.url, api_version=OLD, enabled_events=["invoice.paid", "customer.subscription.created"])
    subscription = simulator.subscribe(simulator.paying_customer().id)
    simulator.drain()
    shown = {each.event["type"]: each.event for each in receiver.received}
    assert set(shown) == {"invoice.paid", "customer.subscription.created"}
    assert {event["api_version"] for event in shown.values()} == {OLD}
    assert shown["invoice.paid"]["data"]["object"]["subscription"] == subscription.id
    assert shown["customer.subscription.created"]["data"]["object"]["current_period_end"] > time.time()


def test_makes_events_that_did_not_happen(simulator: Stripe, receiver: Receiver) -> None:
    simulator.listen(receiver.url)
    subscription = simulator.subscribe(simulator.paying_customer().id)
    simulator.drain()
    before = len(receiver.received)
    event = simulator.tell(
        "events",
        type="customer.subscription.pending_update_expired",
        object=subscription.id,
        delivery="none",
        created=1,
    )
    assert (event["created"], event["data"]["object"]["id"]) == (1, subscription.id)
    simulator.drain()
    assert len(receiver.received) == before
    sent = simulator.tell("deliveries", event=event["id"], times=2)
    assert [each["state"] for each in sent] == ["delivered", "delivered"]
    assert receiver.types()[before:] == ["customer.subscription.pending_update_expired"] * 2
    simulator.tell("events", type="invoice.made_up", object={"object": "invoice", "customer": subscription.customer})
    simulator.drain()
    assert receiver.types()[-1] == "invoice.made_up"


def test_old_and_foreign_signatures_for_attacks(simulator: Stripe, receiver: Receiver) -> None:
    simulator.customer()
    event = simulator.events()[0]
    simulator.tell("deliveries", event=event["id"], url=receiver.url, secrets=[SECRET], age=1000)
    attack = receiver.received[0]
    with pytest.raises(stripe.SignatureVerificationError, match="outside the tolerance"):
        stripe.Webhook.construct_event(attack.body, attack.signature, SECRET)
    signed = simulator.control.get(f"/_simulator/events/{event['id']}/signed", params={"secret": SECRET}).json()
    taken = stripe.Webhook.construct_event(signed["body"], signed["headers"]["Stripe-Signature"], SECRET)
    assert taken.id == event["id"]


def test_endpoints_made_through_the_api(simulator: Stripe, receiver: Receiver) -> None:
    endpoint = simulator.sdk().v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["customer.created"], "metadata": {"subject": simulator.user}}
    )
    customer = simulator.customer()
    simulator.drain()
    each = receiver.received[0]
    assert stripe.Webhook.construct_event(each.body, each.signature, str(endpoint.secret)).id
    assert each.event["data"]["object"]["id"] == customer.id
    simulator.sdk().v1.webhook_endpoints.delete(endpoint.id)


def test_what_stripe_has_forgotten(simulator: Stripe) -> None:
    subscription = simulator.subscribe(simulator.paying_customer().id)
    assert simulator.control.delete(f"/_simulator/objects/{subscription.id}").json() == {"forgotten": True}
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        simulator.sdk().v1.subscriptions.retrieve(subscription.id)


def test_the_environment_names_the_first_endpoint(
    cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory, receiver: Receiver
) -> None:
    environment = {
        "STRIPE_SIMULATOR_WEBHOOK_URL": receiver.url,
        "STRIPE_SIMULATOR_WEBHOOK_SECRETS": f"whsec_old, {SECRET}",
        "STRIPE_SIMULATOR_WEBHOOK_API_VERSION": OLD,
    }
    folder = tmp_path_factory.mktemp("first")
    with running_stripe(cluster, folder, environment) as server, new_stripe(server) as simulator:
        simulator.customer()
        simulator.drain()
        each = receiver.received[0]
        assert stripe.Webhook.construct_event(each.body, each.signature, SECRET).api_version == OLD
