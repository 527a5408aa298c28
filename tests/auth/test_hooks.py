"""Hooks are functions of the database: one that adds claims, one that answers nonsense, and the project's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import psycopg
import pytest

from local.settings import ROOT
from local.stack.services import gateway, identity_provider
from tests.auth.callers import AUTH, address, claims_of, sign_in
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.servers import running_services
from tests.support.sign_in import browse, query, register
from tests.support.stack import Stack, free_settings, stack_of, state_folder

ADDS = "jsonb_set(event, '{claims,plan}', '\"pro\"')"
REMOVES = "event #- '{claims,sub}'"
FAILS = "to_jsonb(1 / (event is null)::int)"
REFUSES = """'{"error": {"http_code": 403, "message": "Not today."}}'::jsonb"""


@contextmanager
def hooked(cluster: TestCluster, tmp_path: Path, answer: str) -> Iterator[Stack]:
    """A gateway whose custom_access_token hook gives `answer`, in SQL, to `event`."""
    config = tmp_path / "config.toml"
    text = (ROOT / "supabase" / "config.toml").read_text()
    hook = '[auth.hook.custom_access_token]\nenabled = true\nuri = "pg-functions://postgres/private/add_claims"\n'
    config.write_text(f"{text}\n{hook}")
    with cluster.copy(MIGRATED) as url:
        with psycopg.connect(url) as connection:
            function = f"private.add_claims(event jsonb) returns jsonb language sql as $$ select {answer} $$"
            connection.execute(f"create function {function}".encode())
            connection.execute("grant execute on function private.add_claims(jsonb) to supabase_auth_admin")
        settings = free_settings(state_folder(cluster), ())
        service = gateway(settings, url)
        own = replace(service, environment={**service.environment, "CONFIG": str(config)})
        with running_services((own, identity_provider(settings)), settings.logs, belongs_to=cluster.folder):
            yield stack_of(settings, url)


def test_a_hook_adds_claims(cluster: TestCluster, tmp_path: Path) -> None:
    with hooked(cluster, tmp_path, ADDS) as stack:
        assert claims_of(sign_in(stack)["access_token"])["plan"] == "pro"


@pytest.mark.parametrize(
    ("answer", "said"), [(REMOVES, "sub is required"), (REFUSES, "Not today."), (FAILS, "Error running hook")]
)
def test_a_hook_that_refuses_or_fails_ends_the_sign_in(
    cluster: TestCluster, tmp_path: Path, answer: str, said: str
) -> None:
    with hooked(cluster, tmp_path, answer) as stack:
        start = {"provider": "google", "login_hint": register(stack, email=address())}
        back = query(browse(str(httpx.URL(f"{stack.url}{AUTH}/authorize", params=start)), stack.site_url))
        assert said in back["error_description"]
        assert "access_token" not in str(back)


def test_the_projects_hook_refuses_accounts_that_are_not_googles(stack: Stack) -> None:
    with stack.client("service") as client:
        answer = client.post(f"{AUTH}/admin/generate_link", json={"type": "magiclink", "email": address()})
    assert (answer.status_code, answer.json()["msg"]) == (403, "Please sign in with Google.")
