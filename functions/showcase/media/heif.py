"""The items of a HEIF file (ISO/IEC 23008-12, as AVIF is one): which make up the picture, and where their bytes are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from showcase.media import icc
from showcase.media.boxes import Box, boxes, content, inside
from showcase.media.colours import Colours
from showcase.media.domain import Reason, Refused

Range = tuple[int, int]

_EXTENTS = 10_000
_ALPHA = {b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"}
_FULL_BOX = 4  # bytes of version and flags


@dataclass(frozen=True)
class Items:
    """What a `meta` box says of its items, by their ids."""

    primary: int
    entries: dict[int, Box]  # infe
    ranges: dict[int, list[Range]]  # where their bytes are in the file
    references: list[tuple[bytes, int, Sequence[int]]]  # type, from, to
    properties: dict[int, list[Box]]

    def property(self, item: int, kind: bytes) -> list[Box]:
        return [box for box in self.properties.get(item, []) if box.type == kind]

    def size(self, file: IO[bytes]) -> tuple[int, int]:
        """Width and height of the primary item's pixels, before irot and imir."""
        found = [content(file, box, _FULL_BOX, 8) for box in self.property(self.primary, b"ispe")]
        return (int.from_bytes(found[0][:4]), int.from_bytes(found[0][4:])) if found else (0, 0)

    def colours(self, file: IO[bytes]) -> Colours:
        """The primary item's: its profile goes before code points."""
        found = {body[:4]: body[4:] for body in (content(file, box) for box in self.property(self.primary, b"colr"))}
        profile = icc.checked(found.get(b"prof", found.get(b"rICC", b"")))
        nclx = found.get(b"nclx", b"")
        if profile or len(nclx) < 4:
            return Colours(profile)
        return Colours(None, int.from_bytes(nclx[:2]), int.from_bytes(nclx[2:4]))


class _Reader:
    """Big-endian numbers of a box's content, one after the other."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.position = _FULL_BOX
        self.version = body[0]

    def number(self, size: int) -> int:
        end = self.position + size
        if end > len(self.body):
            raise Refused(Reason.DAMAGED)
        value = int.from_bytes(self.body[self.position : end])
        self.position = end
        return value


def read_items(file: IO[bytes], meta: Box) -> Items | None:
    """None where there is no picture among them. Raises: Refused: a box is damaged."""
    parts = {box.type: box for box in meta_boxes(file, meta)}
    if not {b"pitm", b"iinf", b"iloc", b"iprp"} <= parts.keys():
        return None
    primary = _Reader(content(file, parts[b"pitm"]))
    return Items(
        primary=primary.number(4 if primary.version else 2),
        entries=_entries(file, parts[b"iinf"]),
        ranges=_ranges(file, parts[b"iloc"], parts.get(b"idat")),
        references=list(_references(file, parts[b"iref"])) if b"iref" in parts else [],
        properties=_properties(file, parts[b"iprp"]),
    )


def meta_boxes(file: IO[bytes], meta: Box) -> list[Box]:
    return list(boxes(file, meta.body + _FULL_BOX, meta.end))


def picture_items(file: IO[bytes], items: Items) -> set[int]:
    """The primary item, what it is derived from, and its transparency: no previews, depth or gain maps."""
    found: set[int] = set()
    wanted = [items.primary]
    while wanted:
        item = wanted.pop()
        if item in found:
            continue
        found.add(item)
        for kind, source, targets in items.references:
            if kind == b"dimg" and source == item:
                wanted += targets
            elif kind == b"auxl" and item in targets and _is_alpha(file, items, source):
                wanted.append(source)
    return found


def _is_alpha(file: IO[bytes], items: Items, item: int) -> bool:
    types = [content(file, box, _FULL_BOX).partition(b"\0")[0] for box in items.property(item, b"auxC")]
    return any(kind in _ALPHA for kind in types)


def _entries(file: IO[bytes], iinf: Box) -> dict[int, Box]:
    wide = content(file, iinf, 0, 1) != b"\0"
    found = {}
    for box in boxes(file, iinf.body + _FULL_BOX + (4 if wide else 2), iinf.end):
        entry = _Reader(content(file, box))
        if box.type != b"infe" or entry.version not in {2, 3}:
            raise Refused(Reason.DAMAGED)
        found[entry.number(2 if entry.version == 2 else 4)] = box
    return found


def _ranges(file: IO[bytes], iloc: Box, idat: Box | None) -> dict[int, list[Range]]:
    """ISO/IEC 14496-12, 8.11.3."""
    reader = _Reader(content(file, iloc))
    sizes = reader.number(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    end = file.seek(0, 2)
    found: dict[int, list[Range]] = {}
    extents = 0
    for _ in range(reader.number(2 if reader.version < 2 else 4)):
        item = reader.number(2 if reader.version < 2 else 4)
        method = reader.number(2) & 15 if reader.version else 0
        reader.number(2)  # data_reference_index
        start = reader.number(base_size)
        limit = end
        if method == 1 and idat:
            start, limit = start + idat.body, idat.end
        elif method:
            raise Refused(Reason.DAMAGED)
        count = reader.number(2)
        extents += 1 + count
        if extents > _EXTENTS:
            raise Refused(Reason.DAMAGED)
        for _ in range(count):
            reader.number(index_size if reader.version else 0)
            first = start + reader.number(offset_size)
            length = reader.number(length_size) or limit - first
            if not first <= first + length <= limit:
                raise Refused(Reason.DAMAGED)
            found.setdefault(item, []).append((first, first + length))
    return found


def _references(file: IO[bytes], iref: Box) -> Iterator[tuple[bytes, int, Sequence[int]]]:
    width = 4 if content(file, iref, 0, 1) != b"\0" else 2
    for box in boxes(file, iref.body + _FULL_BOX, iref.end):
        body = content(file, box)
        numbers = [int.from_bytes(body[at : at + width]) for at in (0, *range(width + 2, len(body), width))]
        yield box.type, numbers[0], numbers[1:]


def _properties(file: IO[bytes], iprp: Box) -> dict[int, list[Box]]:
    parts = inside(file, iprp)
    listed = [box for part in parts if part.type == b"ipco" for box in inside(file, part)]
    found: dict[int, list[Box]] = {}
    for part in parts:
        if part.type == b"ipma":
            reader = _Reader(content(file, part))
            wide = reader.body[3] & 1
            for _ in range(reader.number(4)):
                item = reader.number(4 if reader.version else 2)
                for _ in range(reader.number(1)):
                    index = reader.number(2) & 0x7FFF if wide else reader.number(1) & 0x7F
                    found.setdefault(item, []).extend(listed[index - 1 : index] if index else [])
    return found
