"""Stands in for Sentry: takes envelopes, as the SDK sends them, and keeps what is in them.

https://develop.sentry.dev/sdk/data-model/envelopes/
"""

import gzip
import json
import threading
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.ports import free_port


@dataclass
class SentrySink:
    """`raw` is every envelope as text; `items` are the payloads of its items by their type."""

    raw: list[str] = field(default_factory=list)
    items: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def take(self, request: Request) -> Response:
        body = await request.body()
        text = (gzip.decompress(body) if request.headers.get("content-encoding") == "gzip" else body).decode()
        lines = text.rstrip("\n").split("\n")[1:]
        with self.lock:
            self.raw.append(text)
            for header, payload in zip(lines[::2], lines[1::2], strict=True):
                self.items.append((json.loads(header)["type"], json.loads(payload)))
        return JSONResponse({})

    def of(self, kind: str) -> list[dict[str, Any]]:
        """`event` or `transaction`."""
        with self.lock:
            return [payload for each, payload in self.items if each == kind]

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/api/1/envelope/", self.take, methods=["POST"])])


def dsn(url: str) -> str:
    """Of the one project there."""
    return f"{url.replace('http://', 'http://publickey@')}/1"


def nowhere() -> str:
    """The DSN of a Sentry that does not answer."""
    return dsn(f"http://127.0.0.1:{free_port()}")
