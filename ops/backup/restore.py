"""Brings an archive back into an empty project: the database in one transaction, then the files one by one.

What is under way is noted in the database itself, in the schema `showcase_restore`: a restore that was cut off goes on
where it was, and nothing else starts on such a database.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import psycopg

from local.console import step
from ops.backup.archive import Part, opened, parts
from ops.backup.encryption import decrypted
from ops.backup.errors import BackupError
from ops.backup.load import load_database
from ops.backup.manifest import Manifest
from ops.backup.target import Target
from ops.backup.upload import finish, upload_files
from ops.backup.verify import verify_open

WHAT_IS_THERE = """
    select 'users' where exists (select from auth.users)
    union all select 'buckets' where exists (select from storage.buckets)
    union all select 'the schema private' where to_regnamespace('private') is not null
    union all select 'migrations' where to_regnamespace('supabase_migrations') is not null
    union all select 'tables in public' where exists (
      select from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    )
"""
ONE_AT_A_TIME = "select pg_try_advisory_lock(hashtext('showcase_restore'))"


@contextmanager
def checked(path: Path, secret_keys: Sequence[str]) -> Iterator[tuple[BinaryIO, Manifest]]:
    """The archive, open and verified to its end, before anything is touched. Raises: BackupError."""
    with opened(path) as archive:
        with step("every checksum of the archive"):
            manifest = verify_open(archive, secret_keys)
        yield archive, manifest


def restore(target: Target, archive: BinaryIO, manifest: Manifest, secret_keys: Sequence[str]) -> list[str]:
    """What could not be brought back as it was, in words. Raises: BackupError, psycopg.Error."""
    archive.seek(0)
    with (
        psycopg.connect(target.database_url, autocommit=True, connect_timeout=10) as connection,
        decrypted(archive, secret_keys) as stream,
    ):
        if connection.execute(ONE_AT_A_TIME).fetchone() != (True,):
            raise BackupError("Another restore into this project is under way.")
        found = parts(stream)
        notes: list[str] = []
        if begun := _begun(connection, manifest):
            first = _first_file(found)
        else:
            with step("database, in one transaction"):
                first, notes = load_database(connection, manifest, found)
        with step("stored files" + (f", from number {begun} on" if begun else "")), target.storage() as storage:
            upload_files(connection, storage, chain([first] if first else [], found))
        finish(connection)
    return [*manifest.notes, *notes]


def _begun(connection: psycopg.Connection, manifest: Manifest) -> int:
    """The file to go on with, where this archive's restore was cut off; 0 in an empty project. Raises: BackupError."""
    if connection.execute("select to_regclass('showcase_restore.progress')").fetchone() != (None,):
        row = connection.execute("select archive, files_done from showcase_restore.progress").fetchone()
        if row is None or row[0] != manifest.id:
            raise BackupError(
                "Another archive's restore was cut off here: finish that one, or start with an empty project."
            )
        return int(row[1]) + 1
    if there := [row[0] for row in connection.execute(WHAT_IS_THERE).fetchall()]:
        raise BackupError(
            f"The project is not empty (it has {', '.join(there)}): nothing was changed. "
            "`make restore REPLACE=yes` replaces the stack on this machine; a hosted project must be a new one."
        )
    return 0


def _first_file(found: Iterator[Part]) -> Part | None:
    return next((part for part in found if part.name.startswith("files/")), None)
