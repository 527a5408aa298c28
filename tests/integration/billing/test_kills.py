"""A process that is killed between any two steps: the event comes again, and the end is the same, once in effect."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.integration.billing.backend import Backend, functions_service
from tests.integration.billing.subscription_scenario import Life, assert_as_at_stripe, assert_emails
from tests.support import plain_http
from tests.support.doubles.intercepting_proxy import InterceptingProxy, running_proxy
from tests.support.doubles.killable_service import KillableService
from tests.support.stack import Stack
from tests.support.vendors.stripe import Stripe

TIMEOUT = 100.0  # seconds, where a machine is very busy
FAILED = 5  # the step of the story that also queues an e-mail


@dataclass(frozen=True)
class World:
    backend: Backend
    crossing: InterceptingProxy
    server: KillableService


@contextmanager
def running_world(stack: Stack, stripe_url: str) -> Iterator[World]:
    with running_proxy(stack.url) as crossing:
        part, url = functions_service(stack, stripe_url, crossing.url)
        server = KillableService(part, stack.logs.parent.parent)
        server.start()
        try:
            yield World(Backend(stack, url, stripe_url), crossing, server)
        finally:
            server.kill()


@pytest.fixture(scope="module")
def world(stack: Stack, simulator: httpx.Client) -> Iterator[World]:
    with running_world(stack, str(simulator.base_url).rstrip("/")) as running:
        yield running


async def lived_to(backend: Backend, step: int, *, told_to: int) -> Life:
    """Somebody's story up to a step, and who has heard of it up to another."""
    async with plain_http.AsyncClient(timeout=60, trust_env=False) as http:
        life = Life(backend, backend.stack.make_user(), http)
        await life.live_to(step)
        for earlier in range(told_to):
            await life.deliver(earlier)
    return life


def as_at_stripe(life: Life) -> None:
    async def compare() -> None:
        async with plain_http.AsyncClient(timeout=60, trust_env=False) as http:
            life.http = http
            await assert_as_at_stripe(life)

    asyncio.run(compare())


def stopped_at(name: str, where: Any) -> Callable[[World, Stripe, Life], threading.Event]:
    return lambda world, _stripe, _life: world.crossing.stop(name, where)


def stopped_at_stripe(_: World, stripe: Stripe, life: Life) -> threading.Event:
    """Between the lease and the answer of Stripe."""
    subject = f"{life.subscription}/subscriptions.retrieve"
    stripe.behave(subject, {"kind": "delay", "seconds": 100, "times": 1})
    reached = threading.Event()

    def watch() -> None:
        for _ in range(4000):
            state = stripe.control.get("/_simulator", params={"subject": subject}).json()
            if state["counts"][subject] > before:
                reached.set()
                return
            time.sleep(0.025)

    before = stripe.control.get("/_simulator", params={"subject": subject}).json()["counts"][subject]
    threading.Thread(target=watch, daemon=True).start()
    return reached


STOPS = {
    "before it is recorded": stopped_at("record_stripe_event", "before"),
    "after it is recorded": stopped_at("record_stripe_event", "after"),
    "while Stripe is asked": stopped_at_stripe,
    "before it is applied": stopped_at("apply_stripe_subscription", "before"),
    "after it is applied": stopped_at("apply_stripe_subscription", "after"),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_kill_loses_nothing_and_doubles_nothing(
    world: World, at_stripe: Stripe, stop: Callable[[World, Stripe, Life], threading.Event]
) -> None:
    life = asyncio.run(lived_to(world.backend, FAILED, told_to=FAILED - 1))
    event = life.reported[FAILED]
    reached = stop(world, at_stripe, life)

    def send() -> None:
        with suppress(httpx.TransportError):
            world.backend.send(event)

    sending = threading.Thread(target=send)
    sending.start()
    assert reached.wait(TIMEOUT)
    world.server.kill()
    sending.join(30)
    world.server.start()

    # Its lease, which would run out by itself in a minute.
    world.backend.change("update private.stripe_events set leased_until = now() where id = %s", event["id"])
    world.backend.deliver(event)
    as_at_stripe(life)
    assert_emails(life, "payment_failed")
    row = world.backend.event(event["id"])
    assert row["processed_at"] is not None
    assert world.backend.send(event).json() == {"outcome": "processed"}
    assert_emails(life, "payment_failed")
    assert world.backend.event(event["id"]) == row


def test_an_event_costs_two_calls_to_the_database(world: World) -> None:
    life = asyncio.run(lived_to(world.backend, FAILED, told_to=0))
    world.crossing.calls.clear()
    world.backend.deliver(life.reported[FAILED])
    assert dict(world.crossing.calls) == {"record_stripe_event": 1, "apply_stripe_subscription": 1}
    world.crossing.calls.clear()
    world.backend.deliver(life.reported[FAILED])
    assert dict(world.crossing.calls) == {"record_stripe_event": 1}


def test_an_event_that_is_being_processed_is_sent_away(world: World) -> None:
    life = asyncio.run(lived_to(world.backend, FAILED, told_to=0))
    event = life.reported[FAILED]
    reference = json.dumps({"kind": "subscription", "object_id": life.subscription, "emails": []})
    world.backend.rows("select public.record_stripe_event(%s, %s, %s, 3600)", event["id"], event["type"], reference)
    answer = world.backend.send(event)
    assert (answer.status_code, answer.json()["code"]) == (409, "event_in_progress")
    assert 1 <= int(answer.headers["retry-after"]) <= 3600
    # That process has died, and its lease runs out.
    world.backend.change("update private.stripe_events set leased_until = now() where id = %s", event["id"])
    assert world.backend.send(event).json() == {"outcome": "applied"}
    assert world.backend.send(event).json() == {"outcome": "processed"}


@pytest.mark.parametrize("failure", ["api_error", "rate_limited", "invalid_key", "dropped", "malformed"])
def test_a_failure_is_kept_and_the_next_delivery_is_let_in_at_once(
    world: World, at_stripe: Stripe, failure: str
) -> None:
    life = asyncio.run(lived_to(world.backend, FAILED, told_to=0))
    event = life.reported[FAILED]
    at_stripe.behave(life.subscription, {"kind": failure})
    for attempt in (1, 2):
        answer = world.backend.send(event)
        assert (answer.status_code, answer.json()["code"]) == (503, "stripe_unavailable")
        row = world.backend.event(event["id"])
        assert (row["attempts"], row["processed_at"], row["leased_until"]) == (attempt, None, None)
        assert row["error"].startswith("stripe: ")
        assert "sk_test" not in row["error"] + json.dumps(answer.json())
    assert world.backend.subscriptions(life.user) == []
    at_stripe.behave(life.subscription)
    assert world.backend.send(event).json() == {"outcome": "applied"}
    as_at_stripe(life)
    assert world.backend.event(event["id"])["error"] is None
