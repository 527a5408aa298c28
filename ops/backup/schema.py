"""The schema as SQL: what is made before the rows are there, and what after them.

Of Auth's and Storage's schemas, which every project has, only what we put on their tables: triggers and policies.
"""

import os
import re
import secrets
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from local.postgres.cluster import wheel_programs
from ops.backup.errors import BackupError
from ops.backup.extensions import read_extensions
from ops.backup.publication import read_publication

OURS = ("private", "public", "supabase_migrations")
PLATFORM = ("auth", "storage")
# Made by every project itself; of these, nothing is ours.
FOREIGN = ("cron", "extensions", "graphql", "graphql_public", "net", "pgbouncer", "realtime", "vault")
# What Auth and Storage note about themselves, and uploads that are under way: another project has its own. A hosted
# project's `postgres` may not read them all, and so not lock them either, which pg_dump does for whatever it looks at.
THEIRS = ("auth.schema_migrations", "storage.migrations", "storage.prefixes")
UNFINISHED = "storage.s3_multipart_uploads"  # and whatever begins so; a trigger on it may be ours
UNREADABLE = """
    select c.oid::regclass::text from pg_class c
    where c.relkind = 'r' and starts_with(c.relnamespace::regnamespace || '.' || c.relname, %s)
      and not has_table_privilege(c.oid, 'select')
"""

VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "options": "PGOPTIONS",
}
# Unknown to the servers before 17.
NEWER = "SET transaction_timeout = 0;\n"
ENTRY = re.compile(r"^\d+; \d+ \d+ (?P<kind>[A-Z]+(?: [A-Z]+)*) (?P<schema>\S+) (?P<tag>.*) (?P<owner>\S+)$")
OUR_TRIGGERS = """
    select c.relname || ' ' || t.tgname from pg_trigger t
    join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_proc p on p.oid = t.tgfoid join pg_namespace f on f.oid = p.pronamespace
    where not t.tgisinternal and n.nspname = any (%s) and f.nspname = any (%s)
"""


@dataclass(frozen=True)
class Schema:
    before: bytes
    after: bytes


def read_schema(connection: psycopg.Connection, database_url: str, snapshot: str) -> Schema:
    """As it is in the snapshot."""
    owner = connection.info.user.partition(".")[0]  # a pooler's names have the project behind a dot
    rows = connection.execute(OUR_TRIGGERS, (list(PLATFORM), list(OURS))).fetchall()
    triggers = {row[0] for row in rows}
    with tempfile.TemporaryDirectory() as folder:
        dump, kept = Path(folder) / "schema", Path(folder) / "kept"
        chosen = [f"--schema={name}" for name in (*OURS, *PLATFORM)]
        unreadable = [row[0] for row in connection.execute(UNREADABLE, (UNFINISHED,)).fetchall()]
        chosen += [f"--exclude-table={name}" for name in (*THEIRS, *unreadable)]
        arguments = ["--format=custom", "--schema-only", "--no-owner", f"--snapshot={snapshot}", f"--file={dump}"]
        _run("pg_dump", *arguments, *chosen, database_url=database_url)
        entries = _run("pg_restore", "--list", str(dump)).decode().splitlines()
        kept.write_text("\n".join(line for line in entries if _is_ours(line, triggers, owner)) + "\n")
        # psql's protection against its own commands: we are no psql, and take these lines away.
        key = secrets.token_hex(16)
        fixed = ("--no-owner", f"--use-list={kept}", f"--restrict-key={key}", "--file=-", str(dump))
        before, after = (_run("pg_restore", f"--section={section}", *fixed) for section in ("pre-data", "post-data"))
    return Schema(
        read_extensions(connection) + _plain(before, key),
        _plain(after, key) + read_publication(connection, list(OURS)),
    )


def _is_ours(line: str, triggers: set[str], owner: str) -> bool:
    if (entry := ENTRY.match(line)) is None:
        return False
    kind, schema, tag = entry["kind"], entry["schema"], entry["tag"]
    if kind == "DEFAULT ACL" and entry["owner"] != owner:
        return False  # of Supabase's own administrator, whose rights nobody else may change
    if schema in PLATFORM:
        comment = kind == "COMMENT" and tag.startswith(("TRIGGER ", "POLICY "))
        return comment or kind == "POLICY" or (kind == "TRIGGER" and tag in triggers)
    if schema in OURS:
        return True
    name = tag.removeprefix("SCHEMA ")
    return schema == "-" and name in OURS and (name != "public" or kind in ("ACL", "COMMENT"))


def _plain(text: bytes, key: str) -> bytes:
    for line in (f"\\restrict {key}\n", f"\\unrestrict {key}\n", NEWER):
        text = text.replace(line.encode(), b"", 1)
    return text


def _run(program: str, *arguments: str, database_url: str = "") -> bytes:
    """The address and its password go by the environment, where other users do not see them."""
    given = conninfo_to_dict(database_url) if database_url else {}
    environment = {VARIABLES[name]: str(value) for name, value in given.items() if name in VARIABLES}
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PG", "BACKUP_", "SUPABASE_"))
    }
    finished = subprocess.run(
        [wheel_programs() / program, *arguments],
        env={**inherited, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if finished.returncode:
        said = finished.stderr.decode(errors="replace").strip()
        raise BackupError(f"{program} failed: {said or f'it ended with {finished.returncode}'}")
    return finished.stdout
