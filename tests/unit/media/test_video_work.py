"""The work that a video's check is: in proportion to the file, whatever its tables say."""

import struct
from collections.abc import Callable
from typing import Any

import pytest
from showcase.media.domain import ContentType, Reason, Refused
from showcase.media.videos import clean
from showcase.media.work_budget import WorkBudget

from tests.support.films import FRAMES, WEBM_HEADER, Film, Track, box, element, entry, full, listed

SIZE = 1_000_000  # bytes of each crafted file, more or less


class Counted(bytearray):
    """Counts the bytes that are written."""

    written = 0

    def __setitem__(self, key: Any, value: Any) -> None:
        self.written += len(value)
        super().__setitem__(key, value)


def nested(kind: bytes, inner: bytes = b"") -> bytes:
    """Boxes in boxes, as many as there is room for."""
    count = SIZE // 8
    return b"".join(struct.pack(">I4s", 8 * (count - place) + len(inner), kind) for place in range(count)) + inner


def with_table(table: bytes, **changes: Any) -> bytes:
    """A film with a track of pictures whose tables are these."""
    return (
        Film([FRAMES, Track(b"vide", [b"x" * 9], number=2, extra=b"", **changes)])
        .made()
        .replace(listed(b"stsc", [1, 1, 1], width=3), table, 1)
    )


def webm_of(content: bytes, *, unknown: bool = False) -> bytes:
    tracks = element("1654ae6b", entry(1, 1, b"V_VP8") + entry(2, 17, b"S_TEXT/UTF8"))
    return WEBM_HEADER + element("18538067", tracks + element("1f43b675", content, unknown=unknown))


MANY = SIZE // 4
AGAIN = [200] * MANY  # the same place, again and again
CRAFTED: dict[str, Callable[[], bytes]] = {
    "nested movies": lambda: Film(extra=nested(b"moov")).made(),
    "nested tracks": lambda: Film(extra=nested(b"trak")).made(),
    "nested unknown": lambda: Film(after=nested(b"junk")).made(),
    "free boxes": lambda: Film(after=box(b"free") * (SIZE // 8)).made(),
    "free boxes in the movie": lambda: Film(extra=box(b"free") * (SIZE // 8)).made(),
    "empty tracks": lambda: Film(extra=box(b"trak") * (SIZE // 8)).made(),
    "many tracks": lambda: Film([Track(b"vide", [b"frame"], number=n) for n in range(1, SIZE // 320)]).made(),
    "many caption tracks": lambda: Film(
        [FRAMES, *[Track(b"text", [b"A" * 99], number=n) for n in range(2, 2000)]]
    ).made(),
    "hidden track, the same bytes": lambda: Film([FRAMES], extra=Track(b"meta", [b"x"] * MANY).trak(AGAIN)).made(),
    "shown track, the same bytes": lambda: Film([FRAMES], extra=Track(b"vide", [b"x"] * MANY).trak(AGAIN)).made(),
    "captions, the same bytes": lambda: Film([FRAMES], extra=Track(b"text", [b"x"] * MANY).trak(AGAIN)).made(),
    "runs of chunks": lambda: Film(
        extra=Track(b"vide", [b"x"])
        .trak([200])
        .replace(
            listed(b"stsc", [1, 1, 1], width=3),
            listed(b"stsc", [n for each in range(1, SIZE // 12) for n in (each, 2**32 - 1, 1)], width=3),
        )
    ).made(),
    "media data without any film": lambda: Film(after=box(b"mdat", b"x") * (SIZE // 9)).made(),
    "fragments": lambda: Film(after=box(b"moof") * (SIZE // 8)).made(),
    "fragments of tracks": lambda: Film(after=box(b"moof", box(b"traf", full(b"tfhd", "I", 1))) * (SIZE // 32)).made(),
    "runs": lambda: Film(
        after=box(b"moof", box(b"traf", full(b"tfhd", "I", 1) + full(b"trun", "I", 0) * (SIZE // 16)))
    ).made(),
    "void elements": lambda: webm_of(b"\xec\x80" * (SIZE // 2)),
    "void elements without end": lambda: webm_of(b"\xec\x80" * (SIZE // 2), unknown=True),
    "tiny blocks": lambda: webm_of(b"\xa3\x81\x81" * (SIZE // 3)),
    "tiny captions": lambda: webm_of(b"\xa3\x85\x82\0\0\x80A" * (SIZE // 7)),
    "empty groups": lambda: webm_of(b"\xa0\x80" * (SIZE // 2)),
    "tracks": lambda: webm_of(b"") + element("1654ae6b", b"\xae\x80" * (SIZE // 2)),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_no_byte_is_written_twice_and_no_step_is_free(name: str) -> None:
    data = Counted(CRAFTED[name]())
    content_type = ContentType.WEBM if data.startswith(b"\x1a\x45\xdf\xa3") else ContentType.MP4
    try:
        clean(data, content_type)
    except Refused as refused:
        assert refused.reason in {Reason.TOO_COMPLEX, Reason.DAMAGED}  # noqa: PT017 - a refusal is one of two good ends
    # A box or element that is made free has its header written again.
    assert data.written <= 1.1 * len(data) + 16 * WorkBudget(len(data)).left
