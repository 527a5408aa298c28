"""The state (sql/, policies/) and the history (supabase/migrations) are one schema."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local.postgres import migrations, system_user
from local.settings import ROOT
from tests.support.cluster import PLATFORM, TestCluster
from tests.support.schema import dump, load_state, run


def buckets(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "select id, name, public, file_size_limit, allowed_mime_types from storage.buckets order by id"
        ).fetchall()


def makers_of_temporary_objects(url: str) -> list[tuple[object, ...]]:
    """A dump of the schema leaves the rights to the database itself out."""
    roles = ["anon", "authenticated", "service_role", "authenticator"]
    with psycopg.connect(url) as connection:
        return connection.execute(
            """
            select role from unnest(%s::name[]) as role
            where has_database_privilege(role, current_database(), 'temporary')
            """,
            (roles,),
        ).fetchall()


def test_state_equals_history(cluster: TestCluster) -> None:
    with cluster.copy(PLATFORM) as state, cluster.copy(PLATFORM) as history:
        load_state(state)
        migrations.push(history, seed=False)
        dumped = dump(state)
        assert any("users change their own projects" in line for line in dumped), "the dump holds the policies"
        assert any("security_invoker" in line for line in dumped), "the dump holds view options"
        assert dump(history) == dumped
        assert buckets(history) == buckets(state)
        assert len(buckets(state)) == 6
        assert makers_of_temporary_objects(state) == makers_of_temporary_objects(history) == []


def test_the_manifest_names_every_file() -> None:
    manifest = (ROOT / "sql" / "load.sql").read_text()
    files = [path.relative_to(ROOT / "sql") for path in (ROOT / "sql").rglob("*.sql")]
    files += [".." / path.relative_to(ROOT) for path in (ROOT / "policies").rglob("*.sql")]
    named = sorted(re.findall(r"^\\ir (.+)$", manifest, re.MULTILINE))
    assert named == sorted(str(file) for file in files if file.name != "load.sql")


@pytest.fixture
def postgresql_15(tmp_path: Path) -> Iterator[str]:
    """The URL of an empty cluster of the oldest major version that Supabase projects run."""
    found = shutil.which("pg_ctl", path=f"/usr/lib/postgresql/15/bin{os.pathsep}{os.environ['PATH']}")
    if found is None or " 15." not in run(Path(found), "--version"):
        pytest.skip("PostgreSQL 15 is not installed here")
    programs = Path(found).parent
    user = system_user.system_user()
    folder = tmp_path / "cluster"
    data = system_user.private_home(folder) if user and not system_user.can_enter(user, tmp_path) else folder
    data.mkdir(mode=0o700, parents=True)
    if user is not None:
        shutil.chown(data, user.uid, user.gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = ["-w", "-o", f"-h 127.0.0.1 -p {port} -c fsync=off -c unix_socket_directories=''", "-l", str(data / "log")]

    def run_as_server(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs / program), *arguments],
            cwd="/",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            check=True,
            stdout=subprocess.DEVNULL,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )

    run_as_server("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync")
    run_as_server("pg_ctl", "-D", str(data), *start, "start")
    try:
        yield f"postgresql://postgres:postgres@127.0.0.1:{port}/postgres"
    finally:
        run_as_server("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(data, ignore_errors=True)


def test_history_applies_to_postgresql_15(postgresql_15: str) -> None:
    migrations.make_platform(postgresql_15)
    migrations.push(postgresql_15)
    with psycopg.connect(postgresql_15) as connection:
        assert connection.info.server_version // 10000 == 15
        assert connection.execute("select count(*) from public.projects").fetchone() == (3,)
        assert connection.execute("select username from private.users order by 1").fetchall() == [("ada",), ("grace",)]
        search = """select search_projects("limit" => 1, cursor => %s) ->> 'next_cursor'"""
        first = connection.execute(search, (None,)).fetchone()
        assert first
        assert connection.execute(search, first).fetchone() == (None,)
        with pytest.raises(psycopg.errors.InvalidParameterValue, match=r"^cursor is the next_cursor"):
            connection.execute(search, ("2026-02-31 00000000-0000-4000-8000-000000000101",))
