"""The database as an older version left it: its migrations, and users with rows of everything."""

import json
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg import sql

from local.settings import ROOT
from tests.support.users import make_user

MIGRATIONS = Path("supabase") / "migrations"
Rows = dict[str, list[dict[str, Any]]]


def previous_release() -> str:
    """The newest tag v* that is not the commit at hand itself; empty where there is none."""
    found = _git("describe", "--tags", "--abbrev=0", "--match=v*", "HEAD^")
    return found.stdout.strip() if found.returncode == 0 else ""


def project_until(folder: Path, last: str) -> Path:
    """A project of the migrations of today up to that one."""
    (folder / MIGRATIONS).mkdir(parents=True)
    shutil.copy(ROOT / "supabase" / "config.toml", folder / "supabase")
    for migration in (ROOT / MIGRATIONS).glob("*.sql"):
        if migration.name.partition("_")[0] <= last:
            shutil.copy(migration, folder / MIGRATIONS)
    return folder


def project_of(folder: Path, tag: str) -> Path:
    """The project as it was released: migrations, seed and configuration."""
    archive = subprocess.run(["git", "archive", tag, "supabase"], cwd=ROOT, capture_output=True, check=True)
    folder.mkdir()
    subprocess.run(["tar", "-x"], cwd=folder, input=archive.stdout, check=True)
    return folder


def use(url: str, users: int = 20) -> None:
    """Rows of the baseline's tables and columns: what is there stays in every later version."""
    for number in range(users):
        make_user(url, "unused" * 8, "unused", email=f"upgrade{number}@example.com", tier=("free", "paid")[number % 2])
    with psycopg.connect(url) as connection:
        connection.execute((Path(__file__).with_name("previous_version.sql")).read_bytes())


def rows(url: str) -> Rows:
    """All rows of all tables of ours, of Auth's and Storage's; how buckets are set up is no data."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select format('%I.%I', schemaname, tablename), schemaname, tablename from pg_tables "
            "where schemaname in ('public', 'private', 'auth', 'storage') and tablename <> 'buckets' order by 1"
        ).fetchall()
        return {
            name: [
                row
                for (row,) in connection.execute(
                    sql.SQL("select to_jsonb(each) from {} as each order by each::text").format(
                        sql.Identifier(schema, table)
                    )
                )
            ]
            for name, schema, table in tables
        }


def lost(before: Rows, after: Rows, changed: Mapping[str, Collection[str]] = MappingProxyType({})) -> Rows:
    """The rows of before that are not there as they were; columns and tables may have been added.

    `changed` names the columns of a table that a migration changes on purpose.
    """
    missing: Rows = {}
    for table, known in before.items():
        columns = [column for column in (known[0] if known else ()) if column not in changed.get(table, ())]
        kept = {_text(row, columns) for row in after.get(table, [])}
        if gone := [row for row in known if _text(row, columns) not in kept]:
            missing[table] = gone
    return missing


def _text(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    return json.dumps([row.get(column) for column in columns])


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
