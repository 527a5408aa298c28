"""Read the matrix, and what the database really has to compare it with."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, LiteralString

import psycopg

CALLERS = ("anon", "owner", "other", "service")
ACTIONS = {
    "table": ("select", "insert", "update", "delete"),
    "function": ("call",),
    "bucket": ("upload", "read", "open", "list", "sign", "overwrite", "delete"),
}
OUTCOMES = {"ok", "partly", "called", "refused", "none", "denied", "absent"}
FOLDER = Path(__file__).with_name("matrix")

# Tables and views of every sort, functions and buckets; not what an extension brought. A name twice is an overload.
CATALOGUE: LiteralString = """
select 'table', nspname || '.' || relname from pg_class
join pg_namespace on pg_namespace.oid = relnamespace
where relkind in ('r', 'p', 'v', 'm', 'f') and nspname in ('public', 'private')
  and not exists (select from pg_depend where objid = pg_class.oid and deptype = 'e')
union all
select 'function', nspname || '.' || proname from pg_proc
join pg_namespace on pg_namespace.oid = pronamespace
where nspname in ('public', 'private')
  and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
union all
select 'bucket', id from storage.buckets
"""


@dataclass(frozen=True)
class Cell:
    kind: str
    name: str
    row: str
    action: str
    caller: str
    outcome: str

    def __str__(self) -> str:
        return f"{self.name} ({self.row}) {self.action} {self.caller} {self.outcome}"


@dataclass(frozen=True)
class Line:
    kind: str
    name: str
    row: str
    action: str
    outcomes: tuple[str, str, str, str]


@cache
def read_lines() -> list[Line]:
    return [
        Line(kind, name, " ".join(row), each, (a, b, c, d))
        for kind, actions in ACTIONS.items()
        for line in (FOLDER / f"{kind}s.txt").read_text().splitlines()
        if line and not line.startswith("#")
        for name, *row, action, a, b, c, d in [line.split()]
        for each in (actions if action == "all" else (action,))
    ]


@cache
def names() -> set[tuple[str, str]]:
    return {(line.kind, line.name) for line in read_lines()}


def cells(kind: str, *actions: str) -> list[Cell]:
    """All of a kind, or those of some actions."""
    return [
        Cell(kind, line.name, line.row, line.action, caller, outcome)
        for line in read_lines()
        if line.kind == kind and (not actions or line.action in actions)
        for caller, outcome in zip(CALLERS, line.outcomes, strict=True)
    ]


def served(kind: str) -> list[Cell]:
    return [cell for cell in cells(kind) if cell.outcome != "absent"]


def catalogue(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Kind and name of everything that a caller could reach for."""
    return sorted((kind, name) for kind, name in connection.execute(CATALOGUE).fetchall())
