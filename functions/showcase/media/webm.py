"""WebM (RFC 9559 and RFC 8794): whether a file is whole, and striking out what is not the film."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from showcase.media.domain import Reason, Refused

_HEADER, _SEGMENT, _CLUSTER, _INFO = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1549A966
_DOC_TYPE, _VOID, _CHECKSUM = 0x4282, 0xEC, 0xBF
_TAGS, _ATTACHMENTS, _CHAPTERS = 0x1254C367, 0x1941A469, 0x1043A770
_SEEK_HEAD, _TRACKS, _CUES = 0x114D9B74, 0x1654AE6B, 0x1C53BB6B
_TOP = {_SEEK_HEAD, _INFO, _TRACKS, _CLUSTER, _CUES, _TAGS, _ATTACHMENTS, _CHAPTERS, _VOID, _CHECKSUM}
# Places, names, files of any kind; checksums that no longer fit; what was blanked before, with whatever it holds.
_STRUCK = {_TAGS, _ATTACHMENTS, _CHAPTERS, _CHECKSUM, _VOID}
# Of the segment's information: its title, when it was filmed, the names of files.
_STRUCK_INFO = {0x7BA9, 0x4461, 0x7384, 0x3C83AB, 0x3E83BB, _CHECKSUM, _VOID}
# What a cluster of unknown size consists of: it ends where anything else begins.
_IN_CLUSTER = {0xE7, 0x5854, 0xA7, 0xAB, 0xA3, 0xA0, 0xAF, _VOID, _CHECKSUM}
_ELEMENTS = 500_000


@dataclass(frozen=True)
class Element:
    """One element; `end` is None where the file does not say it."""

    id: int
    start: int
    body: int
    end: int | None


def clean(file: IO[bytes]) -> None:
    """Checks a film and strikes out all that is none, in place: its pictures stay where they are.

    Raises:
        Refused: it is not whole, is of another kind, or holds more than a film.
    """
    _Film(file).clean()


class _Film:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = _ELEMENTS

    def clean(self) -> None:
        size = self._file.seek(0, os.SEEK_END)
        header = self._element(0, size)
        if header.id != _HEADER or header.end is None or self._kinds(header.body, header.end) != [b"webm"]:
            raise Refused(Reason.DAMAGED)
        start, seen = header.end, set[int]()
        while start < size:
            segment = self._element(start, size)
            if segment.id != _SEGMENT:
                raise Refused(Reason.DAMAGED)
            start = size if segment.end is None else segment.end
            seen |= self._clean_segment(segment.body, start)
        if _TRACKS not in seen:
            raise Refused(Reason.DAMAGED)

    def _kinds(self, start: int, end: int) -> list[bytes]:
        return [self._content(child) for child in self._whole(start, end) if child.id == _DOC_TYPE]

    def _clean_segment(self, start: int, end: int) -> set[int]:
        """Which elements it has. They fill it exactly: nothing hides between or behind them."""
        seen = set[int]()
        while start < end:
            child = self._element(start, end)
            if child.id not in _TOP or (child.end is None and child.id != _CLUSTER):
                raise Refused(Reason.DAMAGED)
            seen.add(child.id)
            start = self._end_of_cluster(child.body, end) if child.end is None else child.end
            if child.id in _STRUCK:
                self._blank(child.start, start)
            elif child.id == _INFO:
                for told in self._whole(child.body, start):
                    if told.id in _STRUCK_INFO and told.end is not None:
                        self._blank(told.start, told.end)
        return seen

    def _end_of_cluster(self, start: int, end: int) -> int:
        while start < end:
            child = self._element(start, end)
            if child.id not in _IN_CLUSTER:
                return start
            if child.end is None:
                raise Refused(Reason.DAMAGED)
            start = child.end
        return start

    def _whole(self, start: int, end: int) -> Iterator[Element]:
        """The elements between two places, of which each says where it ends."""
        while start < end:
            child = self._element(start, end)
            if child.end is None:
                raise Refused(Reason.DAMAGED)
            yield child
            start = child.end

    def _element(self, start: int, end: int) -> Element:
        self._left -= 1
        self._file.seek(start)
        head = self._file.read(12)
        id_width = 9 - head[0].bit_length() if head else 0
        if self._left < 0 or not 1 <= id_width <= 4 or len(head) <= id_width or not head[id_width]:
            raise Refused(Reason.DAMAGED)
        size_width = 9 - head[id_width].bit_length()
        body = start + id_width + size_width
        unknown = (1 << 7 * size_width) - 1
        size = int.from_bytes(head[id_width : id_width + size_width], "big") & unknown
        if body > end or (size != unknown and body + size > end):
            raise Refused(Reason.DAMAGED)
        identifier = int.from_bytes(head[:id_width], "big")
        return Element(identifier, start, body, None if size == unknown else body + size)

    def _content(self, element: Element) -> bytes:
        self._file.seek(element.body)
        return self._file.read(min((element.end or element.body) - element.body, 64))

    def _blank(self, start: int, end: int) -> None:
        """Makes an element a void one of the same length, and its content zeros."""
        length = end - start
        size = (1 << 56 | length - 9).to_bytes(8, "big") if length >= 9 else (0x80 | length - 2).to_bytes(1, "big")
        self._file.seek(start)
        self._file.write(_VOID.to_bytes(1, "big") + size)
        left = length - 1 - len(size)
        while left:
            left -= self._file.write(bytes(min(left, 65536)))
