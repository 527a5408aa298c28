"""Where the chunks of a track lie, by its tables (ISO/IEC 14496-12, 8.6 and 8.7)."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain
from sys import byteorder

from showcase.media.domain import Reason, Refused
from showcase.media.formats.extents import Extent
from showcase.media.formats.isobmff import Box, IsoFile
from showcase.media.formats.mp4_layout import sample_entries

SAMPLES_A_STEP = 16  # of the work budget: their sizes are added up in C
_TABLES = (b"mdia", b"minf", b"stbl")
_BYTE_CODED = {b"raw ", b"ulaw", b"alaw"}

# The bytes of so many samples from a first one on.
SizeOf = Callable[[int, int], int]


def chunk_extents(file: IsoFile, track: Box) -> list[Extent]:
    """The chunks of a track. Raises: Refused: its tables do not fit each other."""
    offsets = numbers(_table(file, track, b"stco")) or numbers(_table(file, track, b"co64"), "Q")
    file.budget.spend(len(offsets))
    size_of = _sizes(file, track)
    runs = numbers(_table(file, track, b"stsc"), width=3)
    file.budget.spend(len(runs) // 3)
    extents, first = [], 0
    for begin, end, count in _runs(runs, len(offsets)):
        for offset in offsets[begin:end]:
            extents.append((offset, offset + size_of(first, count)))
            first += count
    return extents


def numbers(table: bytes, code: str = "I", width: int = 1, start: int = 8) -> "array[int]":
    """The big-endian numbers of a table, of four bytes (I) or another `array` code; `start` is behind their count.

    Raises:
        Refused: it has fewer than it says.
    """
    count = width * int.from_bytes(table[start - 4 : start], "big")
    words = array(code)
    if start + count * words.itemsize > max(len(table), start):
        raise Refused(Reason.DAMAGED)
    words.frombytes(table[start : start + count * words.itemsize])
    if byteorder == "little":
        words.byteswap()
    return words


def _table(file: IsoFile, track: Box, kind: bytes) -> bytes:
    return file.content(track.find(*_TABLES, kind))


def _runs(table: Sequence[int], chunks: int) -> Iterator[tuple[int, int, int]]:
    """From which chunk to which, counted from 0, each has how many samples (8.7.4)."""
    firsts = [*table[0::3], chunks + 1]
    if chunks and firsts[0] != 1:
        raise Refused(Reason.DAMAGED)
    for place, count in enumerate(table[1::3] if chunks else ()):
        if firsts[place + 1] <= firsts[place]:
            raise Refused(Reason.DAMAGED)
        yield firsts[place] - 1, firsts[place + 1] - 1, count


def _sizes(file: IsoFile, track: Box) -> SizeOf:
    """Of one size each (8.7.3.2: `stsz`), or as they are listed; `stz2` lists them in 4, 8 or 16 bits."""
    stsz, stz2 = _table(file, track, b"stsz"), _table(file, track, b"stz2")
    each = int.from_bytes(stsz[4:8], "big")
    if each:
        size, samples = _sound_size(file, track) if each == 1 else (each, 1)
        return lambda _, count: -(-count * size // samples)
    file.budget.spend(int.from_bytes((stz2 or stsz)[8:12], "big") // SAMPLES_A_STEP)
    sizes = _compact_sizes(stz2) if stz2 else numbers(stsz, start=12)
    ends = list(accumulate(sizes, initial=0))
    last = len(sizes)
    return lambda first, count: ends[min(first + count, last)] - ends[min(first, last)]


def _compact_sizes(stz2: bytes) -> Sequence[int]:
    match stz2[7:8]:
        case b"\x10":
            return numbers(stz2, "H", start=12)
        case b"\x08":
            return numbers(stz2, "B", start=12)
        case b"\x04":
            count = int.from_bytes(stz2[8:12], "big")
            return list(chain.from_iterable((byte >> 4, byte & 15) for byte in stz2[12 : 12 + (count + 1) // 2]))[
                :count
            ]
    raise Refused(Reason.DAMAGED)


def _sound_size(file: IsoFile, track: Box) -> tuple[int, int]:
    """How many bytes so many samples of sound have, where QuickTime's table says that each has one.

    By the sample description: version 1 gives the bytes of a packet; in version 0 they are not compressed.
    """
    entry = next(sample_entries(file, track), None)
    content = file.content(entry)
    channels, bits = (int.from_bytes(content[place : place + 2], "big") for place in (16, 18))
    packet, _, frame = (int.from_bytes(content[place : place + 4], "big") for place in (28, 32, 36))
    if content[8:10] == b"\0\1" and packet and frame:
        return frame, packet
    coded = 1 if entry and entry.type in _BYTE_CODED else -(-bits // 8)
    return max(1, channels * coded), 1
