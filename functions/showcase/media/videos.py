"""Videos: whether they are whole and what they say they are; where they were taken is struck out."""

import os
from typing import IO

from showcase.media import samples, webm
from showcase.media.boxes import Box, blank, boxes, inside
from showcase.media.domain import ContentType, Reason, Refused

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"moof", b"traf"}
# Names, places, devices, and whatever was put where nobody looks: players need none of it.
_METADATA = {b"udta", b"meta", b"uuid", b"free", b"skip"}
_DEPTH = 10
_TOP = {
    *(b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pdin", b"moof", b"mfra", b"sidx", b"ssix", b"styp"),
    *(b"prft", b"meta", b"uuid", b"udta", b"emsg"),
}


def clean(file: IO[bytes], content_type: ContentType) -> None:
    """Checks a video and strikes its metadata out, in place: the bytes of the pictures stay where they are.

    Raises:
        Refused: it is not whole, or holds more than a video.
    """
    if content_type is ContentType.WEBM:
        webm.clean(file)
        return
    size = file.seek(0, os.SEEK_END)
    top = list(boxes(file, 0, size))
    types = [box.type for box in top]
    if types[:1] != [b"ftyp"] or types.count(b"moov") != 1 or not set(types) <= _TOP:
        raise Refused(Reason.DAMAGED)
    if b"moof" in types and any(samples.tell_of_places(file, box) for moov in top for box in _tracks(file, moov)):
        raise Refused(Reason.DAMAGED)  # what it tells lies scattered among the pictures
    _strike(file, top, size)


def _tracks(file: IO[bytes], box: Box) -> list[Box]:
    return [child for child in inside(file, box) if child.type == b"trak"] if box.type == b"moov" else []


def _strike(file: IO[bytes], found: list[Box], size: int, depth: int = 0) -> None:
    if depth > _DEPTH:
        raise Refused(Reason.DAMAGED)
    for box in found:
        if box.type == b"trak" and samples.tell_of_places(file, box):
            for start, end in samples.stretches(file, box, size):
                blank(file, start, end)
            _erase(file, box)
        elif box.type in _CONTAINERS:
            _strike(file, inside(file, box), size, depth + 1)
        elif box.type in _METADATA:
            _erase(file, box)


def _erase(file: IO[bytes], box: Box) -> None:
    """Makes a box free space, and its content zeros."""
    file.seek(box.start + 4)
    file.write(b"free")
    blank(file, box.body, box.end)
