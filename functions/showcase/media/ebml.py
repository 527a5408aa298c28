"""The elements of an EBML document (RFC 8794): reading them, and making them void."""

from collections.abc import Iterator
from dataclasses import dataclass

from showcase.media.domain import Reason, Refused
from showcase.media.isobmff import Bytes
from showcase.media.work_budget import WorkBudget

VOID, CRC_32 = 0xEC, 0xBF
_ZEROS = bytes(1024 * 1024)


@dataclass(frozen=True, slots=True)
class Element:
    """One element; `end` is None where the file does not say it."""

    id: int
    start: int
    body: int
    end: int | None


@dataclass(frozen=True)
class EbmlFile:
    """A file that is changed in place, where nothing moves."""

    data: Bytes
    budget: WorkBudget

    def element(self, start: int, end: int) -> Element:
        """The element that begins at a place (4 and 5: id and size are of variable width).

        Raises:
            Refused: it is none, larger than what it is in, or one too many.
        """
        self.budget.spend()
        head = self.data[start : min(start + 12, end)]
        id_width = 9 - head[0].bit_length() if head else 0
        if not 1 <= id_width <= 4 or len(head) <= id_width or not head[id_width]:
            raise Refused(Reason.DAMAGED)
        width = id_width + 9 - head[id_width].bit_length()
        unknown = (1 << 7 * (width - id_width)) - 1
        size = int.from_bytes(head[id_width:width], "big") & unknown
        body = start + width
        if body > end or (size != unknown and body + size > end):
            raise Refused(Reason.DAMAGED)
        return Element(int.from_bytes(head[:id_width], "big"), start, body, None if size == unknown else body + size)

    def elements(self, start: int, end: int) -> Iterator[tuple[Element, int]]:
        """The elements that fill the bytes between two places, each with its end.

        Raises:
            Refused: as `element`, or one does not say where it ends.
        """
        while start < end:
            element = self.element(start, end)
            if element.end is None:
                raise Refused(Reason.DAMAGED)
            yield element, element.end
            start = element.end

    def number(self, start: int, end: int) -> int:
        """An unsigned integer (7.2)."""
        return int.from_bytes(self.data[start : min(end, start + 8)], "big")

    def void(self, start: int, end: int) -> None:
        """Makes a stretch one void element (11.3.2) of zeros; a single byte, which has no room for one, zero."""
        length = end - start
        if length < 2:
            self.data[start:end] = bytes(length)
            return
        size = (1 << 56 | length - 9).to_bytes(8, "big") if length >= 9 else (0x80 | length - 2).to_bytes(1, "big")
        head = VOID.to_bytes(1, "big") + size
        self.data[start : start + len(head)] = head
        for place in range(start + len(head), end, len(_ZEROS)):
            stop = min(place + len(_ZEROS), end)
            self.data[place:stop] = _ZEROS[: stop - place]
