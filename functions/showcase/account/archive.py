"""A part of an archive: a ZIP that is sent while it is written, so that memory holds a piece of it, never the whole."""

import io
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from showcase.account import row_writers, store
from showcase.account.dependencies import Account
from showcase.account.domain import END, Export, File, Place
from showcase.database import unavailable
from showcase.errors import NotFound
from showcase.outbound.retry import Deadline

ABOUT = """This is everything that we keep about you. It may come in several ZIP files: unpack them all into one folder.

data/<name>.json   the rows of one table, as they are stored; what is long goes on in data/<name>.2.json and so on
data/<name>.csv    the same for spreadsheets; nested values are JSON, text that begins like a formula has a ' before it
files/<bucket>/... your files
data/missing_files.<n>.json   files that are in our list and could not be found, where there are any
"""
# Not in an archive: itself, and what was sent but never passed the checks.
LEFT_OUT = {"account-exports", "uploads"}
FILES_AT_ONCE = 500
PIECE_BYTES = 16 * 1024 * 1024  # of JSON, after which a table goes on in a file of its own
CHUNK = 256 * 1024


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


class Part:
    """The next part of a user's archive: as much as fits, as far as the deadline allows, and at least something.

    `pieces` can be read once. Then `size` is known, and `place` is where the following part begins.
    """

    def __init__(self, account: Account, export: Export, deadline: Deadline) -> None:
        self._account = account
        self._export = export
        self._deadline = deadline
        self._pipe = _Pipe()
        self._zip = zipfile.ZipFile(self._pipe, "w", zipfile.ZIP_DEFLATED)
        self._missing: list[str] = []
        self.place = export.place

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._pipe.size

    async def pieces(self) -> AsyncIterator[bytes]:
        """The ZIP file as it is written. A file that is gone is listed in `data/missing_files.<n>.json`.

        Raises:
            ApiError: the database or Storage does not answer.
        """
        with self._zip:
            self._zip.writestr("README.txt", ABOUT)
            empty = True
            while self.place.kind == "rows":
                if not empty and self._is_full():
                    break
                empty = False
                async for piece in self._rows():
                    yield piece
            if self.place.kind == "files":
                async for piece in self._files(empty=empty):
                    yield piece
            if self._missing:
                number = len(self._export.parts) + 1
                self._zip.writestr(_entry(f"data/missing_files.{number}.json"), json.dumps(self._missing))
        yield self._pipe.take()

    def _is_full(self, more: int = 0) -> bool:
        most = self._account.settings.account_export_part_bytes
        return self.size + more > most or not self._deadline.remaining

    async def _rows(self) -> AsyncIterator[bytes]:
        """One table, or the next stretch of it: as JSON while it is read, and then as CSV."""
        sources = await store.list_sources(self._account.database)
        source = self.place.source or sources[0]
        if source not in sources:
            raise unavailable()  # another release lists other tables than the one that began the archive
        number = "" if self.place.piece == 1 else f".{self.place.piece}"
        after, written = self.place.after, 0
        with tempfile.SpooledTemporaryFile(CHUNK) as lines:
            table = row_writers.Writer(lines)
            with self._zip.open(_entry(f"data/{source}{number}.json"), "w", force_zip64=True) as target:
                while written < PIECE_BYTES:
                    rows, after = await store.page(
                        self._account.database,
                        self._export.user_id,
                        source,
                        after,
                        self._account.settings.account_export_rows,
                    )
                    for content in table.json(rows):
                        written += target.write(content)
                        yield self._pipe.take()
                    if not rows:
                        after = None  # nothing follows, whatever the page says
                    if after is None:
                        break
                target.write(table.end())
            lines.seek(0)
            with self._zip.open(_entry(f"data/{source}{number}.csv"), "w", force_zip64=True) as target:
                while chunk := lines.read(CHUNK):
                    target.write(chunk)
                    yield self._pipe.take()
        following = sources[sources.index(source) + 1 :]
        if after is not None:
            self.place = Place("rows", source, after, self.place.piece + 1)
        else:
            self.place = Place("rows", following[0]) if following else Place("files")

    async def _files(self, *, empty: bool) -> AsyncIterator[bytes]:
        database, user_id = self._account.database, self._export.user_id
        async for file in store.files(database, user_id, FILES_AT_ONCE, self.place.after):
            if file.bucket not in LEFT_OUT:
                if not empty and self._is_full(file.size):
                    return
                empty = False
                async for piece in self._file(file):
                    yield piece
            self.place = replace(self.place, after=file.key)
        self.place = END

    async def _file(self, file: File) -> AsyncIterator[bytes]:
        # Below the user's own folder; names that were stored cannot lead out of it.
        entry = _entry(f"files/{file.bucket}/{file.name.partition('/')[2]}", zipfile.ZIP_STORED)
        try:
            async with self._account.storage.reading(file.bucket, file.name) as chunks:
                with self._zip.open(entry, "w", force_zip64=True) as target:
                    async for chunk in chunks:
                        target.write(chunk)
                        yield self._pipe.take()
        except NotFound:
            self._missing.append(file.key)  # removed since it was listed, or lost


def _entry(name: str, compression: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    entry.compress_type = compression
    return entry
