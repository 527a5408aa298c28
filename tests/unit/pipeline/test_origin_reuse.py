"""A connection that is used again: what is in the kernel already, but not yet in the loop, is nobody's answer."""

import asyncio
import gc
import socket
import warnings
from collections.abc import Iterator

import pytest
from showcase.outbound.http_client import HttpClient
from showcase.responses import HttpResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.doubles.served import served

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LAST = OK.replace(b"\r\n", b"\r\nconnection: close\r\n", 1)


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


async def answer_one(listening: socket.socket, answer: bytes = LAST) -> socket.socket:
    """A connection, after one answer to the head of its first request."""
    loop = asyncio.get_running_loop()
    connection, _ = await loop.sock_accept(listening)
    connection.setblocking(False)
    received = b""
    while b"\r\n\r\n" not in received:
        received = await loop.sock_recv(connection, 65536)
    await loop.sock_sendall(connection, answer)
    return connection


async def ask(client: HttpClient, listening: socket.socket, content: bytes | None = None) -> HttpResponse:
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/x"
    return await client.request("GET" if content is None else "POST", url, content=content, timeout=10)


def client_of(listening: socket.socket) -> HttpClient:
    return HttpClient(project=f"http://127.0.0.1:{listening.getsockname()[1]}")


async def test_what_came_unasked_is_not_the_next_answer(listening: socket.socket) -> None:
    client = client_of(listening)
    first, _ = await asyncio.gather(answer_one(listening, OK), ask(client, listening))
    first.send(OK.replace(b"ok", b"no"))  # the loop has not read it when the next call begins
    second, answer = await asyncio.gather(answer_one(listening), ask(client, listening))
    assert answer.content == b"ok"
    first.close()
    second.close()


async def test_a_connection_that_was_just_closed_is_not_used(listening: socket.socket) -> None:
    client = client_of(listening)
    first, _ = await asyncio.gather(answer_one(listening, OK), ask(client, listening))
    first.close()
    second, answer = await asyncio.gather(answer_one(listening), ask(client, listening))
    assert answer.content == b"ok"
    second.close()


async def test_nor_one_whose_last_request_is_not_sent_yet(listening: socket.socket) -> None:
    """The server answers early, and never reads the rest."""
    client = client_of(listening)
    content = b"x" * 16 * 1024 * 1024
    first, early = await asyncio.gather(answer_one(listening, OK), ask(client, listening, content))
    second, answer = await asyncio.gather(answer_one(listening), ask(client, listening))
    assert (early.content, answer.content) == (b"ok", b"ok")
    first.close()
    second.close()


def test_nor_one_of_a_loop_that_is_closed() -> None:
    async def answer(_: Request) -> Response:
        return Response("ok")

    with served(Starlette(routes=[Route("/x", answer)])) as url, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of the connection that the first loop leaves behind
        client = HttpClient(project=url)
        for connection in ("keep-alive", "close"):
            call = client.request("GET", f"{url}/x", headers={"connection": connection})
            assert asyncio.run(call).content == b"ok"
        gc.collect()
