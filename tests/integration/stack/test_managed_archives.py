"""STACK=supabase through the real Supabase CLI, which downloads archives of ours in place of Supabase's servers."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from dotenv import dotenv_values
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from local.postgres import cluster as postgres
from local.stack.managed_stack import MIRROR
from local.stack.ports import is_free
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.docker import slim_archives
from tests.support.doubles.served import served
from tests.support.ports import free_port
from tests.support.up import READY_SECONDS, Up, own_environment


@pytest.fixture
def up(cluster: TestCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Up]:
    """`make up` with a home of its own, and a lock that holds the hashes of our archives."""
    state = cluster.folder / f"managed-{tmp_path.name}"
    state.mkdir()
    home, mirror = state / "home", state / "mirror"
    home.mkdir()
    variables = {"STACK": "supabase", "HOME": str(home), "CRON": "false"}
    ports = {name: str(free_port()) for name in ("POSTGRES_PORT", "POSTGREST_PORT")}
    with served(Starlette(routes=[Mount("/", StaticFiles(directory=mirror, check_dir=False))])) as url:
        environment = own_environment(state, **variables, **ports, **{MIRROR: url})
        project = state / "supabase-stack"
        lock = slim_archives.write_lock(project, environment)
        programs = postgres.locate(state / "unused" / "pgdata", 0, state / "unused.log").programs
        slim_archives.build(lock, mirror, programs, state / "journal")
        up = Up(state, environment)
        try:
            yield up
        finally:
            if up.process is not None and up.process.poll() is None:
                up.press_ctrl_c()
            slim_archives.cli(project, environment, "stop")


def test_supabases_servers_are_started_migrated_served_and_stopped(up: Up) -> None:
    process, begun = up.launch(), time.monotonic()
    while "is ready after" not in up.said:
        assert process.poll() is None, up.said
        assert time.monotonic() - begun < READY_SECONDS, up.said
        time.sleep(0.1)
    database = f"postgresql://postgres:postgres@127.0.0.1:{up.port('POSTGRES_PORT')}/postgres"
    with psycopg.connect(database) as connection:
        assert connection.execute("select count(*) > 0 from public.projects").fetchone() == (True,)
    said = slim_archives.cli(up.state / "supabase-stack", up.environment, "status", "--env", "--output-format=text")
    key = dotenv_values(stream=io.StringIO(said))["PUBLISHABLE_KEY"] or ""
    seen = plain_http.get(f"{up.url}/rest/v1/projects?select=id", headers={"apikey": key}).json()
    assert (seen["service"], seen["path"]) == ("postgrest", "/projects?select=id")
    assert seen["headers"]["authorization"].startswith("Bearer ey")  # the CLI's proxy puts a token in the key's place
    assert plain_http.get(f"{up.url}/auth/v1/settings", headers={"apikey": key}).json()["service"] == "auth"
    assert up.press_ctrl_c() == 0, up.said
    ports = [int(value) for name, value in up.environment.items() if name.endswith("_PORT") and value]
    assert [port for port in ports if not is_free(port)] == []
    started = slim_archives.started(up.state / "journal")
    assert {"auth", "postgrest", "storage"} == set(started)
    assert started["postgrest"]["PGRST_DB_SCHEMAS"] == "public,graphql_public"
