"""The gateway as a process: what stops it from starting, how it leaves, and that it outlives its database."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg
import pytest

from local.postgres import cluster as postgres
from local.postgres import migrations
from local.settings import ROOT, Settings
from local.stack.services import Service, gateway, identity_provider
from tests.support import plain_http
from tests.support.cluster import PLATFORM, TestCluster
from tests.support.ports import free_port
from tests.support.stack import free_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = free_settings(tmp_path)
    settings.logs.mkdir()
    return settings


@contextmanager
def started(service: Service) -> Iterator["subprocess.Popen[str]"]:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(service.command, cwd=ROOT, env=dict(service.environment), text=True, **pipes)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(url: str, status: int = 200, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    seen: object = None
    while time.monotonic() < deadline:
        try:
            seen = plain_http.get(url, timeout=2).status_code
        except httpx.HTTPError as error:
            seen = error
        if seen == status:
            return
        time.sleep(0.05)
    raise AssertionError(f"{url}: {seen}")


PARTS = pytest.mark.parametrize("name", ["gateway", "identity provider"])


def service_of(name: str, settings: Settings, url: str) -> Service:
    return gateway(settings, url) if name == "gateway" else identity_provider(settings)


@PARTS
def test_a_busy_port_is_said_in_one_line(cluster: TestCluster, settings: Settings, name: str) -> None:
    with cluster.copy(PLATFORM) as url, socket.create_server(("127.0.0.1", 0)) as taken:
        service = service_of(name, settings, url)
        port = str(taken.getsockname()[1])
        with started(replace(service, environment={**service.environment, "PORT": port})) as process:
            output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == f"{name}: port {port} is in use: set another, or stop what uses it\n"


def test_what_is_missing_or_wrong_is_said_at_once(settings: Settings) -> None:
    service = gateway(settings, "nonsense")
    environment = {k: v for k, v in service.environment.items() if k not in {"SITE_URL", "SUPABASE_SECRET_KEY"}}
    with started(replace(service, environment={**environment, "PORT": "99999"})) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == (
        "gateway: missing SUPABASE_SECRET_KEY, SITE_URL; DB_URL is not a URL; PORT is not a port number: 99999\n"
    )


@PARTS
@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_it_leaves_promptly_though_connections_are_open(
    cluster: TestCluster, settings: Settings, name: str, order: signal.Signals
) -> None:
    with cluster.copy(PLATFORM) as url, started(service_of(name, settings, url)) as process:
        port = settings.gateway_port if name == "gateway" else settings.identity_port
        wait_for(f"http://127.0.0.1:{port}/{'_local/ready' if name == 'gateway' else 'people'}")
        with (
            plain_http.Client(base_url=f"http://127.0.0.1:{port}") as kept,
            socket.create_connection(("127.0.0.1", port)) as half,
        ):
            kept.get("/nowhere")
            half.sendall(b"POST /auth/v1/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            os.kill(process.pid, order)
            assert process.wait(60) == 0  # what is half sent may take five minutes else


def test_it_waits_for_its_database_and_finds_it_again(settings: Settings, tmp_path: Path) -> None:
    server = postgres.locate(tmp_path / "pgdata", free_port(), tmp_path / "postgres.log", durable=False)
    key = {"apikey": settings.supabase_publishable_key}
    try:
        postgres.make(server)
        with started(gateway(settings, server.url())) as process:
            wait_for(f"{settings.gateway_url}/_local/ready", 503)
            answer = plain_http.get(f"{settings.gateway_url}/rest/v1/thing", headers=key)
            assert (answer.status_code, answer.json()["code"]) == (503, "PGRST002")
            assert ask_graphql(settings, key).status_code == 503

            postgres.start(server)
            migrations.make_platform(server.url())
            with psycopg.connect(server.url()) as connection:
                connection.execute("create table public.thing (id int)")
                connection.execute("notify pgrst, 'reload schema'")
            wait_for(f"{settings.gateway_url}/_local/ready")
            assert ask_graphql(settings, key).json() == {"data": {"__typename": "Query"}}
            with plain_http.Client(base_url=settings.gateway_url, headers=key) as client:
                wait_for_rows(client)
                postgres.stop(server)
                answer = client.get("/rest/v1/thing")
                assert (answer.status_code, answer.json()["code"]) == (503, "PGRST000")
                assert answer.headers["retry-after"] == "1"
                assert client.get("/_local/ready").status_code == 503
                away = client.post("/auth/v1/token?grant_type=refresh_token", json={"refresh_token": "abc"})
                assert (away.status_code, away.headers["retry-after"]) == (503, "1"), away.text
                for away in ask_storage(client, settings):
                    assert (away.status_code, away.json()["code"]) == (544, "DatabaseTimeout"), away.text
                postgres.start(server)
                wait_for_rows(client)
            assert process.poll() is None
    finally:
        postgres.remove(server)


def ask_graphql(settings: Settings, key: dict[str, str]) -> httpx.Response:
    return plain_http.post(
        f"{settings.gateway_url}/graphql/v1", json={"query": "{ __typename }"}, headers=key, timeout=20
    )


def ask_storage(client: httpx.Client, settings: Settings) -> list[httpx.Response]:
    key = settings.supabase_secret_key
    service = {"apikey": key, "authorization": f"Bearer {key}"}
    return [
        client.get("/storage/v1/bucket", headers=service),
        client.get("/storage/v1/object/project-media/a.png", headers=service),
        client.post("/storage/v1/object/project-media/a.png", content=b"a", headers=service),
        client.post("/storage/v1/object/list/project-media", json={"prefix": ""}, headers=service),
    ]


def wait_for_rows(client: httpx.Client) -> None:
    deadline = time.monotonic() + 15
    while (answer := client.get("/rest/v1/thing")).status_code != 200:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)
    assert answer.json() == []


def test_the_log_has_one_line_for_each_request_and_no_secrets(cluster: TestCluster, settings: Settings) -> None:
    with cluster.copy(PLATFORM) as url, started(gateway(settings, url)) as process:
        wait_for(f"{settings.gateway_url}/_local/ready")
        headers = {"apikey": settings.supabase_publishable_key, "Authorization": "Bearer hidden-token"}
        plain_http.get(f"{settings.gateway_url}/rest/v1/thing?secret=hidden-value", headers=headers)
        plain_http.get(f"{settings.gateway_url}/auth/v1/callback?code=hidden-code&state=hidden-state")
        process.terminate()
        output, _ = process.communicate(timeout=60)
    lines = [
        line.rpartition(" ")[0].rpartition(" ")[0]
        for line in output.splitlines()
        if " /" in line and "http:" not in line
    ]
    assert lines[-2:] == ["GET /rest/v1/thing 401", "GET /auth/v1/callback 303"]
    assert "hidden" not in output
    assert settings.supabase_publishable_key not in output
