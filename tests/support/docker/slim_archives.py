"""Archives in place of Supabase's servers, as the CLI's managed stack downloads, checks and starts them natively.

Postgres is the embedded one, behind the entry point that the CLI calls; PostgREST, Auth and Storage are this
repository's own, in `slim_server.mjs`. Names, layout and checks are those of CLI 3.1.0: an archive and a manifest for
each service and platform, whose SHA-256 the project's supabase.lock holds.
"""

import hashlib
import io
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.postgres.migrations import PLATFORM, node_program
from local.settings import ROOT
from local.stack import supabase_cli
from local.stack.managed_stack import SUPABASE_CLI

# Service of the lock -> name of its archive.
ARCHIVES = {"database": "postgres", "rest": "postgrest", "auth": "auth", "storage": "storage"}
TARGET = (
    "darwin-arm64"
    if sys.platform == "darwin"
    else {"x86_64": "linux-amd64", "aarch64": "linux-arm64"}[platform.machine()]
)
SERVER = Path(__file__).with_name("slim_server.mjs")
PROGRAMS = ("pg_dump", "pg_dumpall", "pg_prove", "psql")

# What the image of Supabase's Postgres has beside the roles that local/postgres/platform makes.
BOOTSTRAP = """
create role postgres superuser login;
create role pgbouncer login;
create role supabase_replication_admin login replication;
create role supabase_read_only_user login;
create schema if not exists extensions;
create function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as $$
begin
  notify pgrst, 'reload schema';
end
$$;
create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
set session authorization postgres;
"""
START = """#!/bin/sh
set -eu
if [ ! -f "$PGDATA/PG_VERSION" ]; then
  {programs}/initdb -D "$PGDATA" -U "$POSTGRES_USER" --auth=trust --encoding=UTF8 --no-sync >&2
  socket=$(mktemp -d /tmp/slim-postgres-XXXXXX)
  {programs}/pg_ctl -D "$PGDATA" -w -l "$PGDATA/first.log" \\
    -o "-c listen_addresses= -c unix_socket_directories=$socket" start >&2
  {programs}/psql -X -q -v ON_ERROR_STOP=1 -h "$socket" -U "$POSTGRES_USER" -d postgres \\
    -f "$(dirname "$0")/../first.sql" >&2
  {programs}/pg_ctl -D "$PGDATA" -w -m fast stop >&2
  rm -r "$socket"
fi
# Of the libraries that the CLI asks for, supautils comes with Supabase's own Postgres alone.
for argument do
  shift
  case $argument in shared_preload_libraries=*) argument=shared_preload_libraries= ;; esac
  set -- "$@" "$argument"
done
exec {programs}/postgres "$@"
"""


@dataclass(frozen=True)
class Archive:
    """A file tree, packed: its bytes, and those of its manifest."""

    name: str
    packed: bytes
    manifest: bytes


def build(lock: Path, mirror: Path, programs: Path, journal: Path) -> None:
    """Fills `mirror` with the archives, and replaces their hashes in `lock`, which the CLI wrote.

    `programs` is the folder of the embedded Postgres; what the servers are given is written to `journal`.
    """
    content = json.loads(lock.read_text())
    for service, name in ARCHIVES.items():
        pin = content["services"][service]["resolved"]
        archive = _archive(name, f"{pin['upstreamVersion']}-r{pin['revision']}", _files(name, programs, journal))
        pin["natives"][TARGET] = {
            "archive": hashlib.sha256(archive.packed).hexdigest(),
            "manifest": hashlib.sha256(archive.manifest).hexdigest(),
        }
        folder = mirror / archive.name
        folder.mkdir(parents=True)
        (folder / f"{archive.name}-{TARGET}.tar.zst").write_bytes(archive.packed)
        (folder / f"{archive.name}-{TARGET}.manifest.json").write_bytes(archive.manifest)
    lock.write_text(json.dumps(content, indent=2) + "\n")


def _files(name: str, programs: Path, journal: Path) -> Mapping[str, str]:
    if name == "postgres":
        script = '#!/bin/sh\nexec {}/{} "$@"\n'
        sql = (ROOT / "local" / "postgres" / "platform" / f"{part}.sql" for part in PLATFORM)
        return {
            "bin/supabase-postgres-start": START.format(programs=shlex.quote(str(programs))),
            "bin/postgres": script.format(shlex.quote(str(programs)), "postgres"),
            **{f"bin/{program}": script.format(shlex.quote(str(programs)), program) for program in PROGRAMS},
            "share/supabase-cli/config/postgresql.conf.template": "\n",
            "first.sql": BOOTSTRAP + "\n".join(path.read_text() for path in sql),
        }
    command = shlex.join([str(node_program()), str(SERVER), name, str(journal)])
    server = f'#!/bin/sh\nexec {command} "$@"\n'
    prepare = f"#!/bin/sh\nexec {command} prepare\n"
    return {f"bin/{name}": server, **({"bin/prepare": prepare} if name == "storage" else {})}


def _archive(name: str, version: str, files: Mapping[str, str]) -> Archive:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        # Named, so that they may be entered whatever the umask of who unpacks is.
        for folder in sorted({str(parent) for path in files for parent in Path(path).parents} - {"."}):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(text.encode()), 0o755
            tar.addfile(entry, io.BytesIO(text.encode()))
    manifest: dict[str, Any] = {"service": name, "version": version, "target": TARGET}
    return Archive(f"{name}-{version}", _zstd(packed.getvalue()), json.dumps(manifest).encode())


def _zstd(content: bytes) -> bytes:
    """By Node: Python's standard library has Zstandard from 3.14 on."""
    program = "process.stdout.write(zlib.zstdCompressSync(fs.readFileSync(0)))"
    return subprocess.run([str(node_program()), "-e", program], input=content, capture_output=True, check=True).stdout


def cli(project: Path, environment: Mapping[str, str], *arguments: str) -> str:
    """What `supabase stack` prints for the project, with the home of `environment`."""
    given = {"HOME": environment["HOME"], "SUPABASE_EXPERIMENTAL_STACK": "1"}
    return subprocess.run(
        [*SUPABASE_CLI, "stack", *arguments],
        cwd=project,
        env=supabase_cli.environment(os.environ, **given),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def write_lock(project: Path, environment: Mapping[str, str]) -> Path:
    """The lock of a new project, as the CLI writes it: all services with the hashes of Supabase's archives."""
    (project / "supabase").mkdir(parents=True)
    shutil.copyfile(ROOT / "supabase" / "config.toml", project / "supabase" / "config.toml")
    cli(project, environment, "update")
    return project / "supabase" / "supabase.lock"


def started(journal: Path) -> dict[str, dict[str, str]]:
    """The environment that each server was started with; not those of `migrate` and `prepare`."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    return {service: environment for service, arguments, environment in lines if not arguments}
