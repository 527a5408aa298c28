"""The event webhook: what becomes of a message, reported in signed batches, again until it is taken."""

import asyncio
import json
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from local.simulators.behaviours import FaultRules
from local.simulators.sendgrid.behaviours import (
    Bounce,
    Drop,
    DuplicateEvents,
    LateEvents,
    NoEvents,
    ReorderEvents,
    SpamReport,
    Unsubscribe,
)
from local.simulators.sendgrid.keys import sign
from local.simulators.sendgrid.messages import Message
from local.simulators.sendgrid.settings import Settings

Event = dict[str, Any]
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
_LARGEST_BATCH = 200


class Events:
    def __init__(self, rules: FaultRules[Any], key: ec.EllipticCurvePrivateKey, settings: Settings) -> None:
        self.url = settings.webhook_url
        self._rules = rules
        self._key = key
        self._settings = settings
        self._client: httpx.AsyncClient | None = None
        self._waiting: list[Event] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.reported = 0
        self.unreported = 0

    def follow(self, message: Message) -> None:
        """Makes the message's events, and delivers them as the settings and faults say."""
        message.events = self._made(message)
        subjects = [message.to]
        if self._rules.match(subjects, NoEvents) or not self.url:
            return
        copies = self._rules.match(subjects, DuplicateEvents)
        events = [event | _event_id() for event in message.events for _ in range(copies.copies if copies else 1)]
        late = self._rules.match(subjects, LateEvents)
        if self._rules.match(subjects, ReorderEvents):
            for place, event in enumerate(reversed(events)):
                self._start(self._deliver([event], (late.seconds if late else 0) + place * 0.05))
        elif late:
            self._start(self._deliver(events, late.seconds))
        else:
            self._gather(events)

    def signed(self, events: Sequence[Mapping[str, Any]], timestamp: str = "") -> tuple[bytes, dict[str, str]]:
        """A delivery as it is made: body and headers."""
        body = json.dumps(list(events)).encode() + b"\n"
        when = timestamp or str(int(time.time()))
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "SendGrid Event API"}
        return body, headers | {SIGNATURE: sign(self._key, when, body), TIMESTAMP: when}

    def pending(self) -> int:
        return len(self._tasks)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client:
            await self._client.aclose()

    def _made(self, message: Message) -> list[Event]:
        subjects, now = [message.to], int(time.time())
        base: Event = {
            "email": message.to,
            "smtp-id": f"<{message.id.partition('.')[0]}@local>",
            "sg_message_id": message.id,
            "category": message.categories,
            **message.custom_args,
        }
        if drop := self._rules.match(subjects, Drop):
            return [base | {"event": "dropped", "reason": drop.reason, "timestamp": now}]
        events = [base | {"event": "processed", "timestamp": now}]
        if bounce := self._rules.match(subjects, Bounce):
            reason = {"reason": "550 5.1.1 The mailbox does not exist", "status": "5.1.1", "type": bounce.type}
            return [*events, base | {"event": "bounce", "timestamp": now + 1} | reason]
        events.append(base | {"event": "delivered", "timestamp": now + 1, "response": "250 OK", "attempt": "1"})
        if self._rules.match(subjects, SpamReport):
            events.append(base | {"event": "spamreport", "timestamp": now + 2})
        if self._rules.match(subjects, Unsubscribe):
            events.append(base | {"event": "unsubscribe", "timestamp": now + 2})
        return events

    def _gather(self, events: Iterable[Event]) -> None:
        """Events of the same moment go together."""
        if not self._waiting:
            self._start(self._flush())
        self._waiting += events

    async def _flush(self) -> None:
        await asyncio.sleep(self._settings.event_seconds)
        events, self._waiting = self._waiting, []
        for start in range(0, len(events), _LARGEST_BATCH):
            await self._deliver(events[start : start + _LARGEST_BATCH], 0)

    async def _deliver(self, events: Sequence[Event], delay: float) -> None:
        for wait in (delay, *self._settings.waits()):
            await asyncio.sleep(wait)
            if await self._post(events):
                self.reported += len(events)
                return
        self.unreported += len(events)

    async def _post(self, events: Sequence[Event]) -> bool:
        body, headers = self.signed(events)
        try:
            return (await self._http().post(self.url, content=body, headers=headers)).is_success
        except httpx.HTTPError:
            return False

    def _start(self, delivery: Any) -> None:
        task = asyncio.get_running_loop().create_task(delivery)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=10, trust_env=False)
        return self._client


def _event_id() -> Event:
    return {"sg_event_id": secrets.token_urlsafe(24)}
