"""Stripe's events through HTTP, beside endpoints that do less: only the signature, or only the calls.

Usage: python -m bench.billing [--events 1000] [--connections 16]
"""

import argparse
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from bench.load_generator import generate
from bench.support import Spent, cpu_of_services, measuring, print_machine, print_table, running_database
from local.settings import HOST, ROOT
from tests.integration.billing.backend import WEBHOOK, Backend, functions_service, new_event, running_functions, signed
from tests.support.doubles.intercepting_proxy import running_proxy
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.stack import Stack, running_stack
from tests.support.vendors.stripe import running_stripe

USERS = 50
ROUNDS = 5  # in turn, so that whatever else the machine does strikes all alike
COUNTED = 50  # events sent through the place where calls are counted


@dataclass(frozen=True)
class Webhook:
    """An endpoint, and what works for it."""

    url: str
    folder: Path
    backend: Backend

    def cpu(self) -> Mapping[str, float]:
        return cpu_of_services(
            self.folder,
            {
                "functions": f"--port {urlsplit(self.url).port}",
                "gateway": "gateway.mjs",
                "stripe": f"stripe={urlsplit(self.backend.stripe).port}",
            },
        )


@dataclass(frozen=True)
class Round:
    """So many events: what they took, and how long each in ms."""

    events: int
    spent: Spent
    median: float
    p99: float

    def cpu_per_event(self) -> Mapping[str, float]:
        return self.spent.cpu_per(self.events)


@dataclass(frozen=True)
class World:
    webhook: Webhook
    verify_only: Webhook
    bare_calls: Webhook
    calls: Mapping[str, float]  # to the database for each event, by the function's name


@contextmanager
def running_world() -> Iterator[World]:
    with ExitStack() as closing:
        enter = closing.enter_context
        cluster, url = enter(running_database())
        folder, stack = cluster.folder, enter(running_stack(cluster, url))
        stripe = str(enter(running_stripe(cluster, folder)).base_url).rstrip("/")
        calls = count_calls(stack, folder, stripe)
        backend = enter(running_functions(stack, folder, stripe))
        bare = [enter(running_bare(name, backend, folder)) for name in ("verify_only", "bare_calls")]
        webhook, verify_only, bare_calls = (
            Webhook(url, folder, backend) for url in (f"{backend.functions}{WEBHOOK}", *bare)
        )
        yield World(webhook, verify_only, bare_calls, calls)


@contextmanager
def running_bare(name: str, backend: Backend, folder: Path) -> Iterator[str]:
    service, _ = functions_service(backend.stack, backend.stripe)
    url = f"http://{HOST}:{(port := free_port())}/"
    command = (
        *(sys.executable, "-m", "functions_framework", "--asgi", "--source", str(ROOT / "bench" / "bare_webhooks.py")),
        *("--target", name, "--host", HOST, "--port", str(port)),
    )
    with running_services([replace(service, name=name, command=command, ready_url="")], folder, belongs_to=folder):
        for _ in range(200):
            try:
                httpx.get(url, trust_env=False)
            except httpx.TransportError:
                time.sleep(0.05)
        yield url


def count_calls(stack: Stack, folder: Path, stripe: str) -> Mapping[str, float]:
    """By the name of the database function."""
    with ExitStack() as closing:
        proxy = closing.enter_context(running_proxy(stack.url))
        backend = closing.enter_context(running_functions(stack, folder, stripe, supabase_url=proxy.url))
        events = [make_event(subscription) for subscription in subscribe(backend, COUNTED)]
        proxy.calls.clear()
        for event in events:
            assert backend.send(event).status_code == 200
        return {name: number / len(events) for name, number in proxy.calls.items()}


def subscribe(backend: Backend, users: int) -> list[str]:
    made = []
    with httpx.Client(base_url=backend.stripe, headers={"Authorization": "Bearer sk_test_bench"}, timeout=30) as api:
        for _ in range(users):
            card = {"payment_method": "pm_card_visa", "invoice_settings[default_payment_method]": "pm_card_visa"}
            form = {"metadata[user_id]": str(backend.stack.make_user().id), **card}
            customer = api.post("/v1/customers", data=form).raise_for_status().json()["id"]
            bought = {"customer": customer, "items[0][price]": "price_pro_monthly"}
            made.append(api.post("/v1/subscriptions", data=bought).raise_for_status().json()["id"])
    return made


def make_event(subscription: str) -> dict[str, Any]:
    """Of the size of Stripe's own, with what is read of it."""
    price = {"id": "price_pro_monthly", "object": "price", "lookup_key": "pro_monthly"}
    items = {"object": "list", "data": [{"id": "si_1", "current_period_end": 1, "price": price, "x": "x" * 2500}]}
    return new_event("customer.subscription.updated", {"id": subscription, "status": "active", "items": items})


def send(webhook: Webhook, events: Sequence[Mapping[str, Any]], connections: int) -> Round:
    url = urlsplit(webhook.url)
    bodies = [json.dumps(event).encode() for event in events]
    prepared = [{"method": "POST", "path": url.path, "headers": signed(body), "body": body.decode()} for body in bodies]
    with measuring(webhook) as spent:
        seen = generate(url.port or 80, connections, prepared, requests=len(prepared))
    spent.seconds = seen["seconds"]  # without the start of the client
    return Round(len(events), spent, seen["milliseconds"][0], seen["milliseconds"][2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=16)
    arguments = parser.parse_args()
    with running_world() as world:
        subscriptions = itertools.cycle(subscribe(world.webhook.backend, USERS))
        kinds = {
            "applied": (world.webhook, True),
            "sent again": (world.webhook, False),
            "the calls alone": (world.bare_calls, True),
            "verified only": (world.verify_only, False),
        }
        rounds: dict[str, list[Round]] = {name: [] for name in kinds}
        for number in range(ROUNDS + 1):
            events: Sequence[Mapping[str, Any]] = ()
            for name, (webhook, new) in kinds.items():
                if new:
                    events = [make_event(next(subscriptions)) for _ in range(arguments.events // ROUNDS)]
                measured = send(webhook, events, arguments.connections)
                if number:  # the first one warms up
                    rounds[name].append(measured)
    print_machine()
    report(rounds, arguments.connections)
    reported = ", ".join(f"{name} {number:g}" for name, number in sorted(world.calls.items()))
    print(f"\nCalls to the database for each event that is applied: {sum(world.calls.values()):g} ({reported})")


def report(rounds: Mapping[str, Sequence[Round]], connections: int) -> None:
    median = statistics.median
    rows = [
        (
            name,
            median(each.events / each.spent.seconds for each in taken),
            median(each.median for each in taken),
            median(each.p99 for each in taken),
        )
        for name, taken in rounds.items()
    ]
    print_table(
        f"Stripe's events, {connections} at a time, medians of {ROUNDS} rounds in turn",
        ("event", "events/s", "median ms", "p99 ms"),
        rows,
    )
    services = [name for name in rounds["applied"][0].spent.cpu if name != "client"]
    cpu = {
        name: {service: median(each.cpu_per_event()[service] for each in taken) for service in services}
        for name, taken in rounds.items()
    }
    print_table(
        "processor time for each event, ms (stripe: its simulator, on this machine too)",
        ("event", *services, "all but stripe"),
        [(name, *used.values(), sum(used.values()) - used["stripe"]) for name, used in cpu.items()],
    )


if __name__ == "__main__":
    main()
