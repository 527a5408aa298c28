"""A ZIP that is sent while it is written: memory holds a piece of it, never the whole."""

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from showcase.account import store
from showcase.account.clients import Account
from showcase.account.store import File, Row

ABOUT = """This is everything that we keep about you.

data/<name>.json   the rows of one table, as they are stored
data/<name>.csv    the same for spreadsheets; nested values are JSON, text that begins like a formula has a ' before it
files/<bucket>/... your files

docs/account.md of the project says what each table holds.
"""
# Not in an archive: itself, and what was sent but never passed the checks.
LEFT_OUT = {"account-exports", "uploads"}
FILES_AT_ONCE = 500


class _Pipe(io.RawIOBase):
    """What zipfile writes to, and what is taken from it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self.size += len(piece)
        return len(piece)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


class Archive:
    """A person's archive; `pieces` can be read once, and `size` is known when they have been."""

    def __init__(self, account: Account, user_id: UUID) -> None:
        self._account = account
        self._user_id = user_id
        self._pipe = _Pipe()

    @property
    def size(self) -> int:
        return self._pipe.size

    async def pieces(self) -> AsyncIterator[bytes]:
        with zipfile.ZipFile(self._pipe, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", ABOUT)
            for source in await store.list_sources(self._account.database):
                for ending, write in (("json", _write_json), ("csv", _write_csv)):
                    with archive.open(_entry(f"data/{source}.{ending}"), "w", force_zip64=True) as target:
                        async for _ in write(self._rows(source), target.write):
                            if piece := self._pipe.take():
                                yield piece
            async for file in store.files(self._account.database, self._user_id, FILES_AT_ONCE):
                if file.bucket in LEFT_OUT:
                    continue
                with archive.open(self._file_entry(file), "w", force_zip64=True) as target:
                    async with self._account.storage.reading(file.bucket, file.name) as chunks:
                        async for chunk in chunks:
                            target.write(chunk)
                            yield self._pipe.take()
        yield self._pipe.take()

    def _rows(self, source: str) -> AsyncIterator[Row]:
        return store.rows(self._account.database, self._user_id, source, self._account.settings.account_export_rows)

    def _file_entry(self, file: File) -> zipfile.ZipInfo:
        # Below the person's own folder; names that were stored cannot lead out of it.
        return _entry(f"files/{file.bucket}/{file.name.partition('/')[2]}", zipfile.ZIP_STORED)


def _entry(name: str, compression: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    entry.compress_type = compression
    return entry


Write = Callable[[bytes], int]


async def _write_json(rows: AsyncIterator[Row], write: Write) -> AsyncIterator[None]:
    """An array, a row to a line."""
    mark = "[\n"
    async for row in rows:
        write(f"{mark}{json.dumps(row, ensure_ascii=False)}".encode())
        mark = ",\n"
        yield
    write(("[]\n" if mark == "[\n" else "\n]\n").encode())


async def _write_csv(rows: AsyncIterator[Row], write: Write) -> AsyncIterator[None]:
    """A header, then a line for each row."""
    columns: list[str] = []
    async for row in rows:
        line = io.StringIO()
        writer = csv.writer(line)
        if not columns:
            columns = list(row)
            writer.writerow(columns)
        writer.writerow([cell(row.get(column)) for column in columns])
        write(line.getvalue().encode())
        yield


def cell(value: Any) -> Any:
    """A value as a spreadsheet takes it, which must not take it for a formula."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
