"""Stands in for the handlers, and for Google's token endpoint: notes what arrives and answers as it is set."""

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

TIMEOUT = 20.0  # seconds that it waits for a test to go on

Reply = tuple[int, list[tuple[str, str]], bytes]


@dataclass(frozen=True)
class Seen:
    method: str
    target: str
    headers: Message
    body: bytes

    def echo(self) -> Reply:
        """As a handler answers: with the request's id."""
        reported = {"method": self.method, "target": self.target, "body": self.body.decode("latin-1")}
        given = [("X-Request-Id", self.headers["x-request-id"] or ""), ("Content-Type", "application/json")]
        return 200, given, json.dumps({**reported, "headers": self.headers.items()}).encode()


@dataclass
class BackendStub:
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
    backend_stub: BackendStub

    def handle_error(self, request: object, client_address: object) -> None:
        """Callers that hang up are what it is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        """Says nothing."""

    def answer(self) -> None:
        backend_stub = self.server.backend_stub
        seen = Seen(self.command, self.path, self.headers, self._read())
        backend_stub.seen.append(seen)
        behaviour = backend_stub.next.popleft() if backend_stub.next else self.headers.get("x-behave", "")
        match behaviour.partition(" "):
            case ("hang-up", _, _):
                self.close_connection = True
            case ("bare", _, status):  # as what stands before the handlers answers: without a request id
                self._send(int(status), [("Content-Type", "text/html")], b"<h1>Not a handler</h1>")
            case (
                "starting",
                _,
                reported,
            ):  # as a platform does whose instances are not up: a status and how long to wait
                status, after = reported.split()
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
                backend_stub.go.wait(TIMEOUT)
                self._send(*backend_stub.reply(seen))
            case _:
                self._send(*backend_stub.reply(seen))

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
        self.server.backend_stub.parts.append(part)
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
        self.server.backend_stub.go.wait(TIMEOUT)
        try:
            for number in range(1, 100_000):
                self._send_event(number)
        except OSError:
            self.server.backend_stub.left.set()

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
                self.server.backend_stub.left.set()


@dataclass(frozen=True)
class Stage:
    """The server of a running stub. It outlives a test: callers keep their connections to it."""

    server: _Server

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server.server_port}"

    @contextmanager
    def backend_stub(self) -> Iterator[BackendStub]:
        """A new one, that has seen nothing."""
        self.server.backend_stub = backend_stub = BackendStub()
        try:
            yield backend_stub
        finally:
            backend_stub.go.set()


@contextmanager
def running_stage() -> Iterator[Stage]:
    with _Server((HOST, 0), _Handler) as server:
        server.backend_stub = BackendStub()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield Stage(server)
        finally:
            server.shutdown()
            thread.join(10)
