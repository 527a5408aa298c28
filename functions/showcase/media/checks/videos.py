"""Videos: whether they are whole and what they say they are; all that is not the film itself is made zeros."""

from collections.abc import Mapping

from showcase.media import captions
from showcase.media.domain import ContentType, Reason, Refused
from showcase.media.formats import webm
from showcase.media.formats.extents import Extent, gaps, merged
from showcase.media.formats.isobmff import Box, Bytes, IsoFile
from showcase.media.formats.mp4_fragments import fragment_extents
from showcase.media.formats.mp4_layout import FILE, LAYOUT, blank_fields, handler, track_id
from showcase.media.formats.mp4_samples import chunk_extents
from showcase.media.formats.work_budget import WorkBudget

_PICTURE = b"vide"
_PLAYED = {_PICTURE, b"soun", b"tmcd"}
# They stay where they contain no position. Those in tracks of other kinds (`clcp`, `subp`) are not text.
_CAPTIONS = {b"text", b"sbtl", b"subt"}


def clean(data: Bytes, content_type: ContentType) -> None:
    """Checks a video and strikes out what is not the film, in place: the bytes of the film stay where they are.

    Raises:
        Refused: it is not whole, is no film, or takes too much work.
    """
    budget = WorkBudget(len(data))
    if content_type is ContentType.WEBM:
        webm.clean(data, budget)
    else:
        _clean_film(IsoFile(data, budget))


def _clean_film(file: IsoFile) -> None:
    film = _read(file)
    moovs = list(film.all(b"moov"))
    if len(moovs) != 1:
        raise Refused(Reason.DAMAGED)
    (moov,) = moovs
    kept = merged(_kept_extents(file, moov, list(film.all(b"moof"))))
    if kept and (kept[0][0] < 0 or kept[-1][1] > len(file.data)):
        raise Refused(Reason.DAMAGED)
    file.erase_others(film)
    blank_fields(file, moov)
    # Of the media data stays what the tables name as the film's, whatever else lies there.
    for mdat in film.all(b"mdat"):
        for start, end in gaps(kept, mdat.body, mdat.end):
            file.blank(start, end)


def _read(file: IsoFile) -> Box:
    """The whole file. What lies behind its boxes, and is none, is one of the others."""
    size, start = len(file.data), 0
    kept, others = list[Box](), list[Box]()
    while start < size:
        box = file.box_at(start, size)
        if box is None:
            if bytes(file.data[start + 4 : start + 8]) in LAYOUT[FILE]:
                raise Refused(Reason.DAMAGED)  # it was cut off
            box = Box(FILE, start, start, size)
        if box.type in LAYOUT[FILE]:
            kept.append(file.read_tree(box, LAYOUT))
        else:
            others.append(box)
        start = box.end
    return Box(FILE, 0, 0, size, kept, others)


def _kept_extents(file: IsoFile, moov: Box, fragments: list[Box]) -> list[Extent]:
    """Where the samples of the tracks lie that stay; the tracks that do not become others of the movie."""
    runs = fragment_extents(file, moov, fragments)
    kept: list[Extent] = []
    dropped, kinds = set(), set()
    for place, box in enumerate(moov.children):
        extents = _film_extents(file, box, runs) if box.type == b"trak" else []
        if extents is None:
            dropped.add(place)
            continue
        kept += extents
        kinds.add(handler(file, box))
    if _PICTURE not in kinds:
        raise Refused(Reason.DAMAGED)
    moov.others = [*moov.others, *(box for place, box in enumerate(moov.children) if place in dropped)]
    moov.children = [box for place, box in enumerate(moov.children) if place not in dropped]
    return kept


def _film_extents(file: IsoFile, track: Box, runs: Mapping[int, list[Extent]]) -> list[Extent] | None:
    """Where the samples of a track lie that belongs to the film; None where it does not."""
    kind = handler(file, track)
    if kind not in _PLAYED | _CAPTIONS:
        return None
    extents = chunk_extents(file, track) + runs.get(track_id(file, track), [])
    if kind in _CAPTIONS and captions.contain_positions(file.data, extents, file.budget):
        return None
    return extents
