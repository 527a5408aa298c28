"""Requests to the project's own servers: what is sent, which connections are kept, how an answer may come."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from showcase.outbound import limits
from showcase.outbound.connection import MAX_HEADER_BYTES, Connection
from showcase.outbound.errors import ReadError, ResponseTooLarge, TransportError
from showcase.outbound.http_client import HttpClient
from showcase.responses import HttpResponse

pytestmark = pytest.mark.anyio

MEBIBYTE = 1024 * 1024


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The server's loop, and the one of Python's own where that is missing."""
    return "asyncio", {"use_uvloop": request.param}


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED = CHUNKED_HEAD + b"1\r\no\r\n1;x=y\r\nk\r\n0\r\nx-trailer: 1\r\n\r\n"
CLOSED = b"HTTP/1.1 200 OK\r\n\r\nok"
NOTICE = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Server:
    """Answers the requests of each connection in turn with these bytes, and then closes it."""

    answers: Sequence[bytes]
    url: str = ""
    connections: list[asyncio.StreamWriter] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):  # the client has hung up
            for answer in self.answers:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((line for line in head.split(b"\r\n") if line.startswith(b"content-length")), b":0")
                self.requests.append(head + await reader.readexactly(int(length.partition(b":")[2])))
                writer.write(answer)
        writer.close()


@asynccontextmanager
async def serving(*answers: bytes) -> AsyncIterator[Server]:
    server = Server(answers)
    async with await asyncio.start_server(server.handle, "127.0.0.1", 0) as listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield server
        for writer in server.connections:
            writer.close()


async def ask(server: Server, client: HttpClient | None = None) -> HttpResponse:
    return await (client or HttpClient(project=server.url)).request("GET", f"{server.url}/rest/v1/x")


async def test_a_request_is_sent_as_it_was_given() -> None:
    async with serving(OK, OK, OK) as server:
        client = HttpClient("showcase/1", server.url)
        url = f"{server.url}/rest/v1/projects"
        await client.request("GET", url, params={"id": "eq.1", "or": "(a.gt.ä&)"}, headers={"apikey": "k"})
        await client.request("PATCH", url, json={"title": "ä"})
        await client.request("DELETE", f"{url}?id=eq.1", params={"a": "b"})
    host = server.url.removeprefix("http://").encode()
    common = b"host: " + host + b"\r\nuser-agent: showcase/1\r\n"
    assert server.requests == [
        b"GET /rest/v1/projects?id=eq.1&or=%28a.gt.%C3%A4%26%29 HTTP/1.1\r\n" + common + b"apikey: k\r\n\r\n",
        b"PATCH /rest/v1/projects HTTP/1.1\r\n"
        + common
        + 'content-type: application/json\r\ncontent-length: 14\r\n\r\n{"title":"ä"}'.encode(),
        b"DELETE /rest/v1/projects?id=eq.1&a=b HTTP/1.1\r\n" + common + b"content-length: 0\r\n\r\n",
    ]


@pytest.mark.parametrize("path", ["/a b", "/a\r\nx: y", "/ä"])
async def test_an_address_cannot_end_the_line_that_it_stands_in(path: str) -> None:
    async with serving(OK) as server:
        with pytest.raises(ValueError, match="may not stand"):
            await HttpClient(project=server.url).request("GET", server.url + path)
    assert not server.connections


@pytest.mark.parametrize("value", ["a\r\nx: y", "a\nb", "a\0b"])
async def test_a_header_cannot_end_its_line(value: str) -> None:
    async with serving(OK) as server:
        with pytest.raises(ValueError, match="may not stand"):
            await HttpClient(project=server.url).request("GET", f"{server.url}/x", headers={"x-value": value})
    assert not server.connections


async def test_a_connection_is_used_again() -> None:
    async with serving(OK, CHUNKED, NOTICE + OK, EMPTY) as server:
        client = HttpClient(project=server.url)
        answers = [await ask(server, client) for _ in range(4)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"ok")] * 3 + [(204, b"")]
    assert len(server.connections) == 1


@pytest.mark.parametrize(
    "first",
    [
        OK + OK,
        OK + b"x",
        OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1),
        OK.replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
    ids=["another answer", "more bytes", "close", "HTTP/1.0"],
)
async def test_one_that_is_not_clean_is_not(first: bytes) -> None:
    """What follows an answer is nobody's, least of all the next caller's."""
    async with serving(first, OK) as server:
        client = HttpClient(project=server.url)
        assert [(await ask(server, client)).content for _ in range(2)] == [b"ok", b"ok"]
    assert len(server.connections) == 2


