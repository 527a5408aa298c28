"""The four callers, and the superuser who sees what their requests really did."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.support.stack import Stack
from tests.support.users import User

Json = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A row that can be stored: where, its values, how to find it, and a change that it bears."""

    table: str
    values: Json
    change: Json
    key: tuple[str, ...] = ("id",)
    stored: bool = False  # something else has made it already

    @property
    def filter(self) -> dict[str, str]:
        return {column: f"eq.{self.values[column]}" for column in self.key}


@dataclass(frozen=True)
class World:
    stack: Stack
    owner: User
    other: User
    clients: dict[str, httpx.Client]
    database: psycopg.Connection[Any] = field(repr=False)

    def store(self, row: Row) -> Row:
        """As superuser, whatever the policies say."""
        if not row.stored:
            self.database.execute(
                sql.SQL("insert into {} ({}) values ({})").format(
                    identifier(row.table),
                    sql.SQL(", ").join(map(sql.Identifier, row.values)),
                    sql.SQL(", ").join(sql.Placeholder() * len(row.values)),
                ),
                [Jsonb(value) if isinstance(value, (dict, list)) else value for value in row.values.values()],
            )
        return row

    def stored(self, row: Row) -> Json | None:
        """The row as it is in the database now."""
        same = (
            sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(row.values[column])) for column in row.key
        )
        statement = sql.SQL("select to_jsonb(t) from {} as t where {}").format(
            identifier(row.table), sql.SQL(" and ").join(same)
        )
        found = self.database.execute(statement).fetchone()
        return found[0] if found else None

    def project(self, status: str = "published", **values: Any) -> str:
        """The id of a new project of the owner."""
        project = {"id": str(uuid.uuid4()), "user_id": str(self.owner.id), "title": "Mine", "status": status} | values
        self.store(Row("public.projects", project, {}))
        return str(project["id"])

    def everything(self) -> dict[str, str]:
        """A digest of the rows of each table of ours, to see that a request left no trace."""
        tables = self.database.execute(
            "select schemaname, tablename from pg_tables where schemaname in ('public', 'private')"
        ).fetchall()
        # Where each row lies and which transaction wrote it: an update changes both, whatever it writes.
        digest = sql.SQL("select {}, count(*) || ' ' || coalesce(sum(hashtext(ctid || ' ' || xmin)), 0) from {}")
        parts = (digest.format(sql.Literal(".".join(table)), sql.Identifier(*table)) for table in tables)
        return dict(self.database.execute(sql.SQL(" union all ").join(parts)).fetchall())


def identifier(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


@contextmanager
def make_world(stack: Stack) -> Iterator[World]:
    owner, other = stack.make_user(), stack.make_user()
    with ExitStack() as closing:
        clients = {
            "anon": closing.enter_context(stack.client("anon")),
            "owner": closing.enter_context(stack.client(owner)),
            "other": closing.enter_context(stack.client(other)),
            "service": closing.enter_context(stack.client("service")),
        }
        database = closing.enter_context(psycopg.connect(stack.database_url, autocommit=True))
        yield World(stack, owner, other, clients, database)
