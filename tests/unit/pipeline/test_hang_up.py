"""A caller who hangs up: what only reads ends, and so do its calls to others; what writes goes on to its end."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from pydantic import BaseModel
from showcase.auth import Kind
from showcase.core import Core
from showcase.database import Database
from showcase.endpoint import Call, Endpoint, serve
from showcase.http import RequestModel, ResponseModel
from showcase.outbound.http_client import HttpClient
from showcase.settings import CoreSettings
from showcase.signing_keys import SigningKeys
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support import plain_http
from tests.support.doubles.served import served


class Nothing(RequestModel):
    """No fields."""


class Done(ResponseModel):
    """No fields."""


@dataclass
class Slow:
    """A PostgREST that answers when it is let, and notices who hangs up."""

    asked: threading.Event = field(default_factory=threading.Event)
    let: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    async def answer(self, request: Request) -> Response:
        await request.body()
        self.asked.set()
        while not self.let.is_set():
            if await request.is_disconnected():
                self.left.set()
                break
            await asyncio.sleep(0.02)
        return JSONResponse(None)


@contextmanager
def serving(slow: Slow, *, cancel: bool) -> Iterator[str]:
    """The address of an endpoint whose work is one call to the database."""

    async def work(_: Call[Nothing], database: Database) -> BaseModel:
        await database.rpc("slow", {})
        slow.ended.set()
        return Done()

    endpoint: Endpoint[Any, Any] = Endpoint(
        "slow", "", Nothing, Done, frozenset(Kind), lambda core: core.database, work, cancel_on_disconnect=cancel
    )
    database = Starlette(routes=[Route("/{path:path}", slow.answer, methods=["POST"])])
    with served(database) as url:
        keys = {"supabase_publishable_key": "publishable", "supabase_secret_key": "secret"}
        settings = CoreSettings.model_validate({"supabase_url": url, **keys})
        http = HttpClient()
        core = Core(settings, http, Database(http, settings), SigningKeys(http, url))
        handler = serve(endpoint, core)

        async def answer(request: Request) -> Response:
            waiting: Awaitable[Response] = handler(request)
            return await waiting

        with served(Starlette(routes=[Route("/", answer, methods=["POST"])])) as address:
            yield address


def hang_up(address: str, slow: Slow) -> None:
    """Calls, and leaves once the database has been asked."""

    url = httpx.URL(address)
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n"
    with socket.create_connection((url.host, url.port)) as connection:
        connection.sendall(head + b"{}")
        assert slow.asked.wait(20)


def test_what_may_end_anywhere_ends_with_its_calls() -> None:
    slow = Slow()
    with serving(slow, cancel=True) as address:
        hang_up(address, slow)
        assert slow.left.wait(20)
        slow.let.set()
        time.sleep(0.2)
        assert not slow.ended.is_set()


def test_what_writes_goes_on_to_its_end() -> None:
    slow = Slow()
    with serving(slow, cancel=False) as address:
        hang_up(address, slow)
        assert not slow.left.wait(0.5)
        slow.let.set()
        assert slow.ended.wait(20)


@pytest.mark.parametrize("cancel", [True, False])
def test_who_waits_gets_the_answer(cancel: bool) -> None:
    slow = Slow()
    slow.let.set()
    with serving(slow, cancel=cancel) as address:
        answer = plain_http.post(address, json={}, timeout=30, trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {})