async def test_nor_one_whose_answer_announces_a_body_that_it_may_not_have() -> None:
    """Else that body is the next caller's answer, where it comes late."""
    async with serving(EMPTY.replace(b"\r\n", b"\r\nContent-Length: 2\r\n", 1), OK) as server:
        client = HttpClient(project=server.url)
        assert [(await ask(server, client)).status_code for _ in range(2)] == [204, 204]
    assert len(server.connections) == 2


async def test_nor_one_that_speaks_unasked() -> None:
    async with serving(OK, OK) as server:
        client = HttpClient(project=server.url)
        await ask(server, client)
        server.connections[0].write(OK.replace(b"ok", b"no"))
        await asyncio.sleep(0.05)
        assert (await ask(server, client)).content == b"ok"
    assert len(server.connections) == 2


async def test_nor_one_that_was_closed_or_was_idle_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(OK) as server:
        client = HttpClient(project=server.url)
        for expected in (1, 2):
            await ask(server, client)
            await asyncio.sleep(0.05)
            assert len(server.connections) == expected
    async with serving(OK, OK) as server:
        client = HttpClient(project=server.url)
        await ask(server, client)
        monkeypatch.setattr(limits, "IDLE_TIMEOUT", 0.0)
        await ask(server, client)
        assert len(server.connections) == 2


async def test_no_coding_at_all_may_be_named() -> None:
    async with serving(OK.replace(b"\r\n", b"\r\nContent-Encoding: Identity\r\n", 1)) as server:
        assert (await ask(server)).content == b"ok"


async def test_an_answer_that_ends_with_its_connection_is_one() -> None:
    async with serving(CLOSED) as server:
        assert (await ask(server)).content == b"ok"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", ReadError),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nok", ReadError),
        (b"HTTP/1.1 200 OK\r\n" + b"x-long: y\r\n" * MAX_HEADER_BYTES, ResponseTooLarge),
        (b"HTTP/1.1 200 OK\r\nx-long: " + b"y" * MEBIBYTE, ResponseTooLarge),
        (NOTICE * MAX_HEADER_BYTES, ResponseTooLarge),
        (CHUNKED_HEAD + b"1;" + b"x" * MEBIBYTE, ResponseTooLarge),
        (CHUNKED_HEAD + b"0\r\nx-long: " + b"y" * MEBIBYTE, ResponseTooLarge),
    ],
    ids=[
        "another protocol",
        "a length and chunks",
        "headers without end",
        "a header without end",
        "notices without end",
        "a chunk's extension without end",
        "a trailer without end",
    ],
)
async def test_what_is_no_answer_is_refused(answer: bytes, error: type[TransportError]) -> None:
    async with serving(answer) as server:
        with pytest.raises(error):
            await ask(server)


async def test_a_body_in_chunks_of_one_byte_is_no_flood() -> None:
    size = 100_000
    async with serving(CHUNKED_HEAD + b"1\r\nx\r\n" * size + b"0\r\n\r\n") as server:
        assert (await ask(server)).content == b"x" * size


class Wire(asyncio.WriteTransport):
    """A connection's other end, which takes everything."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None:
        pass


def pieces(data: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    places = sorted({cut % len(data) for cut in cuts} | {0})
    for start, end in zip(places, [*places[1:], len(data)], strict=True):
        yield data[start:end]


@settings(deadline=None)
@given(st.sampled_from([OK, CHUNKED, NOTICE + NOTICE + OK]), st.lists(st.integers(0, 10_000), max_size=20))
async def test_an_answer_is_the_same_wherever_it_is_cut(answer: bytes, cuts: list[int]) -> None:
    connection = Connection()
    with socket.socket() as other_end:
        connection.connection_made(Wire({"socket": other_end}))
    exchange = asyncio.create_task(connection.exchange(b"GET / HTTP/1.1\r\n\r\n", 60))
    await asyncio.sleep(0)
    for piece in pieces(answer, cuts):
        connection.data_received(piece)
    assert (await exchange).content == b"ok"
    assert connection.keeps_alive


async def test_a_server_that_hangs_up_at_once_has_not_answered() -> None:
    async with serving() as server:
        with pytest.raises(TransportError):
            await ask(server)
