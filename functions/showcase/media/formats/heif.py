"""The items of a HEIF file (ISO/IEC 23008-12, as AVIF is one): which make up the picture, and where their bytes are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from showcase.media.colours import Colours
from showcase.media.domain import Reason, Refused
from showcase.media.formats import icc
from showcase.media.formats.extents import Extent
from showcase.media.formats.isobmff import Box, IsoFile

FULL_BOX = 4  # bytes of version and flags
LAYOUT = {
    b"meta": frozenset({b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat"}),
    b"iprp": frozenset({b"ipco", b"ipma"}),
}
_ALPHA = {b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1"}


@dataclass(frozen=True)
class Entry:
    """An `infe` box, and where its item's type is."""

    box: Box
    type_at: int


@dataclass(frozen=True)
class Items:
    """What a `meta` box says of its items, by their ids."""

    primary: int
    entries: dict[int, Entry]
    extents: dict[int, list[Extent]]  # where their bytes are in the file
    references: list[tuple[bytes, int, Sequence[int]]]  # type, from, to
    properties: dict[int, list[Box]]

    def property(self, file: IsoFile, item: int, kind: bytes) -> list[bytes]:
        """The contents of an item's properties of this type, e.g. `ispe`."""
        return [file.content(box) for box in self.properties.get(item, []) if box.type == kind]

    def size(self, file: IsoFile) -> tuple[int, int]:
        """Width and height of the primary item's pixels, before irot and imir."""
        found = self.property(file, self.primary, b"ispe")
        return (int.from_bytes(found[0][4:8]), int.from_bytes(found[0][8:12])) if found else (0, 0)

    def colours(self, file: IsoFile) -> Colours:
        """The primary item's: its profile goes before code points."""
        found = {body[:4]: body[4:] for body in self.property(file, self.primary, b"colr")}
        profile = icc.checked(found.get(b"prof", found.get(b"rICC", b"")))
        nclx = found.get(b"nclx", b"")
        if profile or len(nclx) < 4:
            return Colours(profile)
        return Colours(None, int.from_bytes(nclx[:2]), int.from_bytes(nclx[2:4]))


class _Reader:
    """Big-endian numbers of a full box, one after the other."""

    def __init__(self, file: IsoFile, box: Box) -> None:
        self.body = file.content(box)
        self.position = FULL_BOX
        self.version = self.number(1, at=0)

    def number(self, size: int, at: int | None = None) -> int:
        start = self.position if at is None else at
        if start + size > len(self.body):
            raise Refused(Reason.DAMAGED)
        if at is None:
            self.position += size
        return int.from_bytes(self.body[start : start + size])


def read_items(file: IsoFile, meta: Box) -> Items | None:
    """None where there is no picture among them. Raises: Refused: a box is damaged."""
    pitm, iinf, iloc, iprp = (meta.find(kind) for kind in (b"pitm", b"iinf", b"iloc", b"iprp"))
    if pitm is None or iinf is None or iloc is None or iprp is None:
        return None
    primary = _Reader(file, pitm)
    return Items(
        primary=primary.number(4 if primary.version else 2),
        entries=_entries(file, iinf),
        extents=_extents(file, iloc, meta.find(b"idat")),
        references=[reference for iref in meta.all(b"iref") for reference in _references(file, iref)],
        properties=_properties(file, iprp),
    )


def picture_items(file: IsoFile, items: Items) -> set[int]:
    """The primary item, what it is derived from, and its transparency: no previews, depth or gain maps."""
    found: set[int] = set()
    wanted = [items.primary]
    while wanted:
        item = wanted.pop()
        if item in found:
            continue
        found.add(item)
        file.budget.spend(len(items.references))
        for kind, source, targets in items.references:
            if kind == b"dimg" and source == item:
                wanted += targets
            elif kind == b"auxl" and item in targets and _is_alpha(file, items, source):
                wanted.append(source)
    return found


def overlays(file: IsoFile, items: Items) -> list[Sequence[int]]:
    """The items that each overlay lays above each other."""
    entries = items.entries
    ids = {item for item, entry in entries.items() if file.data[entry.type_at : entry.type_at + 4] == b"iovl"}
    return [targets for kind, source, targets in items.references if kind == b"dimg" and source in ids]


def _is_alpha(file: IsoFile, items: Items, item: int) -> bool:
    return any(body[FULL_BOX:].partition(b"\0")[0] in _ALPHA for body in items.property(file, item, b"auxC"))


def _entries(file: IsoFile, iinf: Box) -> dict[int, Entry]:
    wide = _Reader(file, iinf).version > 0
    found = {}
    for box in file.boxes(iinf.body + FULL_BOX + (4 if wide else 2), iinf.end):
        entry = _Reader(file, box)
        if box.type != b"infe" or entry.version not in {2, 3}:
            raise Refused(Reason.DAMAGED)
        item = entry.number(2 if entry.version == 2 else 4)
        entry.number(2 + 4)  # protection, and the type
        found[item] = Entry(box, box.body + entry.position - 4)
    return found


def _extents(file: IsoFile, iloc: Box, idat: Box | None) -> dict[int, list[Extent]]:
    """ISO/IEC 14496-12, 8.11.3."""
    reader = _Reader(file, iloc)
    sizes = reader.number(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    found: dict[int, list[Extent]] = {}
    for _ in range(reader.number(2 if reader.version < 2 else 4)):
        file.budget.spend()
        item = reader.number(2 if reader.version < 2 else 4)
        method = reader.number(2) & 15 if reader.version else 0
        reader.number(2)  # data_reference_index
        start, limit = reader.number(base_size), len(file.data)
        if method == 1 and idat:
            start, limit = start + idat.body, idat.end
        elif method:
            raise Refused(Reason.DAMAGED)
        for _ in range(reader.number(2)):
            file.budget.spend()
            reader.number(index_size if reader.version else 0)
            first = start + reader.number(offset_size)
            length = reader.number(length_size) or limit - first
            if not first <= first + length <= limit:
                raise Refused(Reason.DAMAGED)
            found.setdefault(item, []).append((first, first + length))
    return found


def _references(file: IsoFile, iref: Box) -> Iterator[tuple[bytes, int, Sequence[int]]]:
    width = 4 if _Reader(file, iref).version else 2
    for box in file.boxes(iref.body + FULL_BOX, iref.end):
        body = file.content(box)
        file.budget.spend(len(body) // width)
        numbers = [int.from_bytes(body[at : at + width]) for at in (0, *range(width + 2, len(body), width))]
        yield box.type, numbers[0], numbers[1:]


def _properties(file: IsoFile, iprp: Box) -> dict[int, list[Box]]:
    listed = [box for ipco in iprp.all(b"ipco") for box in file.boxes(ipco.body, ipco.end)]
    found: dict[int, list[Box]] = {}
    for ipma in iprp.all(b"ipma"):
        reader = _Reader(file, ipma)
        wide = reader.number(1, at=3) & 1
        for _ in range(reader.number(4)):
            item = reader.number(4 if reader.version else 2)
            count = reader.number(1)
            file.budget.spend(1 + count)
            for _ in range(count):
                index = reader.number(2) & 0x7FFF if wide else reader.number(1) & 0x7F
                found.setdefault(item, []).extend(listed[index - 1 : index] if index else [])
    return found
