"""What was accepted: one message for each recipient."""

import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from local.simulators.behaviours import EVERYTHING
from local.simulators.sendgrid.behaviours import scopes
from local.simulators.sendgrid.requests import MailSend


@dataclass
class Message:
    """One e-mail to one address; `events` are those that were made of it."""

    id: str
    to: str
    subject: str
    sender: str
    reply_to: str | None
    text: str
    html: str
    headers: dict[str, str]
    custom_args: dict[str, str]
    categories: list[str]
    template_id: str | None
    at: float
    events: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


class Messages:
    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._by_key: OrderedDict[str, Message] = OrderedDict()
        self._accepted: Counter[str] = Counter()

    def accept(self, asked: MailSend) -> tuple[str, list[Message]]:
        """The X-Message-Id of the request, and the messages that it makes."""
        message_id = secrets.token_urlsafe(16)
        made = list(_made(message_id, asked))
        for message in made:
            self._by_key[message.id] = message
            self._accepted.update(scopes(message.to))
        while len(self._by_key) > self._kept:
            self._by_key.popitem(last=False)
        return message_id, made

    def accepted(self, subject: str) -> int:
        """How many messages to an address, a domain or everybody."""
        return self._accepted[subject]

    def find(self, key: str) -> Message | None:
        return self._by_key.get(key)

    def latest(self, to: str = EVERYTHING, limit: int = 100) -> list[Message]:
        """The newest first."""
        found = (message for message in reversed(self._by_key.values()) if to in scopes(message.to))
        return [message for message, _ in zip(found, range(limit), strict=False)]

    def forget(self, to: str = EVERYTHING) -> None:
        for message in self.latest(to, len(self._by_key)):
            del self._by_key[message.id]
        for key in [key for key in self._accepted if to in scopes(key)]:
            del self._accepted[key]


def _made(message_id: str, asked: MailSend) -> Iterator[Message]:
    contents = {content.type: content.value for content in asked.content}
    sender = f"{asked.from_.name} <{asked.from_.email}>" if asked.from_.name else asked.from_.email
    for number, envelope in enumerate(asked.personalizations):
        for place, recipient in enumerate((*envelope.to, *envelope.cc, *envelope.bcc)):
            yield Message(
                id=f"{message_id}.recvd-7d9f8c6b5-local-{number}-{place}.0",
                to=recipient.email.lower(),
                subject=envelope.subject or asked.subject or f"(template {asked.template_id})",
                sender=sender,
                reply_to=asked.reply_to.email if asked.reply_to else None,
                text=contents.get("text/plain", ""),
                html=contents.get("text/html", ""),
                headers={**asked.headers, **envelope.headers},
                custom_args={**asked.custom_args, **envelope.custom_args},
                categories=asked.categories,
                template_id=asked.template_id,
                at=time.time(),
            )
