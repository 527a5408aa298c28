"""The recorded rows in a database of the recorded schema: put there, compared after a request, and put back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.postgrest.recording import RECORDED, Changes
from tests.support.schema import load

# What jobs write down of their own runs depends on the moment.
UNCOMPARED = ("private.job_runs", "private.cron_jobs", "private.billing_walk")
_TABLES = """
    select format('%I.%I', nspname, relname), string_agg(quote_ident(attname), ', ' order by attnum)
    from pg_class
    join pg_namespace as schemas on schemas.oid = relnamespace
    join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = ''
    where relkind = 'r'
      and (nspname in ('public', 'private') or nspname = 'auth' and relname in ('users', 'identities'))
    group by 1 order by 1
"""
_SEQUENCES = """
    select format('select setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename),
      coalesce(last_value, start_value), last_value is not null)
    from pg_sequences where schemaname in ('public', 'private')
"""


def fill(url: str) -> None:
    """Make an empty project's database the one that PostgREST was asked on."""
    load(url, RECORDED / "schema.sql")
    with psycopg.connect(url) as connection:
        # Hosted projects have it; both schemas are exposed.
        connection.execute("create schema graphql_public")
        connection.execute("grant usage on schema graphql_public to anon, authenticated, service_role")
        connection.execute("set local session_replication_role = replica")
        for file in sorted((RECORDED / "rows").glob("*.tsv")):
            text = file.read_text(encoding="utf-8")
            columns = ", ".join(text.split("\n", 1)[0].split("\t"))
            connection.execute(f"delete from {file.stem}".encode())
            copy_in(connection, f"copy {file.stem} ({columns}) from stdin with (header)", text.encode())
        connection.execute("select setval('private.stripe_tickets', 2)")  # two events had been recorded
        connection.execute("analyze")  # counts are planned, and rows without an order come, as the statistics say


def copy_in(connection: psycopg.Connection, statement: str, data: bytes) -> None:
    with connection.cursor().copy(statement.encode()) as copy:
        copy.write(data)


@dataclass(repr=False)  # Hypothesis prints what a test was given
class Rows:
    """All rows as they were when this was made. `connection` is in autocommit mode."""

    connection: psycopg.Connection
    columns: dict[str, str] = field(default_factory=dict)
    copies: dict[str, bytes] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    sequences: str = ""

    def __post_init__(self) -> None:
        self.columns = dict(self.connection.execute(_TABLES).fetchall())
        self.copies = {table: self._copied(table) for table in self.columns}
        self.digests = self._digests()
        self.sequences = "; ".join(row[0] for row in self.connection.execute(_SEQUENCES))

    def restore(self) -> Changes:
        """Put back whatever a request changed; the rows that it removed and added."""
        changed = [table for table, digest in self._digests().items() if digest != self.digests[table]]
        after = {table: self._rows(table) for table in changed}
        with self.connection.transaction():
            self.connection.execute("set local session_replication_role = replica")
            for table in changed:
                self.connection.execute(f"delete from {table}".encode())
                copy_in(self.connection, f"copy {table} ({self.columns[table]}) from stdin", self.copies[table])
                self.connection.execute(f"analyze {table}".encode())
        self.connection.execute(self.sequences.encode())
        return {table: _changed(self._rows(table), after[table]) for table in changed if table not in UNCOMPARED}

    def _digests(self) -> dict[str, str]:
        each = (
            f"select '{table}', md5(coalesce(string_agg(row::text, ' ' order by row::text), '')) from {table} as row"
            for table in self.columns
        )
        return dict(self.connection.execute(" union all ".join(each).encode()).fetchall())

    def _copied(self, table: str) -> bytes:
        with self.connection.cursor().copy(
            f"copy (select {self.columns[table]} from {table}) to stdout".encode()
        ) as copy:
            return b"".join(bytes(block) for block in copy)

    def _rows(self, table: str) -> dict[str, Any]:
        found = self.connection.execute(f"select to_jsonb(row) from {table} as row".encode()).fetchall()
        return {json.dumps(row, sort_keys=True): row for (row,) in found}


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    removed = [row for text, row in before.items() if text not in after]
    added = [row for text, row in after.items() if text not in before]
    return {kind: rows for kind, rows in (("removed", removed), ("added", added)) if rows}
