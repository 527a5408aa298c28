"""Tracks that are neither picture nor sound: action cameras and phones write the way they went into one."""

import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO

from showcase.media.boxes import Box, content, find
from showcase.media.domain import Reason, Refused

# Pictures, sound, subtitles, time code. Whatever else is timed is not shown by browsers.
_SHOWN = {b"vide", b"soun", b"text", b"sbtl", b"subt", b"clcp", b"tmcd"}
_TABLE = (b"mdia", b"minf", b"stbl")
_ENTRIES = 1_000_000


def tell_of_places(file: IO[bytes], trak: Box) -> bool:
    """Whether a track may hold where the film was taken (gpmd, camm, mebx and the like)."""
    handler = content(file, find(file, trak, b"mdia", b"hdlr"), 8, 4)
    return bool(handler) and handler not in _SHOWN


def stretches(file: IO[bytes], trak: Box, size: int) -> Iterator[tuple[int, int]]:
    """Where the file holds the samples of a track: from, to.

    Raises:
        Refused: its tables do not fit each other or the file.
    """
    offsets = _offsets(file, trak)
    each, listed = _sizes(file, trak)
    for offset, count in zip(offsets, _counts(file, trak, len(offsets)), strict=True):
        end = offset + (each * count or sum(size for (size,) in islice(listed, count)))
        if end > size:
            raise Refused(Reason.DAMAGED)
        yield offset, end


def _offsets(file: IO[bytes], trak: Box) -> Sequence[int]:
    """Where each chunk begins."""
    if wide := find(file, trak, *_TABLE, b"co64"):
        return [offset for (offset,) in _entries(content(file, wide), ">Q")]
    return [offset for (offset,) in _entries(content(file, find(file, trak, *_TABLE, b"stco")), ">I")]


def _counts(file: IO[bytes], trak: Box, chunks: int) -> list[int]:
    """How many samples each chunk has; the table names the chunks from which on another number holds."""
    runs = list(_entries(content(file, find(file, trak, *_TABLE, b"stsc")), ">III"))
    counts: list[int] = []
    for place, (first, count, _) in enumerate(runs):
        following = runs[place + 1][0] if place + 1 < len(runs) else chunks + 1
        if first != len(counts) + 1 or not first < following <= chunks + 1:
            raise Refused(Reason.DAMAGED)
        counts += [count] * (following - first)
    if len(counts) != chunks:
        raise Refused(Reason.DAMAGED)
    return counts


def _sizes(file: IO[bytes], trak: Box) -> tuple[int, Iterator[tuple[int, ...]]]:
    """How many bytes each sample has: all the same, or (0) as they are listed."""
    table = content(file, find(file, trak, *_TABLE, b"stsz"))
    each = int.from_bytes(table[4:8], "big")
    return each, iter(()) if each else _entries(table[4:], ">I")


def _entries(table: bytes, form: str) -> Iterator[tuple[int, ...]]:
    """The entries of a table that begins with four bytes of flags and their number."""
    width = struct.calcsize(form)
    count = int.from_bytes(table[4:8], "big")
    if len(table) != 8 + count * width or count > _ENTRIES:
        raise Refused(Reason.DAMAGED)
    return (struct.unpack_from(form, table, 8 + width * place) for place in range(count))
