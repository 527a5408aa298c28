"""STACK=supabase through the real Supabase CLI, which downloads archives of ours in place of Supabase's servers."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from dotenv import dotenv_values
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from local.postgres import cluster as postgres
from local.settings import ROOT
from local.stack.managed_stack import LOCK, MIRROR
from local.stack.ports import is_free
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.docker import slim_archives
from tests.support.doubles.served import served
from tests.support.ports import free_port
from tests.support.up import READY_SECONDS, Up, own_environment


@dataclass(frozen=True)
class Archives:
    folder: Path
    variables: Mapping[str, str]  # a home of its own, where the archives are, and the lock that holds their hashes

    @property
    def journal(self) -> Path:
        return self.folder / "journal"


@pytest.fixture(scope="module")
def archives(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archives]:
    folder = cluster.folder / tmp_path_factory.mktemp("archives").name
    home, mirror = folder / "home", folder / "mirror"
    home.mkdir(parents=True)
    lock = slim_archives.write_lock(folder / "project", {"HOME": str(home)})
    programs = postgres.locate(folder / "unused" / "pgdata", 0, folder / "unused.log").programs
    slim_archives.build(lock, mirror, programs, folder / "journal")
    with served(Starlette(routes=[Mount("/", StaticFiles(directory=mirror))])) as url:
        yield Archives(folder, {"STACK": "supabase", "HOME": str(home), MIRROR: url, LOCK: str(lock)})


@pytest.fixture
def up(archives: Archives) -> Iterator[Up]:
    state = archives.folder / "state"
    ports = {name: str(free_port()) for name in ("POSTGRES_PORT", "POSTGREST_PORT")}
    up = Up(state, own_environment(state, CRON="false", **ports, **archives.variables))
    try:
        yield up
    finally:
        up.remove()


def test_supabases_servers_are_started_migrated_served_stopped_and_forgotten(up: Up, archives: Archives) -> None:
    process, begun = up.launch(), time.monotonic()
    while "is ready after" not in up.said:
        assert process.poll() is None, up.said
        assert time.monotonic() - begun < READY_SECONDS, up.said
        time.sleep(0.1)
    database = f"postgresql://postgres:postgres@127.0.0.1:{up.port('POSTGRES_PORT')}/postgres"
    with psycopg.connect(database) as connection:
        assert connection.execute("select count(*) > 0 from public.projects").fetchone() == (True,)
    project = up.state / "supabase-stack"
    said = slim_archives.cli(project, up.environment, "status", "--env", "--output-format=text")
    key = dotenv_values(stream=io.StringIO(said))["PUBLISHABLE_KEY"] or ""
    # The CLI's proxy puts a token in the key's place.
    assert plain_http.get(f"{up.url}/rest/v1/projects?select=id", headers={"apikey": key}).json() != []
    assert plain_http.get(f"{up.url}/auth/v1/settings", headers={"apikey": key}).json()["external"]["google"] is True
    assert up.press_ctrl_c() == 0, up.said
    ports = [int(value) for name, value in up.environment.items() if name.endswith("_PORT") and value]
    assert [port for port in ports if not is_free(port)] == []
    started = slim_archives.started(archives.journal)
    assert {"auth", "postgrest", "storage"} == set(started)
    assert started["postgrest"]["PGRST_DB_SCHEMAS"] == "public,graphql_public"
    stacks = Path(archives.variables["HOME"]) / ".supabase" / "stacks"
    assert list(stacks.glob("*/data/*")) != []
    subprocess.run([sys.executable, "-m", "local", "reset"], cwd=ROOT, env=up.environment, check=True)
    assert list(stacks.glob("*/data/*")) == []


# By both keys, users' tokens and forged ones, at all servers and a function.
SOME = "tests/access/attempts/test_tokens.py"


def suite(variables: Mapping[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """`make test` of some tests."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--show-capture=no", *options, SOME],
        cwd=ROOT,
        env=inherited | dict(variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_suite_runs_on_it_and_leaves_nothing(archives: Archives) -> None:
    done = suite(archives.variables, "-n", "0")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "skipped" not in done.stdout
    assert list((Path(archives.variables["HOME"]) / ".supabase" / "stacks").glob("*/data/*")) == []


@pytest.mark.slow  # the CLI tries for 16 s
def test_the_suite_says_in_a_line_that_nothing_can_be_downloaded(archives: Archives, tmp_path: Path) -> None:
    done = suite(dict(archives.variables) | {"HOME": str(tmp_path), MIRROR: "http://127.0.0.1:9"}, "-n", "2")
    assert done.returncode != 0
    [line] = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("ERROR")]
    assert "STACK=embedded" in line
