"""What goes through the forwarders arrives as it was sent, and comes back as it was answered."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.support.doubles.backend_stub import TIMEOUT, BackendStub, Reply, Seen
from tests.support.doubles.forwarders import SECRET, Edge, signed_in

BYTES = bytes(range(256))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_method_path_query_and_body_arrive_as_they_were_sent(
    backend: BackendStub, client: httpx.Client, method: str
) -> None:
    body = BYTES if method not in {"GET", "HEAD", "OPTIONS"} else b""
    query = "a=1&b=%2F%20+&a=2&c=%C3%BC&empty="
    answer = client.request(method, f"webhooks/stripe?{query}", content=body)
    (seen,) = backend.seen
    assert answer.status_code == 200
    assert (seen.method, seen.target, seen.body) == (method, f"/functions/v1/webhooks/stripe?{query}", body)


def test_what_is_signed_stays_intact(backend: BackendStub, client: httpx.Client) -> None:
    """Spaces, escapes, line ends and bytes that are no text: a signature counts them all."""
    body = '{ "ü": "\\u00fc",\r\n  "n": 1.0 }\n\x00'.encode() + BYTES
    client.post("webhooks/stripe", content=body, headers={"Stripe-Signature": "t=1,v1=abc"})
    (seen,) = backend.seen
    assert seen.body == body
    assert seen.headers["stripe-signature"] == "t=1,v1=abc"


def test_the_callers_own_headers_arrive(backend: BackendStub, client: httpx.Client) -> None:
    given = {"Authorization": "Bearer x.y.z", "apikey": "sb_publishable_x", "X-Request-Id": "abc-1", "Accept": "a/b"}
    given |= {"If-None-Match": '"tag"', "Idempotency-Key": "k", "User-Agent": "me/1", "Content-Type": "a/b; c=d"}
    answer = client.post("getSocialMetrics", content=b"{}", headers=given)
    (seen,) = backend.seen
    assert {name: seen.headers[name] for name in given} == given
    assert seen.headers["x-functions-backend-secret"] == SECRET
    assert answer.headers["x-request-id"] == "abc-1"


@pytest.mark.parametrize("given", ["", "two words", "a" * 129])
def test_a_request_without_a_good_id_is_given_one(backend: BackendStub, client: httpx.Client, given: str) -> None:
    answer = client.get("health", headers={"X-Request-Id": given})
    (seen,) = backend.seen
    assert seen.headers["x-request-id"] == answer.headers["x-request-id"]
    assert seen.headers["x-request-id"] not in {"", given}


def test_nobody_else_speaks_for_the_forwarders(backend: BackendStub, client: httpx.Client) -> None:
    forged = {
        "X-Functions-Backend-Secret": "forged",
        "X-Serverless-Authorization": "Bearer forged",
        "Forwarded": "for=forged",
        "X-Forwarded-For": "forged",
        "X-Forwarded-Host": "forged",
        "X-Real-Ip": "forged",
        "X-Goog-Authenticated-User-Email": "forged",
        "CF-Connecting-IP": "forged",
        "sb-api-key": "forged",
        "Proxy-Authorization": "forged",
        "Connection": "X-Private, X-Functions-Backend-Secret, keep-alive",
        "X-Private": "forged",
        "TE": "trailers",
        "Upgrade": "h2c",
    }
    twice = [*forged.items(), ("X-Functions-Backend-Secret", "forged again")]
    client.post("getSocialMetrics", content=b"{}", headers=twice)
    (seen,) = backend.seen
    assert not [pair for pair in seen.headers.items() if "forged" in pair[1]]
    assert seen.headers.get_all("x-functions-backend-secret") == [SECRET]
    assert {"te", "upgrade"}.isdisjoint(name.lower() for name in seen.headers)


@pytest.mark.parametrize(
    "path",
    [
        "/functions/v1/webhooks/../deleteAccount",
        "/functions/v1/webhooks/%2e%2e/deleteAccount",
        "/functions/v1/webhooks/..%2fdeleteAccount",
        "/functions/v1/webhooks/x.example.com%2f",
        "/functions/v1/webhooks//stripe",
        "/functions/v1/webhooks%2fstripe",
        "/functions/v1/health\\..\\x",
        "/functions/v1/health/anything",
        "/functions/v1/webhooks",
        "/functions/v1/webhooks/anything",
        "/functions/v1/_shared",
        "/functions/v1/nonsuch",
    ],
)
def test_no_path_leads_elsewhere(backend: BackendStub, forwarders: Edge, path: str) -> None:
    """Sent as it stands: clients tidy it up."""
    with socket.create_connection(("127.0.0.1", int(forwarders.url.rpartition(":")[2])), timeout=10) as wire:
        wire.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        status = wire.makefile("rb").readline()
    assert status.startswith((b"HTTP/1.1 404", b"HTTP/1.1 401"))
    assert backend.seen == []


def test_what_a_get_carries_along_does_not_upset_the_connection(backend: BackendStub, client: httpx.Client) -> None:
    """A body that is not passed on is not announced either, and cannot be taken for the next request."""
    smuggled = b"GET /functions/v1/deleteAccount HTTP/1.1\r\nHost: x\r\n\r\n"
    assert client.request("GET", "health", content=smuggled).status_code == 200
    assert client.get("health").status_code == 200
    assert [seen.target for seen in backend.seen] == ["/functions/v1/health"] * 2
    assert [seen.body for seen in backend.seen] == [b"", b""]


@pytest.mark.parametrize("status", [200, 201, 204, 302, 304, 400, 401, 404, 413, 429, 500, 503])
def test_a_handlers_answer_comes_back_as_it_is(backend: BackendStub, client: httpx.Client, status: int) -> None:
    given = [("X-Request-Id", "from-the-handler"), ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2")]
    given += [("Location", "/elsewhere"), ("ETag", 'W/"tag"'), ("Retry-After", "7"), ("Server-Timing", "db;dur=3.1")]
    backend.reply = lambda _: (status, [*given, ("Connection", "X-Hop"), ("X-Hop", "1"), ("Server", "x")], b"body")
    answer = client.post("getSocialMetrics", content=b"{}")
    assert answer.status_code == status
    assert answer.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2"]
    for name in ("X-Request-Id", "Location", "ETag", "Retry-After", "Server-Timing"):
        assert answer.headers[name] == dict(given)[name]
    assert {"x-hop", "server"}.isdisjoint(answer.headers)
    assert answer.content == (b"" if status in {204, 304} else b"body")
    assert len(backend.seen) == 1


def test_head_has_the_headers_of_get_and_no_body(backend: BackendStub, client: httpx.Client) -> None:
    answer = client.head("metricsCard")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


def test_an_answer_that_is_packed_unasked_stays_packed(backend: BackendStub, client: httpx.Client) -> None:
    packed = gzip.compress(b"words " * 1000)

    def reply(seen: Seen) -> Reply:
        assert seen.headers["accept-encoding"] == "identity"
        return 200, [("X-Request-Id", "x"), ("Content-Encoding", "gzip"), ("Content-Type", "text/plain")], packed

    backend.reply = reply
    answer = client.get("health")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == b"words " * 1000


def test_large_bodies_pass_both_ways(backend: BackendStub, client: httpx.Client) -> None:
    large = BYTES * 4 * 6 * 1024  # 6 MiB
    backend.reply = lambda seen: (200, [("X-Request-Id", "x")], seen.body)
    assert client.post("webhooks/sendgrid", content=large).content == large


def test_uploads_arrive_while_they_are_sent(backend: BackendStub, client: httpx.Client) -> None:
    """The second half is sent only once the first has arrived: who collects the body would wait forever."""
    arrived = threading.Event()

    def halves() -> Iterator[bytes]:
        yield b"first"
        for _ in range(1500):
            if b"".join(backend.parts) == b"first":
                arrived.set()
                break
            threading.Event().wait(0.001)
        yield b"second"

    client.post("webhooks/sendgrid", content=halves())
    assert arrived.is_set()
    assert backend.seen[0].body == b"firstsecond"


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_events_come_one_by_one_and_leaving_ends_them(
    backend: BackendStub, client: httpx.Client, encoding: str
) -> None:
    headers = {"X-Behave": "events", "Accept": "text/event-stream", "Accept-Encoding": encoding}
    with client.stream("POST", "aiDesignAssistant", headers={**headers, "Authorization": signed_in()}) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        lines = answer.iter_lines()
        assert next(lines) == "data: 0"  # the next one is sent only now
        backend.go.set()
        assert [line for line in (next(lines) for _ in range(4)) if line] == ["data: 1", "data: 2"]
        assert not backend.left.is_set()
    assert backend.left.wait(TIMEOUT)


def test_leaving_before_the_answer_reaches_the_handler(backend: BackendStub, forwarders: Edge) -> None:
    """It is reported while it is still at work, long before the time limit, and nobody asks it again."""
    headers = {"X-Behave": "wait", "Authorization": signed_in()}
    forwarders.leave("aiDesignAssistant", headers, b"{}", lambda: arrived(backend))
    assert backend.left.wait(TIMEOUT)
    assert len(backend.seen) == 1


def arrived(backend: BackendStub) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not backend.seen:
        assert time.monotonic() < deadline
        time.sleep(0.01)
