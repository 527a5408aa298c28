"""Where the samples of a fragmented film lie (ISO/IEC 14496-12, 8.8): each fragment names runs of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from showcase.media.domain import Reason, Refused
from showcase.media.formats.extents import Extent
from showcase.media.formats.isobmff import Box, IsoFile
from showcase.media.formats.mp4_samples import SAMPLES_A_STEP, numbers

# Flags of `tfhd` (8.8.7) and of `trun` (8.8.8).
_BASE_OFFSET, _DESCRIPTION, _DURATION, _SIZE, _BASE_IS_MOOF = 0x1, 0x2, 0x8, 0x10, 0x20000
_DATA_OFFSET, _FIRST_FLAGS, _SAMPLE_DURATION, _SAMPLE_SIZE = 0x1, 0x4, 0x100, 0x200
_SAMPLE_FIELDS = 0xF00


@dataclass(frozen=True)
class _Header:
    """What `tfhd` says of a fragment's track; where it says nothing, None."""

    track: int
    base: int | None
    size: int | None
    base_is_moof: bool


def fragment_extents(file: IsoFile, moov: Box, fragments: Sequence[Box]) -> Mapping[int, list[Extent]]:
    """The runs of samples in all fragments, by the id of their track. Raises: Refused."""
    sizes = {_number(file, trex, 4): _number(file, trex, 16) for trex in moov.all(b"mvex", b"trex")}
    extents: Mapping[int, list[Extent]] = defaultdict(list)
    for moof in fragments:
        following = moof.start
        for traf in moof.all(b"traf"):
            header = _header(file, traf)
            base = header.base
            if base is None:
                base = moof.start if header.base_is_moof else following
            size = sizes.get(header.track, 0) if header.size is None else header.size
            following = base
            for trun in traf.all(b"trun"):
                start, following = _run(file, trun, base, following, size)
                extents[header.track].append((start, following))
    return extents


def _header(file: IsoFile, traf: Box) -> _Header:
    tfhd = traf.find(b"tfhd")
    if tfhd is None:
        raise Refused(Reason.DAMAGED)
    flags, place = _number(file, tfhd, 0) & 0xFFFFFF, 8
    base = _number(file, tfhd, place, 8) if flags & _BASE_OFFSET else None
    place += 8 * bool(flags & _BASE_OFFSET) + 4 * bool(flags & _DESCRIPTION) + 4 * bool(flags & _DURATION)
    size = _number(file, tfhd, place) if flags & _SIZE else None
    return _Header(_number(file, tfhd, 4), base, size, bool(flags & _BASE_IS_MOOF))


def _run(file: IsoFile, trun: Box, base: int, following: int, size: int) -> Extent:
    """From where to where a run goes; without an offset of its own it follows the one before."""
    content = file.content(trun)
    flags, count, place = int.from_bytes(content[1:4], "big"), int.from_bytes(content[4:8], "big"), 8
    if flags & _DATA_OFFSET:
        following = base + int.from_bytes(content[place : place + 4], "big", signed=True)
        place += 4
    place += 4 * bool(flags & _FIRST_FLAGS)
    if not flags & _SAMPLE_SIZE:
        return following, following + count * size
    file.budget.spend(count // SAMPLES_A_STEP)
    fields = (flags & _SAMPLE_FIELDS).bit_count()
    table = numbers(content[4:8] + content[place:], width=fields, start=4)
    return following, following + sum(table[bool(flags & _SAMPLE_DURATION) :: fields])


def _number(file: IsoFile, box: Box, place: int, size: int = 4) -> int:
    return int.from_bytes(file.content(box, place, size), "big")
