"""The archive: a tar of parts, read and written as a stream, with SHA256SUMS of all parts at its end.

manifest.json           what follows was made from (the last but one part)
schema/before.sql       what the tables are made with
data/<table>/<number>   rows, as `copy` writes them
schema/after.sql        indexes, constraints, triggers, policies
files/<number>.json     what is known of a stored file, then
files/<number>          its bytes
"""

import hashlib
import io
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO

from ops.backup.errors import DamagedError

SUMS = "SHA256SUMS"
MANIFEST = "manifest.json"
PIECE = 1024 * 1024
SUMS_IN_MEMORY = 4 * 1024 * 1024


@dataclass
class Writer:
    """Adds parts. Holds no more in memory than one piece, whatever the archive's size."""

    tar: tarfile.TarFile
    sums: IO[bytes]

    def add(self, name: str, content: bytes) -> None:
        self.add_file(name, io.BytesIO(content), len(content))

    def add_file(self, name: str, content: IO[bytes], size: int) -> None:
        summed = _Summed(content)
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        self.tar.addfile(member, summed)
        _forget(self.tar)
        self.sums.write(_line(summed.digest.hexdigest(), name))


@contextmanager
def writing(stream: BinaryIO) -> Iterator[Writer]:
    with (
        tempfile.SpooledTemporaryFile(SUMS_IN_MEMORY) as sums,
        tarfile.open(fileobj=stream, mode="w|", bufsize=PIECE, format=tarfile.PAX_FORMAT) as tar,
    ):
        yield Writer(tar, sums)
        member = tarfile.TarInfo(SUMS)
        member.size, member.mode = sums.tell(), 0o600
        sums.seek(0)
        tar.addfile(member, sums)


@dataclass
class Part:
    """One part, to be read before the next is asked for."""

    name: str
    size: int
    content: IO[bytes]

    def read(self) -> bytes:
        return self.content.read()

    def pieces(self) -> Iterator[bytes]:
        while piece := self.content.read(PIECE):
            yield piece


def parts(stream: BinaryIO) -> Iterator[Part]:
    """All parts but the sums, in order. At the end everything has been read and compared.

    Raises: DamagedError.
    """
    try:
        with (
            tarfile.open(fileobj=stream, mode="r|", bufsize=PIECE) as tar,
            tempfile.SpooledTemporaryFile(SUMS_IN_MEMORY) as sums,
        ):
            whole = False
            while (member := tar.next()) is not None:
                _forget(tar)
                found = tar.extractfile(member) if member.isreg() else None
                if found is None or whole:
                    raise DamagedError(f"The archive holds what no backup writes: {member.name}.")
                if member.name == SUMS:
                    sums.seek(0)
                    _compare(sums, found)
                    whole = True
                    continue
                summed = _Summed(found)
                yield Part(member.name, member.size, summed)  # type: ignore[arg-type]
                while summed.read(PIECE):
                    pass
                sums.write(_line(summed.digest.hexdigest(), member.name))
            while stream.read(PIECE):
                pass
    except (tarfile.TarError, EOFError) as error:
        raise DamagedError(f"The archive is damaged or cut short, or is no backup: {error}.") from error
    if not whole:
        raise DamagedError("The archive is cut short: its list of checksums is missing.")


def _forget(tar: tarfile.TarFile) -> None:
    """It would remember every member."""
    tar.members = []  # type: ignore[attr-defined]


def _compare(found: IO[bytes], written: IO[bytes]) -> None:
    while line := written.readline():
        ours = found.readline()
        if ours != line:
            raise DamagedError(f"The archive is damaged: {line[66:].decode(errors='replace').strip()} was changed.")
    if found.read(1):
        raise DamagedError("The archive is damaged: it holds more than was written.")


def _line(digest: str, name: str) -> bytes:
    return f"{digest}  {name}\n".encode()


@dataclass
class _Summed:
    """A file that keeps the sum of what was read from it."""

    source: IO[bytes]
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def read(self, size: int = -1) -> bytes:
        piece = self.source.read(size)
        self.digest.update(piece)
        return piece


def opened(path: Path) -> AbstractContextManager[BinaryIO]:
    try:
        return path.open("rb")
    except OSError as error:
        raise DamagedError(f"The archive cannot be read: {error}") from error
