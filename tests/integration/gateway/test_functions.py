"""/functions/v1/* passes through the gateway unchanged and unbuffered."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx
import pytest

from local.stack.services import gateway
from tests.support import plain_http
from tests.support.cluster import PLATFORM, TestCluster
from tests.support.doubles.upstream import Upstream, running_upstream
from tests.support.servers import running_services
from tests.support.stack import free_settings


@dataclass(frozen=True)
class Proxy:
    url: str
    port: int
    upstream: Upstream


@pytest.fixture(scope="module")
def proxy(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A gateway before stubbed functions; it gives up on them after two seconds."""
    settings = free_settings(tmp_path_factory.mktemp("gateway"))
    settings.logs.mkdir()
    with cluster.copy(PLATFORM) as database, running_upstream(settings.functions_port) as upstream:
        service = gateway(settings, database)
        service = replace(service, environment={**service.environment, "FUNCTIONS_TIMEOUT_MS": "2000"})
        with running_services([service], settings.logs, belongs_to=cluster.folder):
            yield Proxy(settings.gateway_url, settings.gateway_port, upstream)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_everything_arrives_as_it_was_sent(proxy: Proxy, method: str) -> None:
    body = bytes(range(256)) if method != "GET" else b""
    headers = {"X-Custom": "ünï".encode("latin-1"), "Authorization": "Bearer x", "X-Request-Id": "abc-1"}
    url = f"{proxy.url}/functions/v1/echo?a=1&b=%20%2F&a=2"
    answer = plain_http.request(method, url, content=body, headers=headers)  # type: ignore[arg-type]
    seen = answer.json()
    assert answer.status_code == 201
    assert (seen["method"], seen["path"], seen["query"]) == (method, "/functions/v1/echo", "a=1&b=%20%2F&a=2")
    assert seen["body"].encode("latin-1") == body
    received = dict(seen["headers"])
    assert (received["authorization"], received["x-custom"]) == ("Bearer x", "ünï")
    assert received["x-request-id"] == "abc-1"
    assert answer.headers["x-request-id"] == "abc-1"
    assert received["x-forwarded-host"] == proxy.url.removeprefix("http://")
    assert answer.headers["x-answer"] == "kept"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_headers_of_one_hop_stay_on_it(proxy: Proxy) -> None:
    hop = {"Connection": "X-Private, keep-alive", "X-Private": "1", "TE": "trailers", "Proxy-Authorization": "secret"}
    answer = plain_http.get(f"{proxy.url}/functions/v1/echo", headers=hop)
    received = {name for name, _ in answer.json()["headers"]}
    assert received.isdisjoint({"x-private", "te", "proxy-authorization", "keep-alive", "upgrade"})
    assert "x-secret-hop" not in answer.headers


def test_a_request_without_an_id_is_given_one(proxy: Proxy) -> None:
    answer = plain_http.get(f"{proxy.url}/functions/v1/echo")
    assert dict(answer.json()["headers"])["x-request-id"] == answer.headers["x-request-id"] != ""


def test_events_come_as_they_are_sent_and_leaving_ends_them(proxy: Proxy) -> None:
    proxy.upstream.left.clear()
    with plain_http.stream("POST", f"{proxy.url}/functions/v1/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == "data: 0"
        assert not proxy.upstream.left.is_set()
    assert proxy.upstream.left.wait(30)


def test_uploads_arrive_while_they_are_sent(proxy: Proxy) -> None:
    """The second half is sent only once the first has arrived: a gateway that collects the body would wait forever."""
    proxy.upstream.received.clear()
    arrived = threading.Event()

    def parts() -> Iterator[bytes]:
        yield b"first" * 1000
        deadline = time.monotonic() + 30
        while not proxy.upstream.received and time.monotonic() < deadline:
            time.sleep(0.01)
        if proxy.upstream.received:
            arrived.set()
        yield b"second" * 1000

    answer = plain_http.post(f"{proxy.url}/functions/v1/upload", content=parts(), timeout=60)
    assert arrived.is_set()
    assert answer.json() == {"bytes": 11_000}


def test_a_delete_may_have_a_body_of_unknown_length(proxy: Proxy) -> None:
    answer = plain_http.request("DELETE", f"{proxy.url}/functions/v1/echo", content=(part for part in [b"a", b"b"]))
    assert answer.json()["body"] == "ab"


def test_a_function_that_does_not_answer_in_time(proxy: Proxy) -> None:
    answer = plain_http.get(f"{proxy.url}/functions/v1/stall", timeout=10)
    assert_problem(answer, 504)


def test_functions_that_are_down(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = free_settings(tmp_path_factory.mktemp("gateway"))
    settings.logs.mkdir()
    with (
        cluster.copy(PLATFORM) as database,
        running_services([gateway(settings, database)], settings.logs, belongs_to=cluster.folder),
    ):
        assert_problem(plain_http.post(f"{settings.gateway_url}/functions/v1/echo", content=bytes(5_000_000)), 503)
        assert plain_http.get(f"{settings.gateway_url}/_local/ready").status_code == 200


def assert_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "request_id", "error"}
    assert (body["status"], body["code"]) == (status, "function_unavailable")
    assert body["request_id"] == answer.headers["x-request-id"]


def test_nonsense_on_the_wire_does_not_stop_the_gateway(proxy: Proxy) -> None:
    for nonsense in (b"\x16\x03\x01\x00\n", b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET http://[ HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as wire:
            wire.sendall(nonsense)
            wire.recv(1000)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as wire:
        wire.sendall(b"GET //x/rest/v1/y HTTP/1.1\r\nHost: not a host\r\nConnection: close\r\n\r\n")
        wire.recv(1000)
    assert plain_http.get(f"{proxy.url}/_local/ready").status_code == 200
