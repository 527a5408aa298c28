"""The elements of an EBML document (RFC 8794): reading them, and making them void."""

from collections.abc import Iterator
from dataclasses import dataclass

from showcase.media.domain import Reason, Refused
from showcase.media.formats.isobmff import Bytes
from showcase.media.formats.work_budget import WorkBudget

VOID, CRC_32 = 0xEC, 0xBF
ELEMENT_STEPS = 4  # of the work budget, save for blocks and what they consist of
_ID_WIDTH = 4  # bytes, at most (RFC 9559, 4.1)
# By its first byte, how many bytes a number has; 0 where it has more than eight. By its width, the number that stands
# for a size that is unknown.
_WIDTHS = bytes([0, *(9 - first.bit_length() for first in range(1, 256))])
_UNKNOWN = [(1 << 7 * width) - 1 for width in range(9)]
_ZEROS = bytes(1024 * 1024)


@dataclass(slots=True)  # not frozen: there are hundreds of thousands
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

    def element(self, start: int, end: int, steps: int = ELEMENT_STEPS) -> Element:
        """The element that begins at a place (4 and 5: id and size are of variable width).

        Raises:
            Refused: it is none, larger than what it is in, or one too many.
        """
        self.budget.spend(steps)
        data = self.data
        sized = start + _WIDTHS[data[start]] if start < end else end
        body = sized + _WIDTHS[data[sized]] if sized < end else end + 1
        unknown = _UNKNOWN[body - sized] if body <= end else 0
        if not unknown or not 1 <= sized - start <= _ID_WIDTH:
            raise Refused(Reason.DAMAGED)
        size = int.from_bytes(data[sized:body], "big") & unknown
        stop = None if size == unknown else body + size
        if stop is not None and stop > end:
            raise Refused(Reason.DAMAGED)
        return Element(int.from_bytes(data[start:sized], "big"), start, body, stop)

    def elements(self, start: int, end: int, steps: int = ELEMENT_STEPS) -> Iterator[tuple[Element, int]]:
        """The elements that fill the bytes between two places, each with its end.

        Raises:
            Refused: as `element`, or one does not say where it ends.
        """
        while start < end:
            element = self.element(start, end, steps)
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
