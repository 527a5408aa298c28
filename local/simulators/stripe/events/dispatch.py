"""Deliveries at a test's command: held ones released, any one sent again, all waited for."""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from local.simulators.stripe.console.control_bodies import Release, Send
from local.simulators.stripe.context import Context
from local.simulators.stripe.endpoints import endpoints_for
from local.simulators.stripe.errors import invalid
from local.simulators.stripe.events.deliveries import Deliveries
from local.simulators.stripe.state import Object

Instead = Literal["normal", "held", "none"]


class Dispatch:
    def __init__(self, context: Context, deliveries: Deliveries) -> None:
        self._context = context
        self._deliveries = deliveries
        self._instead: Instead = "normal"
        context.listeners.append(self._event_happened)

    def known(self, subject: str | None, state: str | None) -> list[Object]:
        return [
            dict(delivery)
            for event in self._context.state.events(subject)
            for delivery in self._deliveries.of_event(event)
            if state in {None, delivery["state"]}
        ]

    @contextmanager
    def instead(self, how: Instead) -> Iterator[None]:
        before, self._instead = self._instead, how
        try:
            yield
        finally:
            self._instead = before

    async def send(self, asked: Send) -> list[Object]:
        event = self._context.state.need("event", asked.event)
        if asked.url:
            targets: list[Object] = [{"id": "", "url": asked.url}]
        else:
            targets = endpoints_for(self._context, event["type"], event["_tags"])
        timestamp = int(time.time()) - asked.age
        sent = [self._deliveries.new(event, target) for target in targets for _ in range(asked.times)]

        async def one(delivery: Object) -> Object:
            tried = await self._deliveries.send(delivery, timestamp=timestamp, secrets=asked.secrets)
            taken = tried["status"] is not None and 200 <= tried["status"] < 300
            delivery["state"] = "delivered" if taken else "failed"
            return dict(delivery)

        if asked.together:
            return list(await asyncio.gather(*(one(delivery) for delivery in sent)))
        return [await one(delivery) for delivery in sent]

    async def release(self, asked: Release) -> list[Object]:
        """Answers when each was tried once; what fails is tried again on its own if `retry`."""
        held = self.held(asked)
        if asked.together:
            await asyncio.gather(*(self._first_try(each, retry=asked.retry) for each in held))
        else:
            for each in held:
                await self._first_try(each, retry=asked.retry)
        return [dict(each) for each in held]

    def held(self, asked: Release) -> list[Object]:
        kept = self._context.state.deliveries
        if asked.deliveries is not None:
            strangers = [each for each in asked.deliveries if each not in kept or kept[each]["state"] != "held"]
            if strangers:
                raise invalid(f"Not held: {', '.join(strangers)}")
            return [kept[each] for each in asked.deliveries]
        held = [
            delivery
            for event in self._context.state.events(asked.subject)
            for delivery in self._deliveries.of_event(event)
            if delivery["state"] == "held"
        ]
        if asked.order == "newest_first":
            held.reverse()
        elif asked.order == "random":
            random.Random(asked.seed).shuffle(held)  # noqa: S311  # not a secret
        return held

    async def drain(self, subject: str | None, timeout: float) -> int:  # noqa: ASYNC109  # the caller's patience
        """How many are still pending after that long; held ones are nobody's business here."""
        deadline = time.monotonic() + timeout
        kept = self._context.state.deliveries
        while pending := sum(
            subject is None or subject in kept[each]["tags"] for each in self._deliveries.under_way() if each in kept
        ):
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.01)
        return pending

    def _event_happened(self, event: Object) -> None:
        if self._instead == "none":
            self._deliveries.tag(event)
        else:
            self._deliveries.route(event, hold=self._instead == "held")

    async def _first_try(self, delivery: Object, *, retry: bool) -> None:
        task = self._deliveries.start(delivery, retry=retry)
        while not delivery["attempts"] and not task.done():  # noqa: ASYNC110  # it may be tried elsewhere too
            await asyncio.sleep(0.001)
