"""What the HTTP client makes of servers that are slow, cut their answers or say nothing that is HTTP."""

import asyncio
import contextlib
import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from showcase.observability.tracing import RequestTrace, tracing
from showcase.outbound import limits, transport
from showcase.outbound.errors import ConnectError, ReadError, ReadTimeout, ResponseTooLarge, TransportError
from showcase.outbound.http_client import HttpClient
from showcase.responses import MAX_RESPONSE_BYTES

from tests.support.doubles.https import running_https
from tests.support.ports import free_port

pytestmark = pytest.mark.anyio

MEBIBYTE = 1024 * 1024

Connect = Callable[[str], HttpClient]

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
FUNCTIONS = Path(transport.__file__).parents[2]


def saying(text: bytes) -> Behave:
    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return behave


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    linger = b"\x01\0\0\0\0\0\0\0"  # a close that does not wait is a reset
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def stalling(after: bytes = b"") -> Behave:
    """Says something, and no more until the client hangs up."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(after)
        await writer.drain()
        await reader.read()

    return behave


@asynccontextmanager
async def serving(behave: Behave) -> AsyncIterator[str]:
    """The address of a server that reads the head of a request and then behaves like that."""
    working: set[asyncio.Task[None] | None] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        working.add(asyncio.current_task())
        try:
            await reader.readuntil(b"\r\n\r\n")
            await behave(reader, writer)
        finally:  # also where the client has hung up
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*(task for task in working if task), return_exceptions=True)


@pytest.fixture(params=["any host", "the project"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """A client for what listens at an address: as anybody's, by pyqwest, or as the project's, in the event loop."""
    own: bool = request.param == "the project"
    return lambda url: HttpClient(project=url if own else None, timeout=60)


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CUT = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut"


@pytest.mark.parametrize(
    "behave",
    [
        saying(b""),
        reset,
        saying(b"hello\r\n\r\n"),
        saying(CUT),
        saying(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"),
        saying(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nabcde"),
        saying(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
        saying(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
    ids=["closed", "reset", "not HTTP", "cut", "cut chunk", "not gzip", "two lengths", "a notice alone"],
)
async def test_what_breaks_after_sending_never_passes_for_unsent(connect: Connect, behave: Behave) -> None:
    """Else a message that arrived would be sent again."""
    async with serving(behave) as url:
        with pytest.raises(ReadError):
            await connect(url).request("POST", url, json={})


async def test_where_nothing_listens_nothing_was_sent(connect: Connect) -> None:
    for url in (f"http://127.0.0.1:{free_port()}", "http://nowhere.invalid", f"http://{'a' * 64}.invalid"):
        with pytest.raises(ConnectError):
            await connect(url).request("GET", url)


async def test_a_connection_that_is_not_taken_was_not_used(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECT_TIMEOUT", 0.2)
    with socket.socket() as full, socket.socket() as one, socket.socket() as two:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (one, two):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        with pytest.raises(ConnectError):
            await connect(url).request("GET", url)


@pytest.mark.parametrize("behave", [stalling(), stalling(CUT)], ids=["no head", "half a body"])
async def test_an_answer_has_to_be_complete_in_time(connect: Connect, behave: Behave) -> None:
    async with serving(behave) as url:
        with pytest.raises(ReadTimeout):
            await connect(url).request("GET", url, timeout=0.2)


async def test_each_chunk_of_a_stream_has_its_own_time() -> None:
    async def slowly(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n")
        for _step in range(8):
            await asyncio.sleep(0.2)
            writer.write(b"x")
            await writer.drain()

    async with serving(slowly) as url, HttpClient().stream("GET", url, timeout=1.2) as answer:
        assert (await answer.read()).content == b"xxxxxxxx"
    async with serving(stalling(CUT)) as url, HttpClient().stream("GET", url, timeout=0.2) as answer:
        with pytest.raises(ReadTimeout):
            await answer.read()


async def test_a_call_that_is_cancelled_hangs_up(connect: Connect) -> None:
    left = asyncio.Event()

    async def watch(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        left.set()

    async with serving(watch) as url:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await connect(url).request("GET", url, timeout=60)
        await asyncio.wait_for(left.wait(), 5)


async def test_a_full_pool_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_CONNECTIONS", 1)
    monkeypatch.setattr(limits, "POOL_TIMEOUT", 0.2)
    client = HttpClient()
    async with serving(stalling(CUT)) as url, client.stream("GET", url):
        with pytest.raises(ConnectError):
            await client.request("GET", url)
    async with serving(saying(OK)) as url:
        assert (await client.request("GET", url)).content == b"ok", "it is free again"


async def test_what_an_upload_raises_is_what_the_call_raises() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"begun"
        raise LookupError("gone")

    async with serving(stalling()) as url:
        with pytest.raises(LookupError):
            await HttpClient().request("POST", url, content=broken())


async def test_more_than_anybody_needs_is_refused_and_not_read_to_its_end(connect: Connect) -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while sent < 10 * MAX_RESPONSE_BYTES:
                writer.write(b"\0" * MEBIBYTE)
                sent += MEBIBYTE
                await writer.drain()

    async with serving(endless) as url:
        with pytest.raises(ResponseTooLarge):
            await connect(url).request("GET", url)
    assert sent < 3 * MAX_RESPONSE_BYTES


async def test_the_limit_is_of_the_decoded_bytes() -> None:
    def gzipped(size: int) -> Behave:
        packed = gzip.compress(b"\0" * size, 1)
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(packed)}\r\n\r\n".encode()
        return saying(head + packed)

    async with serving(gzipped(MEBIBYTE)) as url:
        answer = await HttpClient(timeout=60).request("GET", url)
    assert answer.content == b"\0" * MEBIBYTE
    async with serving(gzipped(MAX_RESPONSE_BYTES + MEBIBYTE)) as url:
        with pytest.raises(ResponseTooLarge):
            await HttpClient(timeout=60).request("GET", url)


async def test_redirects_are_answers(connect: Connect) -> None:
    async with serving(saying(b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n")) as url:
        answer = await connect(url).request("GET", url)
    assert (answer.status_code, answer.headers["location"]) == (302, "/x")


async def test_trailers_are_not_the_heads(connect: Connect) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nx-a: head\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-a: trailer\r\n\r\n"
    async with serving(saying(chunked)) as url:
        assert (await connect(url).request("GET", url)).headers["x-a"] == "head"


async def test_only_the_own_project_learns_of_the_trace() -> None:
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with tracing(RequestTrace("request-1")):
            await HttpClient("showcase/1", url).request("GET", f"{url}/rest/v1/x")
            await HttpClient("showcase/1", "http://127.0.0.1").request("GET", f"{url}/x")
    own, other = heads
    assert b"x-request-id: request-1" in own.lower()
    assert b"traceparent: 00-" in own.lower()
    assert b"user-agent: showcase/1" in other.lower()
    assert b"request-1" not in other
    assert b"traceparent" not in other.lower()


ASK = """
import sys, uvloop  # the loop of the server
from showcase.outbound.http_client import HttpClient
answer = uvloop.run(HttpClient(project=sys.argv[2] or None).request("GET", sys.argv[1]))
print(answer.status_code, answer.content.decode())
"""


def ask_in_a_process(url: str, own: bool, **environment: str) -> "subprocess.CompletedProcess[str]":
    given = {"PYTHONPATH": str(FUNCTIONS), "PATH": os.environ["PATH"], **environment}
    command = [sys.executable, "-c", ASK, url, url.rstrip("/") if own else ""]
    return subprocess.run(command, env=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("own", [False, True], ids=["any host", "the project"])
def test_certificates_are_checked_against_the_systems_store_or_the_file_that_is_named(
    own: bool, tmp_path: Path
) -> None:
    with running_https(tmp_path, {"fine": True}) as url:
        assert "ConnectError" in ask_in_a_process(f"{url}/", own).stderr
        trusted = ask_in_a_process(f"{url}/", own, SSL_CERT_FILE=str(tmp_path / "authority.pem"))
        other = url.replace("localhost", "127.0.0.1")
        misnamed = ask_in_a_process(f"{other}/", own, SSL_CERT_FILE=str(tmp_path / "authority.pem"))
    assert json.loads(trusted.stdout.removeprefix("200 ")) == {"fine": True}, trusted.stderr
    assert "ConnectError" in misnamed.stderr, "of another name"


@pytest.mark.parametrize("own", [False, True], ids=["any host", "the project"])
async def test_proxies_come_from_the_environment(own: bool) -> None:
    async with serving(saying(OK)) as proxy:
        through = await asyncio.to_thread(ask_in_a_process, "http://vendor.invalid/", own, HTTP_PROXY=proxy)
        spared = await asyncio.to_thread(
            ask_in_a_process, "http://vendor.invalid/", own, HTTP_PROXY=proxy, NO_PROXY="vendor.invalid"
        )
    assert through.stdout == "200 ok\n", through.stderr
    assert "ConnectError" in spared.stderr


def test_every_failure_is_a_transport_error() -> None:
    assert all(isinstance(transport.classify(kind("x")), TransportError) for kind in transport.FAILURES)
