"""WebM films (RFC 9559): whether they are whole; all that is not the film itself is made void."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from showcase.media import captions
from showcase.media.domain import Reason, Refused
from showcase.media.formats.ebml import ELEMENT_STEPS, EbmlFile, Element
from showcase.media.formats.extents import Extent
from showcase.media.formats.isobmff import Bytes
from showcase.media.formats.work_budget import WorkBudget

_HEADER, _DOC_TYPE, _SEGMENT = 0x1A45DFA3, 0x4282, 0x18538067
_SEEK_HEAD, _INFO, _TRACKS, _CLUSTER, _CUES = 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1F43B675, 0x1C53BB6B
_TAGS, _ATTACHMENTS, _CHAPTERS = 0x1254C367, 0x1941A469, 0x1043A770
_TRACK, _NUMBER, _TYPE, _ENCODINGS = 0xAE, 0xD7, 0x83, 0x6D80
_SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK = 0xA3, 0xA0, 0xA1
_PICTURE, _SOUND, _CAPTION = 1, 2, 17  # of TrackType

# What players need; the rest is made void, checksums too, which no longer fit.
_IN_SEGMENT = {_SEEK_HEAD, _INFO, _TRACKS, _CLUSTER, _CUES}
# The unit of time, the length, and the two programs that wrote it, which the format demands.
_IN_INFO = {0x2AD7B1, 0x4489, 0x4D80, 0x5741}
# Not its name, its codec's name and addresses, or the files that are attached to it.
_IN_TRACK = {
    *(_NUMBER, 0x73C5, _TYPE, 0xB9, 0x88, 0x55AA, 0x55AB, 0x55AC, 0x55AD, 0x55AE, 0x55AF, 0x9C, 0x6DE7, 0x6DF8),
    *(0x23E383, 0x234E7A, 0x23314F, 0x537F, 0x55EE, 0x41E4, 0x22B59C, 0x22B59D, 0x86, 0x63A2, 0xAA, 0x6FAB),
    *(0x56AA, 0x56BB, 0xE0, 0xE1, 0xE2, _ENCODINGS),
}
_BLOCKS = {_SIMPLE_BLOCK, _BLOCK_GROUP}
_IN_CLUSTER = {0xE7, 0xA7, 0xAB}
_IN_GROUP = {_BLOCK, 0x75A1, 0x9B, 0xFA, 0xFB, 0xA4, 0x75A2}
# A cluster of unknown size ends where one of these begins (RFC 8794, 6.2).
_AFTER_CLUSTER = {*_IN_SEGMENT, _TAGS, _ATTACHMENTS, _CHAPTERS, _SEGMENT, _HEADER}


def clean(data: Bytes, budget: WorkBudget) -> None:
    """Checks a film and strikes out all that is none, in place: its pictures stay where they are.

    Raises:
        Refused: it is not whole, is of another kind, or takes too much work.
    """
    _Film(EbmlFile(data, budget)).clean(len(data))


@dataclass
class _Film:
    file: EbmlFile
    kinds: dict[int, int] = field(default_factory=dict)  # of the tracks that stay, by number
    captions: dict[int, list[Extent]] = field(default_factory=dict)  # a track's entry, and its blocks

    def clean(self, size: int) -> None:
        header = self.file.element(0, size)
        if header.end is None:
            raise Refused(Reason.DAMAGED)
        end = header.end
        types = [self.file.data[e.body : stop] for e, stop in self.file.elements(header.body, end) if e.id == _DOC_TYPE]
        if header.id != _HEADER or [bytes(kind).rstrip(b"\0") for kind in types] != [b"webm"]:
            raise Refused(Reason.DAMAGED)
        segment = self.file.element(end, size)
        if segment.id != _SEGMENT:
            raise Refused(Reason.DAMAGED)
        end = size if segment.end is None else segment.end
        self._segment(segment.body, end)
        self.file.void(end, size)
        for entry, *blocks in self.captions.values():
            if captions.contain_positions(self.file.data, blocks, self.file.budget):
                self._void((entry, *blocks))

    def _segment(self, start: int, end: int) -> None:
        while start < end:
            child = self.file.element(start, end)
            if child.end is None and child.id != _CLUSTER:
                raise Refused(Reason.DAMAGED)
            start = end if child.end is None else child.end
            if child.id == _CLUSTER:
                start = self._cluster(child.body, start, sized=child.end is not None)
            elif child.id == _INFO:
                self._void(self._read(child.body, start, _IN_INFO)[1])
            elif child.id == _TRACKS:
                self._tracks(child.body, start)
            elif child.id not in _IN_SEGMENT:
                self.file.void(child.start, start)
        if _PICTURE not in self.kinds.values():
            raise Refused(Reason.DAMAGED)

    def _read(
        self, start: int, end: int, kept: set[int], steps: int = ELEMENT_STEPS
    ) -> tuple[dict[int, Extent], list[Extent]]:
        """The content of these elements, the last of each kind; and where the others are."""
        found, others = {}, []
        for child, stop in self.file.elements(start, end, steps):
            if child.id in kept:
                found[child.id] = (child.body, stop)
            else:
                others.append((child.start, stop))
        return found, others

    def _void(self, extents: Iterable[Extent]) -> None:
        for start, end in extents:
            self.file.void(start, end)

    def _tracks(self, start: int, end: int) -> None:
        for entry, stop in self.file.elements(start, end):
            found, others = self._read(entry.body, stop, _IN_TRACK) if entry.id == _TRACK else ({}, [])
            number, kind = (self.file.number(*found.get(each, (0, 0))) for each in (_NUMBER, _TYPE))
            if kind == _CAPTION and _ENCODINGS not in found:  # what is packed cannot be read here
                self.captions[number] = [(entry.start, stop)]
            elif kind not in {_PICTURE, _SOUND}:
                self.file.void(entry.start, stop)
                continue
            self.kinds[number] = kind
            self._void(others)

    def _cluster(self, start: int, end: int, *, sized: bool) -> int:
        """Where it ends."""
        while start < end:
            child = self.file.element(start, end, 1)
            if not sized and child.id in _AFTER_CLUSTER:
                return start
            if child.end is None:
                raise Refused(Reason.DAMAGED)
            start = child.end
            if child.id in _BLOCKS:
                self._block(child, start)
                continue
            self.file.budget.spend(ELEMENT_STEPS)
            if child.id not in _IN_CLUSTER:
                self.file.void(child.start, start)
        return start

    def _block(self, block: Element, end: int) -> None:
        """A block, alone or with what belongs to it."""
        content, others = (block.body, end), list[Extent]()
        if block.id == _BLOCK_GROUP:
            found, others = self._read(block.body, end, _IN_GROUP, 1)
            content = found.get(_BLOCK, (end, end))
        number = self._track_of(*content)
        if number not in self.kinds:
            self.file.void(block.start, end)
            return
        self._void(others)
        if number in self.captions:
            self.captions[number].append((block.start, end))

    def _track_of(self, start: int, end: int) -> int:
        """The number of a block's track, an integer of variable width (RFC 9559, 10.1); 0 where there is none."""
        first = self.file.data[start] if start < end else 0
        width = 9 - first.bit_length()
        return self.file.number(start, start + width) & (1 << 7 * width) - 1 if first and start + width <= end else 0
