"""Videos: whether they are whole and what they say they are; where they were taken is struck out."""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from showcase.media.domain import ContentType, Reason, Refused

_CONTAINERS = {b"moov", b"trak"}
# Names, places, devices: players need none of it.
_METADATA = {b"udta", b"meta", b"uuid"}
_TOP = {
    *(b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pdin", b"moof", b"mfra", b"sidx", b"ssix", b"styp"),
    *(b"prft", b"meta", b"uuid", b"udta", b"emsg"),
}
_BOXES = 10_000


@dataclass(frozen=True)
class Box:
    """One box of an ISO base media file (ISO/IEC 14496-12)."""

    type: bytes
    start: int
    body: int
    end: int


def clean(file: IO[bytes], content_type: ContentType) -> None:
    """Checks a video and strikes its metadata out, in place: the bytes of the pictures stay where they are.

    Raises:
        Refused: it is not whole, or holds more than a video.
    """
    size = file.seek(0, os.SEEK_END)
    if content_type is ContentType.WEBM:
        _check_webm(file, size)
        return
    top = list(_boxes(file, 0, size))
    types = [box.type for box in top]
    if types[:1] != [b"ftyp"] or types.count(b"moov") != 1 or not set(types) <= _TOP:
        raise Refused(Reason.DAMAGED)
    _strike(file, top)


def _boxes(file: IO[bytes], start: int, end: int) -> Iterator[Box]:
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


def _strike(file: IO[bytes], boxes: list[Box]) -> None:
    for box in boxes:
        if box.type in _CONTAINERS:
            # QuickTime may end a container with four zero bytes.
            _strike(file, _inside(file, box))
        elif box.type in _METADATA:
            _blank(file, box)


def _inside(file: IO[bytes], box: Box) -> list[Box]:
    end = box.end
    if end - box.body >= 4:
        file.seek(end - 4)
        if file.read(4) == b"\0\0\0\0":
            try:
                return list(_boxes(file, box.body, end))
            except Refused:
                end -= 4
    return list(_boxes(file, box.body, end))


def _blank(file: IO[bytes], box: Box) -> None:
    """Makes a box free space, and its content zeros."""
    file.seek(box.start + 4)
    file.write(b"free")
    file.seek(box.body)
    left = box.end - box.body
    while left:
        left -= file.write(bytes(min(left, 65536)))


def _check_webm(file: IO[bytes], size: int) -> None:
    """An EBML header, then segments to the end of the file."""
    place = _skip_element(file, 0, b"\x1a\x45\xdf\xa3", size)
    if place >= size:
        raise Refused(Reason.DAMAGED)
    while place < size:
        place = _skip_element(file, place, b"\x18\x53\x80\x67", size)


def _skip_element(file: IO[bytes], place: int, identifier: bytes, end: int) -> int:
    file.seek(place)
    head = file.read(12)
    if head[:4] != identifier or len(head) < 5 or head[4] == 0:
        raise Refused(Reason.DAMAGED)
    width = 9 - head[4].bit_length()
    length = int.from_bytes(head[4 : 4 + width]) & ((1 << 7 * width) - 1)
    if length == (1 << 7 * width) - 1:  # a live recording: to the end
        return end
    if place + 4 + width + length > end:
        raise Refused(Reason.DAMAGED)
    return place + 4 + width + length
