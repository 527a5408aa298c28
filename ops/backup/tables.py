"""The rows: out of one snapshot, and back in."""

from collections.abc import Iterable, Iterator

import psycopg
from psycopg import sql

from ops.backup.archive import Part, Writer
from ops.backup.errors import DamagedError
from ops.backup.manifest import Counter, Table
from ops.backup.schema import OURS, PLATFORM, THEIRS, UNFINISHED

PIECE = 4 * 1024 * 1024
# The same text for the same value on every server.
FORMATS = """
    set datestyle = 'ISO'; set intervalstyle = 'postgres'; set extra_float_digits = 1; set timezone = 'UTC';
    set search_path = ''; set client_encoding = 'UTF8'; set row_security = off;
    set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0
"""
TABLES = """
    select n.nspname, c.relname, array(
      select a.attname::text from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum
    )
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname = any (%s)
      and n.nspname || '.' || c.relname <> all (%s) and n.nspname || '.' || c.relname not like %s
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by 1, 2
"""
SEQUENCES = """
    select schemaname, sequencename, last_value from pg_sequences
    where schemaname = any (%s) and last_value is not null order by 1, 2
"""


def write_tables(connection: psycopg.Connection, archive: Writer) -> list[Table]:
    """Every table, in pieces of bounded size."""
    found = connection.execute(TABLES, ([*OURS, *PLATFORM], list(THEIRS), f"{UNFINISHED}%")).fetchall()
    written = []
    for schema, name, columns in found:
        table = Table(schema_name=schema, name=name, columns=columns, rows=0)
        statement = sql.SQL("copy {} ({}) to stdout").format(_name(table), _columns(columns))
        with connection.cursor() as cursor:
            with cursor.copy(statement) as rows:
                for number, piece in enumerate(_pieces(bytes(row) for row in rows), 1):
                    archive.add(f"data/{table.label}/{number:06}", piece)
            written.append(table.model_copy(update={"rows": cursor.rowcount}))
    return written


def read_sequences(connection: psycopg.Connection) -> list[Counter]:
    rows = connection.execute(SEQUENCES, ([*OURS, *PLATFORM],)).fetchall()
    return [Counter(schema_name=schema, name=name, last_value=value) for schema, name, value in rows]


def load_table(
    connection: psycopg.Connection, table: Table, parts: Iterable[Part], into: sql.Composable | None = None
) -> None:
    """Raises: DamagedError, where the rows are not as many as were written."""
    statement = sql.SQL("copy {} ({}) from stdin").format(into or _name(table), _columns(table.columns))
    with connection.cursor() as cursor:
        with cursor.copy(statement) as rows:
            for part in parts:
                for piece in part.pieces():
                    rows.write(piece)
        if cursor.rowcount != table.rows:
            raise DamagedError(f"{table.label} has {cursor.rowcount} rows in the archive, and had {table.rows}.")


def load_platform_table(connection: psycopg.Connection, table: Table, parts: Iterable[Part]) -> str:
    """Auth's tables differ from one version to the next: what both know is kept. What could not be, in words."""
    known = connection.execute(TABLES, ([table.schema_name], [], "")).fetchall()
    columns: list[str] = next((found[2] for found in known if found[1] == table.name), [])
    common = [column for column in table.columns if column in columns]
    if common == list(table.columns):
        load_table(connection, table, parts)
        return ""
    incoming = sql.SQL("pg_temp.incoming")
    texts = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(column)) for column in table.columns)
    connection.execute(sql.SQL("create temporary table incoming ({}) on commit drop").format(texts))
    load_table(connection, table, parts, incoming)
    if common:
        cast = _casts(connection, table, common)
        into = sql.SQL("insert into {} ({}) select {} from {}")
        connection.execute(into.format(_name(table), _columns(common), cast, incoming))
    connection.execute("drop table pg_temp.incoming")
    left = ", ".join(sorted(set(table.columns) - set(common))) if common else "the whole table"
    return f"{table.label}: this project's Auth or Storage does not know {left}." if table.rows else ""


def set_sequences(connection: psycopg.Connection, sequences: Iterable[Counter]) -> None:
    for sequence in sequences:
        name = sql.Identifier(sequence.schema_name, sequence.name).as_string(connection)
        known = connection.execute("select to_regclass(%s)", (name,)).fetchone()
        if known != (None,):
            connection.execute("select setval(%s::regclass, %s)", (name, sequence.last_value))


def _casts(connection: psycopg.Connection, table: Table, columns: list[str]) -> sql.Composed:
    rows = connection.execute(
        "select attname::text, format_type(atttypid, atttypmod) from pg_attribute where attrelid = %s::regclass",
        (_name(table).as_string(connection),),
    ).fetchall()
    types: dict[str, str] = dict(rows)
    casts = [sql.Composed([sql.Identifier(column), sql.SQL("::"), sql.SQL(types[column])]) for column in columns]
    return sql.SQL(", ").join(casts)


def _pieces(rows: Iterable[bytes]) -> Iterator[bytes]:
    piece = bytearray()
    for row in rows:
        piece += row
        if len(piece) >= PIECE:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


def _name(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema_name, table.name)


def _columns(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)
