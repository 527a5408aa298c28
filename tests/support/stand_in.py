"""Stands in for the handlers, and for Google's token endpoint: notes what arrives and answers as it is told."""

import contextlib
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.settings import HOST

PATIENCE = 20.0  # seconds that it waits for a test to go on

Reply = tuple[int, list[tuple[str, str]], bytes]


@dataclass(frozen=True)
class Seen:
    method: str
    target: str
    headers: Message
    body: bytes

    def echo(self) -> Reply:
        """As a handler answers: with the request's id."""
        told = {"method": self.method, "target": self.target, "body": self.body.decode("latin-1")}
        given = [("X-Request-Id", self.headers["x-request-id"] or ""), ("Content-Type", "application/json")]
        return 200, given, json.dumps({**told, "headers": self.headers.items()}).encode()


@dataclass
class StandIn:
    """`next` holds how the coming requests are met; after them, a request's own `X-Behave` says it, or `reply`."""

    reply: Callable[[Seen], Reply] = Seen.echo
    next: deque[str] = field(default_factory=deque)
    seen: list[Seen] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)  # of bodies, as they arrive
    go: threading.Event = field(default_factory=threading.Event)  # what "events" and "wait" wait for
    left: threading.Event = field(default_factory=threading.Event)  # set when a caller hangs up on them

    def to(self, path: str) -> list[Seen]:
        return [one for one in self.seen if one.target.partition("?")[0].endswith(path)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    stand_in: StandIn

    def handle_error(self, request: object, client_address: object) -> None:
        """Callers that hang up are what it is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        """Says nothing."""

    def answer(self) -> None:
        stand_in = self.server.stand_in
        seen = Seen(self.command, self.path, self.headers, self._read())
        stand_in.seen.append(seen)
        behaviour = stand_in.next.popleft() if stand_in.next else self.headers.get("x-behave", "")
        match behaviour.partition(" "):
            case ("hang-up", _, _):
                self.close_connection = True
            case ("bare", _, status):  # as what stands before the handlers answers: without a request id
                self._send(int(status), [("Content-Type", "text/html")], b"<h1>Not a handler</h1>")
            case ("starting", _, told):  # as a platform does whose instances are not up: a status and how long to wait
                status, after = told.split()
                self._send(int(status), [("Retry-After", after), ("Content-Type", "text/plain")], b"starting")
            case ("break", _, _):
                self.wfile.write(
                    b"HTTP/1.1 200 OK\r\nX-Request-Id: x\r\nContent-Length: 1000\r\n\r\nonly the beginning"
                )
                self.close_connection = True
            case ("events", _, _):
                self._stream_events()
            case ("wait", _, _):
                threading.Thread(target=self._watch, daemon=True).start()
                stand_in.go.wait(PATIENCE)
                self._send(*stand_in.reply(seen))
            case _:
                self._send(*stand_in.reply(seen))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def _read(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self._note(self.rfile.read(int(self.headers.get("content-length", 0))))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self._note(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _note(self, part: bytes) -> bytes:
        self.server.stand_in.parts.append(part)
        return part

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        bodyless = status in {204, 304}
        for name, value in [*headers, *([] if bodyless else [("Content-Length", str(len(body)))])]:
            self.send_header(name, value)
        self.end_headers()
        if not bodyless and self.command != "HEAD":
            self.wfile.write(body)

    def _stream_events(self) -> None:
        """One event, and the next ones once the test has seen it, until the caller has gone."""
        self._send_start(
            [("Content-Type", "text/event-stream"), ("X-Request-Id", "x"), ("Transfer-Encoding", "chunked")]
        )
        self._send_event(0)
        self.server.stand_in.go.wait(PATIENCE)
        try:
            for number in range(1, 100_000):
                self._send_event(number)
        except OSError:
            self.server.stand_in.left.set()

    def _send_start(self, headers: list[tuple[str, str]]) -> None:
        self.send_response_only(200)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def _send_event(self, number: int) -> None:
        event = b"data: %d\n\n" % number
        self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))

    def _watch(self) -> None:
        with contextlib.suppress(OSError):
            if self.connection.recv(1, socket.MSG_PEEK) == b"":
                self.server.stand_in.left.set()


@dataclass(frozen=True)
class Stage:
    """A running stand-in's server. It outlives a test: callers keep their connections to it."""

    server: _Server

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server.server_port}"

    @contextmanager
    def stand_in(self) -> Iterator[StandIn]:
        """A new one, that has seen nothing."""
        self.server.stand_in = stand_in = StandIn()
        try:
            yield stand_in
        finally:
            stand_in.go.set()


@contextmanager
def running_stage() -> Iterator[Stage]:
    with _Server((HOST, 0), _Handler) as server:
        server.stand_in = StandIn()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield Stage(server)
        finally:
            server.shutdown()
            thread.join(10)
