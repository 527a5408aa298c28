"""Makes an archive of a project that goes on working: rows of one moment, and the files that were there then."""

import os
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, BinaryIO

import psycopg

from local.console import step
from ops.backup.archive import MANIFEST, Writer, writing
from ops.backup.encryption import encrypted
from ops.backup.errors import BackupError
from ops.backup.files import MissingError, Storage, StoredFile
from ops.backup.grants import digest_of_grants
from ops.backup.manifest import FORMAT, Manifest
from ops.backup.schema import FOREIGN, OURS, PLATFORM, read_schema
from ops.backup.tables import FORMATS, read_sequences, write_tables
from ops.backup.target import Target

FILES = """
    select bucket_id, name, (metadata ->> 'size')::bigint, metadata ->> 'eTag', metadata ->> 'mimetype',
      metadata ->> 'cacheControl'
    from storage.objects order by bucket_id, name collate "C"
"""
UNKNOWN_SCHEMAS = """
    select nspname from pg_namespace where nspname <> all (%s) and nspname !~ '^(pg_|_|information_schema$|supabase_)'
    order by 1
"""


@dataclass
class Findings:
    """What was found on the way, for the manifest."""

    files: int = 0
    file_bytes: int = 0
    missing: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)


def create(source: Target, path: Path, public_keys: Sequence[str]) -> Manifest:
    """Raises: BackupError, psycopg.Error, OSError; then there is no archive, and nothing half done."""
    if path.exists():
        raise BackupError(f"{path} exists already: nothing is overwritten.")
    findings = Findings()
    with _whole_or_nothing(path) as target, encrypted(target, public_keys) as stream, writing(stream) as archive:
        with tempfile.TemporaryFile(dir=path.parent) as listed:
            with step("database, as of one moment"):
                manifest = _write_database(source.database_url, archive, listed, findings)
            listed.seek(0)
            with step("stored files"), source.storage() as storage:
                _write_files(source.database_url, storage, archive, listed, findings, path.parent)
        manifest = manifest.model_copy(update=vars(findings))
        archive.add(MANIFEST, manifest.model_dump_json(indent=1).encode())
    return manifest


def _write_database(database_url: str, archive: Writer, listed: IO[bytes], findings: Findings) -> Manifest:
    with psycopg.connect(database_url, autocommit=True, connect_timeout=10) as connection:
        connection.execute(FORMATS)
        connection.execute("begin isolation level repeatable read read only")
        created_at = datetime.now(UTC)
        snapshot = _one(connection, "select pg_export_snapshot()")
        schema = read_schema(connection, database_url, str(snapshot))
        archive.add("schema/before.sql", schema.before)
        tables = write_tables(connection, archive)
        archive.add("schema/after.sql", schema.after)
        with connection.cursor(name="files") as rows:
            rows.itersize = 1000
            for bucket, name, size, etag, content_type, cache_control in rows.execute(FILES):
                file = StoredFile(
                    bucket=bucket,
                    name=name,
                    size=size,
                    etag=etag,
                    content_type=content_type,
                    cache_control=cache_control,
                )
                listed.write(file.model_dump_json().encode() + b"\n")
        for (unknown,) in connection.execute(UNKNOWN_SCHEMAS, ([*OURS, *PLATFORM, *FOREIGN],)).fetchall():
            findings.note(f"The schema {unknown} is not in the archive.")
        extensions = connection.execute("select extname from pg_extension order by 1").fetchall()
        migrations = _one(connection, "select to_regclass('supabase_migrations.schema_migrations')")
        latest = "select max(version) from supabase_migrations.schema_migrations"
        return Manifest(
            format=FORMAT,
            id=str(uuid.uuid4()),
            created_at=created_at,
            postgres=connection.info.server_version,
            extensions=[name for (name,) in extensions],
            migration=str(_one(connection, latest)) if migrations else None,
            grants=digest_of_grants(connection),
            tables=tables,
            sequences=read_sequences(connection),
            **vars(Findings()),
        )


def _write_files(
    database_url: str, storage: Storage, archive: Writer, listed: IO[bytes], findings: Findings, folder: Path
) -> None:
    for number, line in enumerate(listed, 1):
        file = StoredFile.model_validate_json(line)
        with tempfile.TemporaryFile(dir=folder) as content:
            try:
                size, etag = storage.fetch(file, content)
            except MissingError:
                findings.missing += 1
                findings.note(_missing(database_url, file))
                archive.add(f"files/{number:08}.json", _json(file.model_copy(update={"missing": True})))
                continue
            if (file.size, _bare(file.etag)) != (size, _bare(etag)):
                file = file.model_copy(update={"changed": True, "size": size, "etag": etag})
                findings.note(f"{file.label} changed meanwhile: its bytes are newer than its row.")
            content.seek(0)
            archive.add(f"files/{number:08}.json", _json(file))
            archive.add_file(f"files/{number:08}", content, size)
        findings.files += 1
        findings.file_bytes += size


def _missing(database_url: str, file: StoredFile) -> str:
    """Why a file of the list has no bytes: its user removed it since, or only its row is left."""
    with psycopg.connect(database_url, connect_timeout=10) as connection:
        query = "select from storage.objects where bucket_id = %s and name = %s"
        lost = connection.execute(query, (file.bucket, file.name)).fetchone() is not None
    return f"{file.label} is lost: it has a row and no bytes." if lost else f"{file.label} was removed meanwhile."


@contextmanager
def _whole_or_nothing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name when it is complete and on the disk, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        descriptor = os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        try:
            os.link(half, path)  # which, other than renaming, never replaces
        except FileExistsError as error:
            raise BackupError(f"{path} exists already: nothing is overwritten.") from error
        _sync_folder(path.parent)
    finally:
        half.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _one(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _json(file: StoredFile) -> bytes:
    return file.model_dump_json().encode()


def _bare(etag: str | None) -> str:
    return (etag or "").removeprefix("W/").strip('"')
