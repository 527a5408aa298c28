"""The front: one origin for servers that run elsewhere; here the embedded stack's, as if they were a project's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from local.settings import ROOT
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.doubles.upstream import running_upstream
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.stack import Stack, free_settings, stack_of
from tests.support.supabase_stack import PROJECT, Chosen, Servers, front, running_supabase_stack
from tests.support.users import User


@pytest.fixture
def fronted(stack: Stack, cluster: TestCluster, tmp_path: Path) -> Iterator[Stack]:
    (tmp_path / "logs").mkdir()
    servers = Servers(stack.database_url, f"{stack.url}/auth/v1", f"{stack.url}/rest/v1", f"{stack.url}/storage/v1")
    own = free_settings(tmp_path)
    keys = {"supabase_publishable_key": stack.publishable_key, "supabase_secret_key": stack.secret_key}
    port = int(stack.functions_url.rpartition(":")[2])
    settings = own.model_copy(update={**keys, "supabase_jwt_secret": stack.jwt_secret, "functions_port": port})
    with running_services(
        [front(Chosen(servers, settings, takes_keys=True))], settings.logs, belongs_to=cluster.folder
    ):
        yield stack_of(settings, stack.database_url)


def test_each_path_leads_to_its_server(fronted: Stack, user: User) -> None:
    with fronted.client(user) as client:
        assert client.get("/rest/v1/users", params={"select": "username", "id": f"eq.{user.id}"}).json() == [
            {"username": user.username}
        ]
        assert client.get("/auth/v1/settings").json()["external"]["google"] is True
        assert fronted.health().status_code == 200
        assert client.get("/elsewhere").json()["code"] == "not_found"
        assert client.get("/restless").status_code == 404
    with fronted.client("service") as client:
        assert "project-media" in {bucket["id"] for bucket in client.get("/storage/v1/bucket").json()}


def test_servers_without_a_gateway_get_a_key_as_its_roles_token(
    fronted: Stack, cluster: TestCluster, tmp_path: Path
) -> None:
    """And a token of a user's own as it is."""
    folder = tmp_path / "translating"
    (folder / "logs").mkdir(parents=True)
    keys = {"supabase_publishable_key": fronted.publishable_key, "supabase_secret_key": fronted.secret_key}
    with running_upstream(port := free_port()):
        settings = free_settings(folder).model_copy(update={**keys, "supabase_jwt_secret": fronted.jwt_secret})
        echo = f"http://127.0.0.1:{port}/functions/v1/echo"
        chosen = Chosen(Servers("", echo, echo, echo), settings, takes_keys=False)
        with running_services([front(chosen)], settings.logs, belongs_to=cluster.folder):
            for key, role in ((fronted.publishable_key, "anon"), (fronted.secret_key, "service_role")):
                for headers in ({"apikey": key}, {"apikey": key, "Authorization": f"Bearer {key}"}):
                    seen = passed(settings.gateway_url, headers)
                    token = seen["authorization"].removeprefix("Bearer ")
                    assert jwt.decode(token, fronted.jwt_secret, algorithms=["HS256"])["role"] == role
                    assert seen["apikey"] == token
            own = {"apikey": fronted.publishable_key, "Authorization": "Bearer some.users.token"}
            assert passed(settings.gateway_url, own)["authorization"] == "Bearer some.users.token"
            assert "authorization" not in passed(settings.gateway_url, {"apikey": "sb_secret_wrong"})


def passed(origin: str, headers: dict[str, str]) -> dict[str, str]:
    """The headers that arrive behind the front."""
    answer = plain_http.get(f"{origin}/rest/v1", headers=headers, trust_env=False)
    return dict(answer.json()["headers"])


def test_the_tests_run_against_a_running_project(stack: Stack) -> None:
    """As against `supabase start`: its servers, its keys, its database."""
    project = {
        "STACK": "docker",
        "SUPABASE_URL": stack.url,
        "DATABASE_URL": stack.database_url,
        "SUPABASE_PUBLISHABLE_KEY": stack.publishable_key,
        "SUPABASE_SECRET_KEY": stack.secret_key,
        "SUPABASE_JWT_SECRET": stack.jwt_secret,
    }
    some = ["tests/access/attempts/test_tokens.py", "tests/integration/functions/test_contract.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", *some],
        cwd=ROOT,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}, **project},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "skipped" not in done.stdout


def test_a_project_on_another_machine_is_refused(monkeypatch: pytest.MonkeyPatch, cluster: TestCluster) -> None:
    """The tests write to its database."""
    for name in PROJECT:
        monkeypatch.setenv(name, "https://abcdefghijklmnopqrst.supabase.co")
    with (
        pytest.raises(RuntimeError, match="SUPABASE_URL leads to another machine"),
        running_supabase_stack(cluster),
    ):
        pass
