"""The database's side of a restore: all of it, or nothing."""

from collections.abc import Iterator

import psycopg

from ops.backup.archive import Part
from ops.backup.errors import DamagedError
from ops.backup.grants import check_grants, forget_defaults
from ops.backup.manifest import Manifest, Table
from ops.backup.schema import PLATFORM
from ops.backup.tables import FORMATS, load_platform_table, load_table, set_sequences

# Rows of stored files wait here until their bytes are there; buckets take any file meanwhile.
BEGIN = """
    create schema showcase_restore;
    create table showcase_restore.progress (archive text not null, files_done bigint not null default 0);
    create table showcase_restore.objects (like storage.objects)
"""
OPEN_BUCKETS = """
    create table showcase_restore.buckets as
      select id, file_size_limit, allowed_mime_types, updated_at from storage.buckets;
    update storage.buckets set file_size_limit = null, allowed_mime_types = null
"""
# Users may have more than their quota by now. An archive of before the quotas has none.
HAS_QUOTAS = "select to_regclass('public.storage_quotas') is not null"
OPEN_QUOTAS = """
    create table showcase_restore.storage_quotas as select * from public.storage_quotas;
    update public.storage_quotas set max_bytes = 9223372036854775807, max_files = 2147483647
"""


def load_database(
    connection: psycopg.Connection, manifest: Manifest, found: Iterator[Part]
) -> tuple[Part | None, list[str]]:
    """Takes the archive's parts up to its first file, which it returns with what could not be kept, in words."""
    notes = []
    rest: Part | None = None
    tables = {table.label: table for table in manifest.tables}
    connection.execute(FORMATS)
    with connection.transaction():
        connection.execute(BEGIN)
        connection.execute("insert into showcase_restore.progress (archive) values (%s)", (manifest.id,))
        forget_defaults(connection)
        connection.execute("set local session_replication_role = replica")  # no trigger, no order of tables
        part = next(found, None)
        while part is not None and not part.name.startswith("files/"):
            if part.name.startswith("data/"):
                label = part.name.removeprefix("data/").rpartition("/")[0]
                if (table := tables.pop(label, None)) is None:
                    raise DamagedError(f"The archive holds rows of {label} that its manifest does not know.")
                rows = _Rows(part, found)
                if note := _load(connection, table, rows):
                    notes.append(note)
                part = rows.next
                continue
            if part.name == "schema/after.sql":
                _check_loaded(tables)
                set_sequences(connection, manifest.sequences)
                connection.execute("set local session_replication_role = origin")
            if part.name.startswith("schema/"):
                connection.execute(part.read())
            part = next(found, None)
        rest = part
        check_grants(connection, manifest.grants)
        connection.execute(OPEN_BUCKETS)
        if connection.execute(HAS_QUOTAS).fetchone() == (True,):
            connection.execute(OPEN_QUOTAS)
    connection.execute("analyze")
    return rest, notes


def _load(connection: psycopg.Connection, table: Table, rows: "_Rows") -> str:
    if table.label == "storage.objects":
        return load_platform_table(connection, table.model_copy(update={"schema_name": "showcase_restore"}), rows)
    if table.schema_name in PLATFORM:
        return load_platform_table(connection, table, rows)
    load_table(connection, table, rows)
    return ""


def _check_loaded(left: dict[str, Table]) -> None:
    if lost := [table.label for table in left.values() if table.rows]:
        raise DamagedError(f"The archive holds no rows of {', '.join(lost)}.")


class _Rows:
    """The parts of one table, from the first on; the part after them is left in `next`."""

    def __init__(self, first: Part, found: Iterator[Part]) -> None:
        self._first, self._found = first, found
        self.next: Part | None = None

    def __iter__(self) -> Iterator[Part]:
        folder = self._first.name.rpartition("/")[0] + "/"
        yield self._first
        for part in self._found:
            if not part.name.startswith(folder):
                self.next = part
                return
            yield part
