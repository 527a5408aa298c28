"""AVIF (AOMediaCodec, v1.1), stills and sequences: what is not the picture is made free space, and nothing moves."""

import io
from collections.abc import Iterator, Sequence
from contextlib import suppress

from showcase.media import heif, samples
from showcase.media.boxes import Box, boxes, content, find, inside
from showcase.media.coded_image import CodedImage
from showcase.media.colours import SRGB
from showcase.media.domain import Reason, Refused
from showcase.media.heif import Items, Range

# What is kept of each box; everything else in it becomes free space.
_KEPT = {
    b"meta": {b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat", b"dinf"},
    b"iprp": {b"ipco", b"ipma"},
    b"ipco": {
        *(b"ispe", b"pixi", b"av1C", b"auxC", b"colr", b"clli", b"mdcv", b"cclv", b"amve", b"ndwt", b"pasp"),
        *(b"clap", b"irot", b"imir", b"a1op", b"a1lx", b"lsel"),
    },
    b"moov": {b"mvhd", b"trak"},
    b"trak": {b"tkhd", b"edts", b"tref", b"mdia"},
    b"mdia": {b"mdhd", b"hdlr", b"minf"},
    b"minf": {b"vmhd", b"hmhd", b"nmhd", b"dinf", b"stbl"},
}
_TOP = {b"ftyp", b"meta", b"moov", b"mdat"}
_GAIN_MAP = b"tmap"
_PICTURES = {b"pict", b"auxv"}  # handlers of tracks
_INFE_TYPE = {2: 8, 3: 10}  # where an entry's item type is, by its version
_HDLR_NAME = 24


def strip(sent: bytes) -> CodedImage:
    """The picture or sequence without EXIF, XMP, names, previews, other pictures, sound, and what follows its end.

    Raises:
        Refused: its boxes are damaged.
    """
    file = io.BytesIO(sent)
    top: list[Box] = []
    with suppress(Refused):  # what follows the last box
        top.extend(boxes(file, 0, len(sent)))
    if not top or top[0].type != b"ftyp":
        raise Refused(Reason.DAMAGED)
    kept: list[Range] = []
    size, colours = (0, 0), SRGB
    for box in top:
        if box.type == b"meta":
            items = _strip_meta(file, box, kept)
            size, colours = (items.size(file), items.colours(file)) if items else (size, colours)
        elif box.type == b"moov":
            size = max(size, _strip_movie(file, box, kept, len(sent)))
        elif box.type == b"ftyp":
            _strip_brands(file, box)
        elif box.type not in _TOP:
            free(file, box)
    _blank_others(file, [box for box in top if box.type == b"mdat"], kept)
    return CodedImage(file.getvalue()[: top[-1].end], *size, colours=colours)


def _strip_brands(file: io.BytesIO, ftyp: Box) -> None:
    """Whoever promises a gain map (ISO 21496-1) must have one, and it is no part of the picture."""
    brands = content(file, ftyp, 8)
    for at in range(0, len(brands), 4):
        if brands[at : at + 4] == _GAIN_MAP:
            file.seek(ftyp.body + 8 + at)
            file.write(b"mif1")


def free(file: io.BytesIO, box: Box) -> None:
    file.seek(box.start + 4)
    file.write(b"free")
    _blank(file, box.body, box.end)


def _blank(file: io.BytesIO, start: int, end: int) -> None:
    file.seek(start)
    file.write(bytes(max(0, end - start)))


def _strip_meta(file: io.BytesIO, meta: Box, kept: list[Range]) -> Items | None:
    """The items, if there is a picture among them; adds where its bytes are."""
    items = heif.read_items(file, meta)
    if items is None:
        free(file, meta)
        return None
    wanted = heif.picture_items(file, items)
    for item in wanted:
        kept += items.ranges.get(item, [])
    for item, entry in items.entries.items():
        _strip_entry(file, entry, keep=item in wanted)
    for box in heif.meta_boxes(file, meta):
        if box.type not in _KEPT[b"meta"]:
            free(file, box)
        elif box.type == b"iprp":
            _strip_children(file, box)
        elif box.type == b"hdlr":
            _blank(file, box.body + _HDLR_NAME, box.end)
        elif box.type == b"idat":
            _blank_others(file, [box], kept)
    return items


def _strip_entry(file: io.BytesIO, infe: Box, *, keep: bool) -> None:
    """An item that is not kept gets a type that readers skip. Names are blanked."""
    place = infe.body + _INFE_TYPE[content(file, infe, 0, 1)[0]]
    if not keep:
        file.seek(place)
        file.write(b"free")
    _blank(file, place + 4, infe.end)


def _strip_children(file: io.BytesIO, parent: Box) -> None:
    for box in inside(file, parent):
        if box.type not in _KEPT[parent.type]:
            free(file, box)
        elif box.type in _KEPT:
            _strip_children(file, box)
        elif box.type == b"hdlr":
            _blank(file, box.body + _HDLR_NAME, box.end)


def _strip_movie(file: io.BytesIO, moov: Box, kept: list[Range], size: int) -> tuple[int, int]:
    """The largest track's width and height; adds where the samples of its tracks are."""
    largest = (0, 0)
    for trak in inside(file, moov):
        if trak.type == b"trak" and content(file, find(file, trak, b"mdia", b"hdlr"), 8, 4) in _PICTURES:
            kept += samples.stretches(file, trak, size)
            extent = content(file, find(file, trak, b"tkhd"))[-8:]
            largest = max(largest, (int.from_bytes(extent[:2]), int.from_bytes(extent[4:6])))
        elif trak.type == b"trak":
            free(file, trak)
    _strip_children(file, moov)
    return largest


def _blank_others(file: io.BytesIO, regions: Sequence[Box], kept: Sequence[Range]) -> None:
    """Makes zeros of what no range needs, each byte once."""
    merged = list(_merged(kept))
    for region in regions:
        start = region.body
        for first, last in merged:
            if last > start and first < region.end:
                _blank(file, start, first)
                start = last
        _blank(file, start, region.end)


def _merged(ranges: Sequence[Range]) -> Iterator[Range]:
    start = end = -1
    for first, last in sorted(ranges):
        if first > end:
            if end > start:
                yield start, end
            start, end = first, last
        end = max(end, last)
    if end > start:
        yield start, end
