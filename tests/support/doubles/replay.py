"""Transports of the functions' HTTP client: one records what real servers answer, one repeats it, with odd answers."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pyqwest
from showcase.core import Core
from showcase.database import Database
from showcase.outbound.http_client import HttpClient
from showcase.settings import CoreSettings, load
from showcase.signing_keys import SigningKeys

Transport = pyqwest.Transport


@dataclass(frozen=True)
class Answer:
    """Status, media type and body."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True)
class Exchange:
    """A request of the functions' and what came back."""

    method: str
    url: str
    answer: Answer

    @property
    def key(self) -> tuple[str, str]:
        return self.method, urlsplit(self.url).path


@dataclass
class Recording:
    """Passes requests on to the network, and keeps what came back."""

    network: pyqwest.Transport
    exchanges: list[Exchange] = field(default_factory=list)

    async def execute(self, request: pyqwest.Request) -> pyqwest.Response:
        response = await self.network.execute(request)
        content = b"".join([bytes(chunk) async for chunk in response.content])
        media_type = response.headers.get("content-type") or ""
        answer = Answer(response.status, media_type, content)
        self.exchanges.append(Exchange(request.method, request.url, answer))
        return _response(answer)


@dataclass
class Replay:
    """Answers as recorded, a request that comes again as before; `odd` are the answers in the place of some, by number.

    A request that was not recorded is answered by a 503.
    """

    exchanges: Sequence[Exchange]
    odd: Mapping[int, Answer]
    used: set[int] = field(default_factory=set)

    async def execute(self, request: pyqwest.Request) -> pyqwest.Response:
        if not isinstance(request.content, bytes):
            async for _ in request.content:
                pass
        key = (request.method, urlsplit(request.url).path)
        numbers = [number for number, exchange in enumerate(self.exchanges) if exchange.key == key]
        if not numbers:
            return _response(Answer(503, "text/plain", b"not recorded"))
        number = next((each for each in numbers if each not in self.used), numbers[-1])
        self.used.add(number)
        return _response(self.odd.get(number, self.exchanges[number].answer))


class Switch:
    """The network of a function's process, which each task sets for itself and the tasks that it starts."""

    def __init__(self) -> None:
        self.network: ContextVar[Transport] = ContextVar("network")

    async def execute(self, request: pyqwest.Request) -> pyqwest.Response:
        return await self.network.get().execute(request)


def core_over(transport: pyqwest.Transport) -> Core:
    """A function's process, as the environment sets it up, whose network is `transport`."""
    settings, http = load(CoreSettings), HttpClient(transport=transport)
    keys = SigningKeys(http, f"{settings.origin}/auth/v1/.well-known/jwks.json")
    return Core(settings, http, Database(http, settings), keys)


def _response(answer: Answer) -> pyqwest.Response:
    headers = pyqwest.Headers([("content-type", answer.media_type)] if answer.media_type else [])
    return pyqwest.Response(status=answer.status, headers=headers, content=answer.body)


PAGE = b"<!doctype html><title>Sign in to the Wi-Fi</title>"
DEEP = b"[" * 100_000 + b"]" * 100_000
BODIES = {
    **{name: body.encode() for name, body in {"null": "null", "number": "7"}.items()},
    **{
        name: body.encode() for name, body in {"text": '"odd"', "list": "[]", "object": "{}", "nulls": "[null]"}.items()
    },
    "objects": b"[{}]",
    "empty": b"",
    "cut": b'{"id": "',
    "deep": DEEP,
    "infinity": b"[1e999]",
    "bytes": b"\xff\x00",
}


def odd_answers(real: Answer) -> dict[str, Answer]:
    """Successes in the place of a real one: other JSON, no JSON, and the real one with its members changed."""
    found = {name: Answer(200, "application/json", body) for name, body in BODIES.items()}
    found |= {"page": Answer(200, "text/html", PAGE), "no content": Answer(204, "", b"")}
    found["half"] = Answer(200, real.media_type, real.body[: len(real.body) // 2])
    try:
        value = json.loads(real.body)
    except ValueError:
        return found
    changed = {
        "members null": _leaves(value, lambda _: None),
        "members of other types": _leaves(value, lambda leaf: 7 if isinstance(leaf, str) else "odd"),
        "members objects": _leaves(value, lambda _: {"odd": True}),
        "members empty": _leaves(value, lambda leaf: "" if isinstance(leaf, str) else -1),
        "in a list": [value],
    }
    for name in _names(value):
        changed[f"without {name}"] = _without(value, name)
    written = {name: json.dumps(one).encode() for name, one in changed.items()}
    written["half of a surrogate pair"] = json.dumps(_leaves(value, lambda _: "SURROGATE")).encode()
    written["half of a surrogate pair"] = written["half of a surrogate pair"].replace(b"SURROGATE", b"\\ud800")
    written["numbers out of range"] = json.dumps(_leaves(value, lambda _: 0.5)).replace("0.5", "1e999").encode()
    return found | {name: Answer(200, "application/json", body) for name, body in written.items()}


def _leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _leaves(member, change) for name, member in value.items()}
    return [_leaves(member, change) for member in value] if isinstance(value, list) else change(value)


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(_names(member) for member in value.values()))
    return set().union(*(_names(member) for member in value[:1])) if isinstance(value, list) else set()


def _without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _without(member, name) for key, member in value.items() if key != name}
    return [_without(member, name) for member in value] if isinstance(value, list) else value
