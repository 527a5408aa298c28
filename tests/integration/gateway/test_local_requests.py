"""What listens on loopback answers to its own name alone, and no page of another site makes it act."""

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from local.settings import Settings
from local.stack.services import openai_simulator
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.stack import Stack
from tests.support.vendors.simulators import running_simulator

READS = {"gateway": "/_local/ready", "google": "/people", "stripe": "/_simulator", "openai": "/_simulator"}
CHANGES = {
    "google": ("POST", "/people", b'{"sub": "1", "email": "mallory@example.com"}'),
    "stripe": ("PUT", "/_simulator/behaviours", b'{"*": []}'),
    "openai": ("DELETE", "/_simulator/requests", b""),
}
OTHER_SITES = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.fixture(scope="module")
def servers(stack: Stack, cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("local_requests")
    openai = Settings.model_construct(openai_simulator_port=free_port(), local_hosts="openai.test:8080")
    with (
        running_simulator("stripe", cluster, folder) as stripe,
        running_services([openai_simulator(openai)], folder, belongs_to=cluster.folder),
    ):
        yield {
            "gateway": stack.url,
            "google": stack.identity_url,
            "stripe": str(stripe.base_url),
            "openai": openai.simulator_url("openai"),
        }


def ask(url: str, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, str]:
    """The status, and the problem's code where there is one."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.putrequest(method, path, skip_host=True)
    for name, value in {"Content-Length": str(len(body)), "Content-Type": "application/json", **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    is_problem = answer.getheader("content-type", "") == "application/problem+json"
    return answer.status, json.loads(text)["code"] if is_problem else ""


@pytest.mark.parametrize("server", READS)
def test_another_name_is_misdirected(servers: dict[str, str], server: str) -> None:
    port = urlsplit(servers[server]).port
    for host in (
        "evil.example",
        f"evil.example:{port}",
        f"127.0.0.1.evil.example:{port}",
        "127.0.0.1:1",
        f"@127.0.0.1:{port}",
    ):
        assert ask(servers[server], "GET", READS[server], {"Host": host}) == (421, "unknown_host"), host


@pytest.mark.parametrize("server", READS)
def test_its_own_names_are_answered(servers: dict[str, str], server: str) -> None:
    port = urlsplit(servers[server]).port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}", f"LocalHost:{port}"):
        assert ask(servers[server], "GET", READS[server], {"Host": host}) == (200, ""), host


def test_a_name_of_the_settings_is_answered(servers: dict[str, str]) -> None:
    assert ask(servers["openai"], "GET", "/_simulator", {"Host": "openai.test:8080"}) == (200, "")


@pytest.mark.parametrize("server", CHANGES)
def test_a_page_of_another_site_changes_nothing(servers: dict[str, str], server: str) -> None:
    method, path, body = CHANGES[server]
    host = urlsplit(servers[server]).netloc
    for headers in OTHER_SITES:
        assert ask(servers[server], method, path, {"Host": host, **headers}, body) == (403, "cross_site"), headers
    for own in ({}, {"Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        status, code = ask(servers[server], method, path, {"Host": host, **own}, body)
        assert (status // 100, code) == (2, ""), own


def test_any_page_may_call_the_gateway_as_hosted(stack: Stack) -> None:
    headers = {"apikey": stack.publishable_key, "Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    answer = plain_http.get(f"{stack.url}/rest/v1/projects", headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
