"""Stripe's events through HTTP, beside the same endpoint that only verifies the signature and answers 200.

Usage: python -m bench.billing [--events 1000] [--connections 16]
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from bench.support import print_machine, print_table
from local.settings import HOST, ROOT
from tests.integration.billing.backend import WEBHOOK, Backend, functions_service, new_event, running_functions, signed
from tests.support.cluster import MIGRATED, TestCluster, free_port
from tests.support.doubles.intercepting_proxy import running_proxy
from tests.support.servers import running_services
from tests.support.stack import Stack, running_stack
from tests.support.vendors.stripe import running_stripe

USERS = 50
ROUNDS = 5  # turn by turn, so that whatever else the machine does strikes all alike
COUNTED = 50  # events sent through the place where calls are counted


@dataclass(frozen=True)
class Turn:
    """How many events a second, and how long each took in ms."""

    rate: float
    milliseconds: Sequence[float]


@contextmanager
def running_world() -> Iterator[tuple[Backend, str, Mapping[str, float]]]:
    """The functions, the address of the endpoint that only verifies, and calls to the database for each event."""
    folder = Path(tempfile.mkdtemp(prefix="showcase-bench-"))
    folder.chmod(0o755)  # the database server may run as another user
    cluster = TestCluster(folder, os.getpid())
    try:
        with ExitStack() as closing:
            enter = closing.enter_context
            url = enter(cluster.copy(MIGRATED))
            stack = enter(running_stack(cluster, url))
            stripe = str(enter(running_stripe(cluster, folder)).base_url).rstrip("/")
            calls = count_calls(stack, folder, stripe)
            yield enter(running_functions(stack, folder, stripe)), enter(verifying(stack, folder, stripe)), calls
    finally:
        cluster.stop()


@contextmanager
def verifying(stack: Stack, folder: Path, stripe: str) -> Iterator[str]:
    part, _ = functions_service(stack, stripe)
    url = f"http://{HOST}:{(port := free_port())}"
    command = (
        *(sys.executable, "-m", "functions_framework", "--asgi", "--source", str(ROOT / "bench" / "verify_only.py")),
        *("--target", "verify_only", "--host", HOST, "--port", str(port)),
    )
    bare = replace(part, name="verify_only", command=command, ready_url="")
    with running_services([bare], folder, belongs_to=stack.logs.parent.parent):
        for _ in range(200):
            try:
                httpx.get(url, trust_env=False)
            except httpx.TransportError:
                time.sleep(0.05)
        yield url


def count_calls(stack: Stack, folder: Path, stripe: str) -> Mapping[str, float]:
    """By the name of the database function."""
    with ExitStack() as closing:
        crossing = closing.enter_context(running_proxy(stack.url))
        backend = closing.enter_context(running_functions(stack, folder, stripe, supabase_url=crossing.url))
        events = [make_event(subscription) for subscription in subscribe(backend, COUNTED)]
        crossing.calls.clear()
        asyncio.run(send(f"{backend.functions}{WEBHOOK}", events, 4))
        return {name: number / len(events) for name, number in crossing.calls.items()}


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
    """Of the size of Stripe's own."""
    items = {"object": "list", "data": [{"id": "si_1", "current_period_end": 1, "padding": "x" * 2500}]}
    return new_event("customer.subscription.updated", {"id": subscription, "status": "active", "items": items})


async def send(url: str, events: Sequence[Mapping[str, Any]], connections: int) -> Turn:
    spent: list[float] = []
    waiting = iter([json.dumps(event).encode() for event in events])
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:

        async def work() -> None:
            for body in waiting:
                begun = time.perf_counter()
                answer = await client.post(url, content=body, headers=signed(body))
                assert answer.status_code == 200, answer.text
                spent.append((time.perf_counter() - begun) * 1000)

        begun = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(connections)))
        return Turn(len(spent) / (time.perf_counter() - begun), spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=16)
    asked = parser.parse_args()
    with running_world() as (backend, bare, calls):
        subscriptions = itertools.cycle(subscribe(backend, USERS))
        url, share = f"{backend.functions}{WEBHOOK}", asked.events // ROUNDS
        turns: dict[str, list[Turn]] = {"applied": [], "sent again": [], "verified only": []}
        for _ in range(ROUNDS):
            events = [make_event(next(subscriptions)) for _ in range(share)]
            turns["applied"].append(asyncio.run(send(url, events, asked.connections)))
            turns["sent again"].append(asyncio.run(send(url, events, asked.connections)))
            turns["verified only"].append(asyncio.run(send(bare, events, asked.connections)))
    print_machine()
    rows = []
    for name, taken in turns.items():
        spent = sorted(itertools.chain.from_iterable(turn.milliseconds for turn in taken))
        rate = statistics.median(turn.rate for turn in taken)
        rows.append((name, f"{rate:.0f}", f"{statistics.median(spent):.1f}", f"{spent[int(len(spent) * 0.99)]:.1f}"))
    title = f"Stripe's events, {asked.connections} at a time"
    print_table(title, ("event", "events/s", "median ms", "p99 ms"), rows)
    reported = ", ".join(f"{name} {number:g}" for name, number in sorted(calls.items()))
    print(f"\nCalls to the database for each event that is applied: {sum(calls.values()):g} ({reported})")


if __name__ == "__main__":
    main()
