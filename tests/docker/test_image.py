"""functions/Dockerfile: built, and run against the embedded stack."""

import json
import subprocess
import time
import uuid
from collections.abc import Iterator

import httpx
import pytest

from local.settings import ROOT
from tests.support import plain_http
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.ports import free_port
from tests.support.stack import Stack, running_stack


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=check)


@pytest.fixture(scope="module")
def image(base_image: str) -> Iterator[str]:
    name = f"showcase-functions:{uuid.uuid4().hex[:12]}"
    # The network of this machine, for packages to be fetched as this machine fetches them.
    built = docker(
        *("build", "--network=host", f"--build-arg=BASE_IMAGE={base_image}", "--tag", name, str(ROOT / "functions")),
        check=False,
    )
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    yield name
    docker("rmi", "--force", name)


@pytest.fixture(scope="module")
def embedded(cluster: TestCluster) -> Iterator[Stack]:
    with cluster.copy(MIGRATED) as url, running_stack(cluster, url) as running:
        yield running


@pytest.fixture
def container(image: str, embedded: Stack) -> Iterator[tuple[str, str]]:
    """Its name and its origin."""
    name, port = f"showcase-{uuid.uuid4().hex[:12]}", free_port()
    settings = {
        "PORT": str(port),
        "SUPABASE_URL": embedded.url,
        "SUPABASE_PUBLISHABLE_KEY": embedded.publishable_key,
        "SUPABASE_SECRET_KEY": embedded.secret_key,
        "SUPABASE_JWT_SECRET": embedded.jwt_secret,
        "GITHUB_API_URL": embedded.github_url,
    }
    given = [f"--env={key}={value}" for key, value in settings.items()]
    docker("run", "--detach", "--network=host", "--read-only", "--tmpfs=/tmp", f"--name={name}", *given, image)
    try:
        yield name, f"http://127.0.0.1:{port}"
    finally:
        docker("rm", "--force", name)


def answered(url: str, name: str) -> httpx.Response:
    deadline = time.monotonic() + 60
    while True:
        try:
            return plain_http.get(url, timeout=10, trust_env=False)
        except httpx.TransportError:
            assert time.monotonic() < deadline, docker("logs", name, check=False).stderr[-3000:]
            time.sleep(0.2)


def test_all_functions_answer_without_root_and_with_nothing_writable(container: tuple[str, str]) -> None:
    name, origin = container
    health = answered(f"{origin}/functions/v1/health", name)
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    assert plain_http.post(f"{origin}/functions/v1/getSocialMetrics", json={}, trust_env=False).status_code == 422
    assert docker("exec", name, "id", "-u").stdout.strip() == "10001"
    (check,) = json.loads(docker("inspect", "--format={{json .Config.Healthcheck.Test}}", name).stdout)[3:]
    assert docker("exec", name, "python", "-c", check, check=False).returncode == 0


def test_it_stops_when_it_is_asked_to(container: tuple[str, str]) -> None:
    name, origin = container
    answered(f"{origin}/functions/v1/health", name)
    docker("stop", "--time=30", name)
    assert docker("inspect", "--format={{.State.ExitCode}}", name).stdout.strip() in {"0", "143"}


def test_what_is_missing_is_named_before_it_serves(image: str) -> None:
    ended = docker("run", "--rm", "--env=FUNCTION_TARGET=get_social_metrics", image, check=False)
    assert ended.returncode == 1
    for name in ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"):
        assert name in ended.stderr


def test_nothing_but_the_functions_is_in_it(image: str) -> None:
    listed = docker("run", "--rm", "--entrypoint=ls", image, "-A", "/srv").stdout.split()
    assert set(listed) == {"main.py", "server.py", "showcase", "__pycache__"}
