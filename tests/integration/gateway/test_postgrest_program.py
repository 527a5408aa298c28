"""POSTGREST=path: that program runs behind the gateway, with a hosted project's settings, once it was checked."""

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import jwt
import pytest

from local.settings import ROOT, Settings, SettingsError
from local.stack.postgrest import find_postgrest
from local.stack.services import api
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.stack import free_settings, state_folder

RECORDER = ROOT / "tests" / "support" / "doubles" / "postgrest_recorder.py"


def program(folder: Path, command: str) -> Path:
    path = folder / "postgrest"
    path.write_text(f"#!/bin/sh\nexec {command}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def settings(cluster: TestCluster, tmp_path: Path) -> Settings:
    recorder = program(tmp_path, f'{sys.executable} {RECORDER} "$@"')
    ports = {"postgrest_port": free_port(), "postgrest_admin_port": free_port()}
    return free_settings(state_folder(cluster), ()).model_copy(update={"postgrest": str(recorder), **ports})


@pytest.fixture
def client(settings: Settings, cluster: TestCluster, database: str) -> Iterator[httpx.Client]:
    with (
        running_services(api(settings, database), settings.logs, belongs_to=cluster.folder),
        plain_http.Client(base_url=settings.gateway_url, timeout=30, trust_env=False) as client,
    ):
        yield client


def test_it_has_a_hosted_projects_settings_and_gets_requests_as_they_came(
    client: httpx.Client, settings: Settings, database: str
) -> None:
    target = "/rest/v1/projects?select=title,users(username)&title=eq.a%20b"
    seen = client.post(target, json=[1], headers={"apikey": settings.supabase_publishable_key}).json()
    configuration = seen["configuration"]
    assert configuration["PGRST_DB_URI"] == database.replace("postgres:postgres@", "authenticator:postgres@")
    assert configuration["PGRST_DB_SCHEMAS"] == "public,graphql_public"
    assert configuration["PGRST_DB_EXTRA_SEARCH_PATH"] == "public,extensions"
    assert configuration["PGRST_DB_ANON_ROLE"] == "anon"
    assert configuration["PGRST_DB_MAX_ROWS"] == "1000"
    keys = {key["kty"]: key for key in json.loads(configuration["PGRST_JWT_SECRET"])["keys"]}
    assert base64.urlsafe_b64decode(keys["oct"]["k"] + "==").decode() == settings.supabase_jwt_secret
    assert keys["EC"]["kid"] == json.loads(settings.supabase_jwt_signing_key)["kid"]
    assert "d" not in keys["EC"]
    assert int(configuration["PGRST_DB_POOL"]) > 0
    assert (seen["method"], seen["path"], seen["body"]) == ("POST", target.removeprefix("/rest/v1"), "[1]")


@pytest.mark.parametrize(
    ("key", "role"), [("supabase_publishable_key", "anon"), ("supabase_secret_key", "service_role")]
)
def test_an_api_key_becomes_a_token_of_its_role(client: httpx.Client, settings: Settings, key: str, role: str) -> None:
    seen = client.get("/rest/v1/projects", headers={"apikey": getattr(settings, key)}).json()
    token = seen["headers"]["Authorization"].removeprefix("Bearer ")
    assert jwt.decode(token, settings.supabase_jwt_secret, ["HS256"])["role"] == role


def test_a_users_token_passes_and_no_key_is_refused(client: httpx.Client, settings: Settings) -> None:
    headers = {"apikey": settings.supabase_publishable_key, "Authorization": "Bearer theirs"}
    assert client.get("/rest/v1/projects", headers=headers).json()["headers"]["Authorization"] == "Bearer theirs"
    assert client.get("/rest/v1/projects").status_code == 401
    assert client.get("/rest/v1/projects", headers={"apikey": "another"}).json()["message"] == "Invalid API key"


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("PostgREST 13.0.4", "and .* is PostgREST 13.0.4"),
        ("something else", "and .* is something else"),
        ("", "is none"),
    ],
)
def test_another_program_is_refused(tmp_path: Path, version: str, said: str) -> None:
    other = program(tmp_path, f"echo {version}")
    with pytest.raises(SettingsError, match=f"PostgREST 14 to 16 is wanted, .*{said}"):
        find_postgrest(Settings.model_construct(postgrest=str(other)))


def test_path_means_the_one_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(SettingsError, match="there is no program postgrest"):
        find_postgrest(Settings.model_construct(postgrest="path"))
    found = program(tmp_path, "echo PostgREST 14.1")
    assert find_postgrest(Settings.model_construct(postgrest="path")) == str(found)
