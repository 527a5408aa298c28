"""A database's schema, as text that can be compared."""

import subprocess
from pathlib import Path

from local.postgres import cluster as postgres
from local.settings import ROOT


def run(program: Path, *arguments: str) -> str:
    finished = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def dump(url: str) -> list[str]:
    """The whole schema: tables, functions, triggers on Auth's tables, policies, grants, comments, view options."""
    text = run(postgres.wheel_programs() / "pg_dump", "--schema-only", "--exclude-schema=supabase_migrations", url)
    # Each dump has a random key of its own.
    return [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


def load_state(url: str) -> None:
    """Makes the schema of sql/ and policies/ in a database that is as a new project."""
    load(url, ROOT / "sql" / "load.sql")


def load(url: str, file: Path) -> None:
    """Runs a file of SQL in one transaction. Raises: AssertionError, with what psql printed."""
    psql = postgres.wheel_programs() / "psql"
    run(psql, "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", str(file), url)
