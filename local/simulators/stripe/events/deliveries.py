"""Sends events to webhook endpoints: signed, at once and in no order, again until they are taken."""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

import httpx

from local.simulators.behaviours import FaultRules
from local.simulators.stripe.behaviours import (
    DelayDelivery,
    DropDelivery,
    DuplicateDelivery,
    HoldDelivery,
    ReorderDeliveries,
)
from local.simulators.stripe.context import Context
from local.simulators.stripe.endpoints import endpoints_for
from local.simulators.stripe.events.signatures import body_of, signature
from local.simulators.stripe.state import Object, new_id
from local.simulators.stripe.tags import tags_of

# Stripe's waits before each further try, in seconds; the settings scale them.
WAITS = (300, 1800, 7200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200)
UNDER_WAY = ("pending", "held")


class Deliveries:
    def __init__(self, context: Context, rules: FaultRules[Any]) -> None:
        self._context = context
        self._rules = rules
        self._client: httpx.AsyncClient | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def route(self, event: Object, *, hold: bool) -> None:
        """Decides where the event goes, and what goes wrong on the way."""
        tags = self.tag(event)
        subjects = [f"{tag}/{event['type']}" for tag in tags] or [f"*/{event['type']}"]
        for endpoint in endpoints_for(self._context, event["type"], tags):
            copies = self._rules.match(subjects, DuplicateDelivery)
            for _ in range(copies.copies if copies else 1):
                delivery = self.new(event, endpoint)
                if self._rules.match(subjects, DropDelivery):
                    delivery["state"] = "dropped"
                elif hold or self._rules.match(subjects, HoldDelivery):
                    delivery["state"] = "held"
                else:
                    self.start(delivery, self._delay(subjects))
        self.count(event)

    def start(self, delivery: Object, delay: float = 0, *, retry: bool = True) -> "asyncio.Task[None]":
        delivery["state"] = "pending"
        task = asyncio.get_running_loop().create_task(self._deliver(delivery, delay, retry=retry))
        self._tasks[delivery["id"]] = task
        task.add_done_callback(lambda _: self._tasks.pop(delivery["id"], None))
        return task

    def under_way(self) -> list[str]:
        return list(self._tasks)

    def resume(self) -> None:
        """After a restart: what had not arrived sets out again."""
        for delivery in self._context.state.deliveries.values():
            if delivery["state"] == "pending":
                self.start(delivery)

    async def close(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._client:
            await self._client.aclose()

    async def send(
        self, delivery: Object, *, timestamp: int | None = None, secrets: Sequence[str] | None = None
    ) -> Object:
        """One try; what came of it is kept and returned."""
        context = self._context
        event = context.state.kinds["event"][delivery["event"]]
        endpoint = context.state.find(delivery["endpoint"], "webhook_endpoint")
        own = endpoint["_secrets"] if endpoint else []
        body = body_of(context.state, event, (endpoint or {}).get("api_version") or context.settings.api_version)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(body, secrets or own, int(time.time()) if timestamp is None else timestamp),
        }
        started = time.perf_counter()
        tried: Object = {"at": time.time(), "status": None, "error": None, "body": None}
        try:
            answer = await self._http().post(delivery["url"], content=body.encode(), headers=headers)
            tried |= {"status": answer.status_code, "body": answer.text[:2000]}
        except httpx.HTTPError as error:
            tried["error"] = f"{type(error).__name__}: {error}"
        tried["seconds"] = round(time.perf_counter() - started, 4)
        delivery["attempts"].append(tried)
        return tried

    def count(self, event: Object) -> None:
        """How many endpoints have not taken the event yet."""
        event["pending_webhooks"] = sum(
            delivery["event"] == event["id"] and delivery["state"] in UNDER_WAY for delivery in self.of_event(event)
        )

    def of_event(self, event: Object) -> list[Object]:
        return [self._context.state.deliveries[each] for each in event.get("_deliveries", ())]

    def tag(self, event: Object) -> list[str]:
        """Whom it is about, now: what it is about may be gone later."""
        tags = tags_of(self._context.state, event["data"]["object"])
        self._context.state.tag(event, tags)
        return tags

    def new(self, event: Object, endpoint: Object) -> Object:
        delivery = {
            "id": new_id("del"),
            "event": event["id"],
            "type": event["type"],
            "tags": event["_tags"],
            "endpoint": endpoint["id"],
            "url": endpoint["url"],
            "state": "pending",
            "attempts": [],
        }
        self._context.state.deliveries[delivery["id"]] = delivery
        event.setdefault("_deliveries", []).append(delivery["id"])
        return delivery

    async def _deliver(self, delivery: Object, delay: float, *, retry: bool) -> None:
        endpoint = self._context.state.find(delivery["endpoint"], "webhook_endpoint") or {}
        waits = endpoint.get("_retry_seconds")
        if waits is None:
            waits = [wait * self._context.settings.retry_scale for wait in WAITS]
        for wait in [delay, *(waits if retry else ())]:
            await asyncio.sleep(wait)
            tried = await self.send(delivery)
            if tried["status"] is not None and 200 <= tried["status"] < 300:
                delivery["state"] = "delivered"
                break
        else:
            delivery["state"] = "failed"
        event = self._context.state.find(delivery["event"], "event")
        if event:
            self.count(event)

    def _delay(self, subjects: Sequence[str]) -> float:
        delay = self._rules.match(subjects, DelayDelivery)
        shuffle = self._rules.match(subjects, ReorderDeliveries)
        extra = random.uniform(0, shuffle.within_seconds) if shuffle else 0.0  # noqa: S311  # not a secret
        return (delay.seconds if delay else 0.0) + extra

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
            self._client = httpx.AsyncClient(
                timeout=self._context.settings.delivery_timeout, limits=limits, trust_env=False
            )
        return self._client
