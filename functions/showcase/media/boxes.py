"""The boxes of an ISO base media file (ISO/IEC 14496-12): MP4 and QuickTime."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from showcase.media.domain import Reason, Refused

_BOXES = 10_000


@dataclass(frozen=True)
class Box:
    """One box; `body` is where its content begins."""

    type: bytes
    start: int
    body: int
    end: int


def boxes(file: IO[bytes], start: int, end: int) -> Iterator[Box]:
    """The boxes between two places, which they must fill exactly: nothing hides behind them."""
    count = 0
    while start < end:
        count += 1
        file.seek(start)
        header = file.read(16)
        if len(header) < 8 or count > _BOXES:
            raise Refused(Reason.DAMAGED)
        length, kind = struct.unpack(">I4s", header[:8])
        body = start + 8
        if length == 1 and len(header) == 16:
            (length,) = struct.unpack(">Q", header[8:])
            body = start + 16
        elif length == 0:
            length = end - start
        elif length == 4 and kind == b"\0\0\0\0":
            raise Refused(Reason.DAMAGED)
        if start + length < body or start + length > end:
            raise Refused(Reason.DAMAGED)
        yield Box(kind, start, body, start + length)
        start += length


def inside(file: IO[bytes], box: Box) -> list[Box]:
    """The boxes in a box. QuickTime may end it with four zero bytes."""
    end = box.end
    if end - box.body >= 4:
        file.seek(end - 4)
        if file.read(4) == b"\0\0\0\0":
            try:
                return list(boxes(file, box.body, end))
            except Refused:
                end -= 4
    return list(boxes(file, box.body, end))


def find(file: IO[bytes], box: Box, *path: bytes) -> Box | None:
    """The first box at the end of a path of types, e.g. `mdia`, `hdlr`."""
    for kind in path:
        found = next((child for child in inside(file, box) if child.type == kind), None)
        if found is None:
            return None
        box = found
    return box


def content(file: IO[bytes], box: Box | None, start: int = 0, size: int | None = None) -> bytes:
    """What a box holds, or a stretch of it; nothing where there is no such box."""
    if box is None:
        return b""
    file.seek(box.body + start)
    return file.read(box.end - box.body - start if size is None else min(size, box.end - box.body - start))


def blank(file: IO[bytes], start: int, end: int) -> None:
    """Makes a stretch of the file zeros."""
    file.seek(start)
    left = end - start
    while left:
        left -= file.write(bytes(min(left, 65536)))
