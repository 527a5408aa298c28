"""Films as cameras make them, and ones that are made to keep their readers busy; each of about so many bytes."""

import struct
from collections.abc import Callable, Mapping
from itertools import chain

from tests.support.files.films import FRAMES, WEBM_HEADER, Film, Track, block, box, element, entry, full, listed

FREE = box(b"free")
AGAIN = 200  # a place in the file that is named again and again


def film(size: int, sample: int = 20_000) -> bytes:
    """Pictures and sound in turns, a chunk for each sample."""
    number = max(1, size // (sample + sample // 20 + 16))
    sound = Track(b"soun", [b"s" * (sample // 20)] * number, number=2)
    return Film([Track(b"vide", [b"v" * sample] * number), sound]).made()


def webm_of(content: bytes, *, unknown: bool = False, tracks: bytes = b"") -> bytes:
    entries = element("1654ae6b", entry(1, 1, b"V_VP8") + entry(2, 17, b"S_TEXT/UTF8") + tracks)
    return WEBM_HEADER + element("18538067", entries + element("1f43b675", content, unknown=unknown))


def webm_film(size: int, sample: int = 20_000) -> bytes:
    return webm_of(block(1, b"v" * sample) * max(1, size // (sample + 13)))


HONEST: Mapping[str, Callable[[int], bytes]] = {
    "film": film,
    "film of small samples": lambda size: film(size, 600),
    "webm": webm_film,
    "webm of small blocks": lambda size: webm_film(size, 400),
}


def nested(kind: bytes, size: int) -> bytes:
    """Empty boxes in boxes, as many as there is room for."""
    return b"".join(struct.pack(">I4s", 8 * left, kind) for left in range(size // 8, 0, -1))


def repeated(handler: bytes, size: int) -> bytes:
    """A track of chunks that are all the same bytes."""
    count = size // 8
    return Film([FRAMES], extra=Track(handler, [b"x"] * count, number=2).trak([AGAIN] * count)).made()


def overlapping(size: int) -> bytes:
    """A track whose chunks are each almost all of the file, in no order."""
    count = size // 16
    sizes = full(b"stsz", "II", size // 2, count)
    offsets = [AGAIN + place * 7919 % (size // 4) for place in range(count)]
    hidden = Track(b"vide", [b"x"] * count, number=2, lengths=sizes).trak(offsets)
    return Film([FRAMES], extra=hidden, after=box(b"mdat", bytes(size // 2))).made()


def runs_of_chunks(size: int) -> bytes:
    runs = list(chain.from_iterable((first, 2**32 - 1, 1) for first in range(1, size // 12)))
    track = Track(b"vide", [b"x"], number=2).trak([AGAIN])
    one = listed(b"stsc", [1, 1, 1], width=3)
    hidden = track.replace(one, listed(b"stsc", runs, width=3))
    # Each box around it has grown.
    grown = len(hidden) - len(track)
    for kind in (b"trak", b"mdia", b"minf", b"stbl"):
        place = hidden.index(kind) - 4
        (length,) = struct.unpack_from(">I", hidden, place)
        hidden = hidden[:place] + struct.pack(">I", length + grown) + hidden[place + 4 :]
    return Film([FRAMES], extra=hidden).made()


def fragments(content: bytes, size: int) -> bytes:
    return Film(after=content * (size // len(content))).made()


RUN = full(b"trun", "I", 0)
TRAF = box(b"traf", full(b"tfhd", "I", 1))

CRAFTED: Mapping[str, Callable[[int], bytes]] = {
    "nested movies": lambda size: Film(extra=nested(b"moov", size)).made(),
    "nested tracks": lambda size: Film(extra=nested(b"trak", size)).made(),
    "nested unknown boxes": lambda size: Film(after=nested(b"junk", size)).made(),
    "free boxes": lambda size: Film(after=FREE * (size // 8)).made(),
    "free boxes in the movie": lambda size: Film(extra=FREE * (size // 8)).made(),
    "empty tracks": lambda size: Film(extra=box(b"trak") * (size // 8)).made(),
    "many tracks": lambda size: Film([Track(b"vide", [b"frame"], number=n) for n in range(1, size // 320)]).made(),
    "caption tracks": lambda size: Film(
        [FRAMES, *(Track(b"text", [b"A" * 99], number=n) for n in range(2, size // 480))]
    ).made(),
    "hidden track, the same bytes": lambda size: repeated(b"meta", size),
    "shown track, the same bytes": lambda size: repeated(b"vide", size),
    "captions, the same bytes": lambda size: repeated(b"text", size),
    "overlapping chunks": overlapping,
    "runs of chunks": runs_of_chunks,
    "sizes of 4 bits": lambda size: Film(
        [FRAMES, Track(b"vide", [b"x"], number=2, lengths=full(b"stz2", "II", 4, size * 2)[:-1] + bytes(size))]
    ).made(),
    "captions to read": lambda size: Film([FRAMES, Track(b"text", [b"1 " * (size // 2)], number=2)]).made(),
    "media data of no track": lambda size: Film(after=box(b"mdat", b"x") * (size // 9)).made(),
    "fragments": lambda size: fragments(box(b"moof"), size),
    "tracks of fragments": lambda size: fragments(box(b"moof", TRAF), size),
    "runs of fragments": lambda size: Film(
        after=box(b"moof", box(b"traf", full(b"tfhd", "I", 1) + RUN * (size // len(RUN))))
    ).made(),
    "void elements": lambda size: webm_of(b"\xec\x80" * (size // 2)),
    "void elements, no end": lambda size: webm_of(b"\xec\x80" * (size // 2), unknown=True),
    "tiny blocks": lambda size: webm_of(b"\xa3\x81\x81" * (size // 3)),
    "tiny captions": lambda size: webm_of(b"\xa3\x85\x82\0\0\x80A" * (size // 7)),
    "empty groups": lambda size: webm_of(b"\xa0\x80" * (size // 2)),
    "empty tracks of webm": lambda size: webm_of(b"", tracks=b"\xae\x80" * (size // 2)),
}
