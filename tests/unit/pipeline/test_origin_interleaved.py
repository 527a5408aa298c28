"""Calls that overlap, are cancelled at any moment, and meet servers of every kind: each gets its own answer or none."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st
from showcase.outbound import origin
from showcase.outbound.errors import TransportError
from showcase.outbound.http_client import HttpClient

from tests.support.doubles.https import server_context

Loops = Callable[[], asyncio.AbstractEventLoop]
loops = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
RESET = b"\x01\0\0\0\0\0\0\0"  # SO_LINGER, for no time


@dataclass
class Server:
    """Answers each request with its own path, in the way that the path's first part names."""

    url: str = ""
    connections: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        # RuntimeError: uvloop's, of what is written to a connection that is closed.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, RuntimeError):
            while await respond((await reader.readuntil(b"\r\n\r\n")).split()[1], reader, writer):
                pass
        self.connections -= 1
        writer.close()


async def respond(path: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether the connection takes another request."""
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(path), path)
    match path.split(b"/")[1]:
        case b"slow":
            for place in range(len(answer)):
                writer.write(answer[place : place + 1])
                await asyncio.sleep(0)
            return True
        case b"twice":
            writer.write(answer + answer.replace(b"twice", b"other"))
            return True
        case b"notice":
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer)
            return True
        case b"cut":
            writer.write(answer[:-1])
        case b"last":
            writer.write(answer)
        case b"reset":
            writer.write(answer[:20])
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        case b"silent":
            await reader.read()
        case _:
            writer.write(answer)
            return True
    return False


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server()
    async with await asyncio.start_server(server.handle, "127.0.0.1", 0, ssl=tls) as listening:
        server.url = f"http{'s' if tls else ''}://localhost:{listening.sockets[0].getsockname()[1]}"
        yield server
        for _ in range(500):
            if not server.connections:
                break
            await asyncio.sleep(0.01)
    assert not server.connections, "a connection is still open"


async def answer_of(client: HttpClient, url: str, path: str, timeout: float = 30) -> None:  # noqa: ASYNC109
    assert (await client.request("GET", f"{url}{path}", timeout=timeout)).content.decode() == path


KINDS = ["ok", "slow", "twice", "notice", "cut", "last", "reset", "silent"]
calls = st.lists(st.tuples(st.sampled_from(KINDS), st.none() | st.integers(0, 40)), max_size=6)


@loops
@settings(deadline=None, max_examples=30)
@given(rounds=st.lists(calls, max_size=4))
def test_no_answer_reaches_another_call(loop: Loops, rounds: list[list[tuple[str, int | None]]]) -> None:
    async def run() -> None:
        async with serving() as server:
            client = HttpClient(project=server.url)
            for number, one in enumerate(rounds):
                await asyncio.gather(
                    *(call(client, server.url, f"/{kind}/{number}/{i}", steps) for i, (kind, steps) in enumerate(one))
                )
            await asyncio.gather(*(answer_of(client, server.url, "/last") for _ in range(1 + server.connections)))

    async def call(client: HttpClient, url: str, path: str, steps: int | None) -> None:
        task = asyncio.create_task(answer_of(client, url, path, 0.05 if path.startswith("/silent") else 30))
        if steps is not None:
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
        with contextlib.suppress(TransportError, asyncio.CancelledError):
            await task

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())


async def cancel_at_each_step(server: Server) -> None:
    """Of a call by a new connection; each is followed by another call, which has to work."""
    for steps in range(500):
        client = HttpClient(project=server.url)
        task = asyncio.create_task(answer_of(client, server.url, f"/ok/{steps}"))
        for _ in range(steps):
            await asyncio.sleep(0)
        was_done = task.done()
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled() is not was_done, "a cancellation is lost"
        await answer_of(client, server.url, "/last")
        if was_done:
            return
    pytest.fail("no call came to its end")


@loops
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
def test_a_call_may_be_cancelled_anywhere(
    loop: Loops, encrypted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        tls = server_context(tmp_path) if encrypted else None
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        async with serving(tls) as server:
            await cancel_at_each_step(server)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())


@loops
def test_so_may_one_to_a_host_whose_first_address_is_dead(loop: Loops, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origin, "HAPPY_EYEBALLS_DELAY", 0.0005)

    async def run() -> None:
        async with serving() as server:
            port = int(server.url.rpartition(":")[2])

            async def addresses(host: str, *_: object, **__: object) -> list[object]:
                hosts = ["127.0.0.2", "127.0.0.1"] if host == "localhost" else [host]
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in hosts]

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", addresses)
            with socket.socket() as full, socket.socket() as one, socket.socket() as two:
                full.bind(("127.0.0.2", port))
                full.listen(0)
                for waiting in (one, two):
                    waiting.setblocking(False)
                    waiting.connect_ex(full.getsockname())
                await cancel_at_each_step(server)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())
