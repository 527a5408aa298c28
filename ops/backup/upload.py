"""The files' side of a restore, which can be cut off and gone on with at any file."""

import tempfile
from collections.abc import Iterator

import psycopg
from psycopg import sql

from ops.backup.archive import Part
from ops.backup.errors import DamagedError
from ops.backup.files import Storage, StoredFile
from ops.backup.load import HAS_QUOTAS

# Not the version, by which Storage finds the bytes that it has put away.
KEEP_ROWS = """
    update storage.objects as stored set {columns} from showcase_restore.objects as kept
    where stored.bucket_id = kept.bucket_id and stored.name = kept.name
"""
COLUMNS = """
    select attname::text from pg_attribute
    where attrelid = 'storage.objects'::regclass and attnum > 0 and not attisdropped and attgenerated = ''
      and attname <> all (array['bucket_id', 'name', 'version', 'metadata'])
    order by attnum
"""
CLOSE_BUCKETS = """
    update storage.buckets as bucket set
      file_size_limit = kept.file_size_limit, allowed_mime_types = kept.allowed_mime_types, updated_at = kept.updated_at
    from showcase_restore.buckets as kept where bucket.id = kept.id
"""
# The files have been counted beside the counters that the archive brought.
CLOSE_QUOTAS = """
    update public.storage_quotas as quota set max_bytes = kept.max_bytes, max_files = kept.max_files
    from showcase_restore.storage_quotas as kept where quota.tier = kept.tier;
    select public.reconcile_storage_usage()
"""
BYTES_ARE_NEWER = "update showcase_restore.objects set metadata = null where bucket_id = %s and name = %s"


def upload_files(connection: psycopg.Connection, storage: Storage, found: Iterator[Part]) -> None:
    row = connection.execute("select files_done from showcase_restore.progress").fetchone()
    done = row[0] if row else 0
    described: StoredFile | None = None
    for part in found:
        if not part.name.startswith("files/"):
            continue
        number = int(part.name.removeprefix("files/").removesuffix(".json"))
        if number <= done:
            continue
        if part.name.endswith(".json"):
            described = StoredFile.model_validate_json(part.read())
            if not described.missing:
                continue
        elif described is None:
            raise DamagedError(f"The archive does not say what {part.name} is.")
        else:
            _upload(connection, storage, described, part)
        connection.execute("update showcase_restore.progress set files_done = %s", (number,))


def finish(connection: psycopg.Connection) -> None:
    """Rows as they were, buckets as strict as they were, and no trace of the restore."""
    with connection.transaction():
        connection.execute("set local session_replication_role = replica")
        columns = [sql.Identifier(row[0]) for row in connection.execute(COLUMNS).fetchall()]
        kept = [sql.SQL("{0} = kept.{0}").format(column) for column in columns]
        newest = sql.SQL("metadata = coalesce(kept.metadata, stored.metadata)")
        connection.execute(sql.SQL(KEEP_ROWS).format(columns=sql.SQL(", ").join([*kept, newest])))
        connection.execute(CLOSE_BUCKETS)
        if connection.execute(HAS_QUOTAS).fetchone() == (True,):
            connection.execute(CLOSE_QUOTAS)
        connection.execute("drop schema showcase_restore cascade")
        connection.execute("notify pgrst, 'reload schema'")


def _upload(connection: psycopg.Connection, storage: Storage, file: StoredFile, part: Part) -> None:
    with tempfile.TemporaryFile() as content:
        for piece in part.pieces():
            content.write(piece)
        storage.put(file, content, part.size)
    if file.changed:
        connection.execute(BYTES_ARE_NEWER, (file.bucket, file.name))
