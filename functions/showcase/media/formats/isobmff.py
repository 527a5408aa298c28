"""The boxes of an ISO base media file (ISO/IEC 14496-12; QuickTime File Format): read, and made free space."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from mmap import mmap

from showcase.media.domain import Reason, Refused
from showcase.media.formats.work_budget import WorkBudget

Bytes = bytearray | mmap

_HEADER = struct.Struct(">I4s")
_SIZE = struct.Struct(">Q")
_ZEROS = bytes(1024 * 1024)
_BOX_STEPS = 4  # of the work budget


@dataclass(slots=True)
class Box:
    """One box: where it begins, where its content begins, where it ends; its boxes that are kept, and the others."""

    type: bytes
    start: int
    body: int
    end: int
    children: list["Box"] = field(default_factory=list)
    others: list["Box"] = field(default_factory=list)

    def all(self, *path: bytes) -> Iterator["Box"]:
        """Every kept box at the end of a path of types, e.g. `mdia`, `hdlr`."""
        for child in self.children:
            if child.type == path[0]:
                yield from child.all(*path[1:]) if path[1:] else (child,)

    def find(self, *path: bytes) -> "Box | None":
        """The first of them."""
        return next(self.all(*path), None)


@dataclass(frozen=True)
class IsoFile:
    """A file that is changed in place, where nothing moves."""

    data: Bytes
    budget: WorkBudget

    def boxes(self, start: int, end: int) -> Iterator[Box]:
        """The boxes that fill the bytes between two places. Zeros may follow, as QuickTime ends some lists.

        Raises:
            Refused: a box is larger than what it is in, or too many.
        """
        while end - start >= 8:
            box = self.box_at(start, end)
            if box is None:
                if self.data[start:end].count(0) < end - start:
                    raise Refused(Reason.DAMAGED)
                return
            yield box
            start = box.end
        self.blank(start, end)

    def box_at(self, start: int, end: int) -> Box | None:
        """The box that begins at a place; None where none can: it has no room, or no size and no type."""
        self.budget.spend(_BOX_STEPS)
        if end - start < 8:
            return None
        size, kind = _HEADER.unpack_from(self.data, start)
        body = start + 8
        if size == 1 and end - start >= 16:
            (size,) = _SIZE.unpack_from(self.data, body)
            body += 8
        elif size == 0 and kind != b"\0\0\0\0":
            size = end - start
        return Box(kind, start, body, start + size) if body <= start + size <= end else None

    def read_tree(self, box: Box, layout: Mapping[bytes, frozenset[bytes]]) -> Box:
        """Reads the boxes in a box as deep as `layout` names containers; `others` are those that it does not name."""
        if (kept := layout.get(box.type)) is not None:
            found = list(self.boxes(box.body, box.end))
            box.children = [self.read_tree(child, layout) for child in found if child.type in kept]
            box.others = [child for child in found if child.type not in kept]
        return box

    def erase_others(self, box: Box) -> None:
        """Erases what is not kept in a box, and in those that are."""
        for other in box.others:
            self.erase(other.start, other.end)
        for child in box.children:
            self.erase_others(child)

    def content(self, box: Box | None, start: int = 0, size: int | None = None) -> bytes:
        """What a box holds, or a stretch of it; nothing where there is no such box."""
        if box is None:
            return b""
        end = box.end if size is None else min(box.end, box.body + start + size)
        return bytes(self.data[box.body + start : end])

    def blank(self, start: int, end: int) -> None:
        """Makes a stretch of the file zeros."""
        for place in range(start, end, len(_ZEROS)):
            length = min(len(_ZEROS), end - place)
            self.data[place : place + length] = _ZEROS[:length]

    def erase(self, start: int, end: int) -> None:
        """Makes a stretch one free box of zeros (14496-12, 8.1.2), which players skip; zeros where no box has room."""
        self.blank(start, end)
        if end - start >= 8:
            _HEADER.pack_into(self.data, start, end - start, b"free")
