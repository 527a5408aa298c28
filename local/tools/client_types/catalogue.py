"""The tables, views and functions of the schema public as clients see them, from the database's catalogue."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from local.tools.client_types import queries
from local.tools.client_types.json_columns import ARGUMENTS, JSON_COLUMNS, JSON_RESULTS, NEVER_NULL

Connection = psycopg.Connection[DictRow]
Schema = Mapping[str, Any]

# JSON Schema of a value as PostgREST sends it; any other type is a string.
_VALUES: dict[str, Schema] = {
    **{name: {"type": "integer"} for name in ("smallint", "integer", "bigint")},
    **{name: {"type": "number"} for name in ("real", "double precision", "numeric")},
    "boolean": {"type": "boolean"},
    "json": {},
    "jsonb": {},
    "void": {"type": "null"},
}
_DIRECTIVE = re.compile(r"\s*@graphql\(.*\)\s*$", re.DOTALL)


@dataclass(frozen=True)
class Column:
    """A column that clients may read; `schema` is its JSON Schema without null."""

    name: str
    schema: Schema
    nullable: bool
    has_default: bool
    insertable: bool
    updatable: bool
    description: str


@dataclass(frozen=True)
class Relationship:
    """A foreign key, to the table or view that clients see; what an embed follows."""

    name: str
    columns: list[str]
    is_one_to_one: bool
    referenced: str
    referenced_columns: list[str]


@dataclass(frozen=True)
class Table:
    """A table or view."""

    name: str
    is_view: bool
    description: str
    columns: list[Column]
    relationships: list[Relationship]


@dataclass(frozen=True)
class Function:
    """An RPC. `rows_of` is the table or view whose rows it returns, where it does; `row_of` the one that it takes a row
    of, and whose lists can embed it.
    """

    name: str
    description: str
    arguments: dict[str, Schema]
    required: list[str]
    returns: Schema
    rows_of: str | None
    row_of: str | None


@dataclass(frozen=True)
class Catalogue:
    """`rules` are the rows of public.field_rules about what clients may write."""

    tables: list[Table]
    functions: list[Function]
    rules: list[DictRow]


def read_catalogue(url: str) -> Catalogue:
    """The client's view of a migrated database; `url` is its owner's."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.execute("set search_path = pg_catalog")
        origins = _origins(connection)
        tables = _tables(connection, origins, _relationships(connection, origins))
        return Catalogue(tables, _functions(connection), _rules(connection, tables))


def _rows(connection: Connection, query: str) -> list[DictRow]:
    return connection.execute(query.encode()).fetchall()


Origins = dict[tuple[int, int], tuple[int, int]]


def _origins(connection: Connection) -> Origins:
    """(view, column) -> (table, column), for columns that are a table's own: the server says so of each result."""
    found: Origins = {}
    for view in _rows(connection, queries.VIEWS):
        result = connection.execute(f"{view['query'].rstrip(';')} limit 0".encode()).pgresult
        for index in range(result.nfields if result else 0):
            if result and result.ftable(index):
                found[view["oid"], index + 1] = (result.ftable(index), result.ftablecol(index))
    return found


def _tables(connection: Connection, origins: Origins, relationships: dict[str, list[Relationship]]) -> list[Table]:
    columns = _rows(connection, queries.COLUMNS)
    by_place = {(column["oid"], column["number"]): column for column in columns}
    served = {row["oid"] for row in _rows(connection, queries.SERVED)}
    tables: dict[str, Table] = {}
    for row in columns:
        if row["oid"] in served and row["readable"]:
            name = row["table_name"]
            table = tables.setdefault(
                name, Table(name, row["is_view"], _words(row["table_comment"]), [], relationships.get(name, []))
            )
            table.columns.append(_column(row, by_place.get(origins.get((row["oid"], row["number"]), (0, 0)))))
    return list(tables.values())


def _column(row: DictRow, origin: DictRow | None) -> Column:
    """A view's column is what the table's column behind it is."""
    source = origin or row
    return Column(
        name=row["name"],
        schema=_column_schema(row, source),
        nullable=source["nullable"] and row["name"] not in NEVER_NULL.get(row["table_name"], ()),
        has_default=source["has_default"],
        insertable=row["insertable"],
        updatable=row["updatable"],
        description=_words(row["comment"] or source["comment"]),
    )


def _column_schema(row: DictRow, source: DictRow) -> Schema:
    if known := JSON_COLUMNS.get((row["table_name"], row["name"])):
        return known
    if source["choices"]:
        return {"enum": re.findall(r"'([^']*)'::text", source["choices"])}
    return _value(row["type"])


def _value(type_name: str) -> Schema:
    if type_name.endswith("[]"):
        return {"type": "array", "items": _value(type_name.removesuffix("[]"))}
    return _VALUES.get(type_name, {"type": "string"})


def _words(comment: str | None) -> str:
    return _DIRECTIVE.sub("", comment or "").strip()


def _relationships(connection: Connection, origins: Origins) -> dict[str, list[Relationship]]:
    """By table; a key to a table that is not served refers to the view over it."""
    served: dict[int, set[str]] = {row["oid"]: {row["relname"]} for row in _rows(connection, queries.SERVED)}
    for (view, _), (table, _) in origins.items():
        served.setdefault(table, set()).update(served[view])
    found: dict[str, list[Relationship]] = {}
    for key in _rows(connection, queries.KEYS):
        for referenced in sorted(served.get(key["referenced"], ())):
            found.setdefault(key["table_name"], []).append(
                Relationship(key["name"], key["columns"], key["is_one_to_one"], referenced, key["referenced_columns"])
            )
    return found


def _rules(connection: Connection, tables: list[Table]) -> list[DictRow]:
    written = {
        table.name: {column.name for column in table.columns if column.insertable or column.updatable}
        for table in tables
    }
    return [
        rule
        for rule in _rows(connection, queries.RULES)
        if written.get(rule["table_name"]) and rule["field"] in {None, *written[rule["table_name"]]}
    ]


def _functions(connection: Connection) -> list[Function]:
    return [_function(row) for row in _rows(connection, queries.FUNCTIONS)]


def _function(row: DictRow) -> Function:
    names, types = row["names"] or [], row["types"]
    modes = row["modes"] or ["i"] * len(types)
    given = [
        (name, ARGUMENTS.get((row["name"], name)) or _value(kind))
        for name, kind, mode in zip(names, types, modes, strict=True)
        if mode in "ibv"
    ]
    if row["row_of"]:
        given = [(name, {"$ref": f"#/$defs/{row['row_of']}"}) for name, _ in given]
    columns = {name: _value(kind) for name, kind, mode in zip(names, types, modes, strict=True) if mode == "t"}
    returns = JSON_RESULTS.get(row["name"]) or _value(row["returned"])
    if columns:
        returns = {"type": "object", "properties": columns, "required": list(columns)}
    elif row["rows_of"]:
        returns = {"$ref": f"#/$defs/{row['rows_of']}"}
    return Function(
        name=row["name"],
        description=_words(row["comment"]),
        arguments=dict(given),
        required=[name for name, _ in given[: row["required"]]],
        returns={"type": "array", "items": returns} if row["is_set"] else returns,
        rows_of=row["rows_of"],
        row_of=row["row_of"],
    )
