"""What is left of a video that was sent."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from showcase.media.domain import ContentType, Reason, Refused, sniff
from showcase.media.videos import clean

from tests.support.pictures import PLACE, box, ride, track, video, webm


@pytest.mark.parametrize(("brand", "content_type"), [(b"isom", ContentType.MP4), (b"qt  ", ContentType.QUICKTIME)])
def test_the_place_is_gone_and_everything_else_where_it_was(brand: bytes, content_type: ContentType) -> None:
    sent = video(brand)
    assert sniff(sent[:64]) is content_type
    file = io.BytesIO(sent)
    clean(file, content_type)
    shown = file.getvalue()
    assert PLACE not in shown
    assert len(shown) == len(sent)
    assert shown[: sent.index(b"moov")] == sent[: sent.index(b"moov")]
    assert shown[sent.index(b"mdat") :] == sent[sent.index(b"mdat") :]
    clean(file, content_type)
    assert file.getvalue() == shown


@pytest.mark.parametrize("same", [True, False])
def test_the_way_that_a_camera_went_is_gone_and_the_pictures_are_not(*, same: bool) -> None:
    sent = ride(same=same)
    file = io.BytesIO(sent)
    clean(file, ContentType.MP4)
    shown = file.getvalue()
    assert sent.count(PLACE) == 6
    assert PLACE not in shown
    assert len(shown) == len(sent)
    assert [place for place in range(len(sent)) if sent.startswith(b"frames", place)] == [
        place for place in range(len(sent)) if shown.startswith(b"frames", place)
    ]
    clean(file, ContentType.MP4)
    assert file.getvalue() == shown


@pytest.mark.parametrize(
    "wrong",
    [
        track(b"meta", [10**9], [10]),
        track(b"meta", [8], [10**9]),
        track(b"meta", [8], [2**32 - 1] * 3, same=2**32 - 1),
        track(b"meta", [8, 9], [1]).replace(struct.pack(">III", 1, 1, 1), struct.pack(">III", 2, 1, 1)),
        track(b"meta", [8], [1]).replace(b"stco", b"none"),
        track(b"meta", [8], [1]).replace(b"stsz", b"none"),
    ],
    ids=["behind the file", "too long", "huge", "chunks amiss", "no offsets", "no sizes"],
)
def test_a_way_that_cannot_be_found_is_refused(wrong: bytes) -> None:
    sent = box(b"ftyp", b"isom0000") + box(b"moov", wrong) + box(b"mdat", b"frames")
    with pytest.raises(Refused):
        clean(io.BytesIO(sent), ContentType.MP4)


def test_boxes_in_boxes_have_an_end() -> None:
    nested = b""
    for _ in range(2000):
        nested = box(b"trak", nested)
    with pytest.raises(Refused):
        clean(io.BytesIO(box(b"ftyp", b"isom0000") + box(b"moov", nested)), ContentType.MP4)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_damage_is_refused_or_cleaned(data: st.DataObject) -> None:
    sent = bytearray(data.draw(st.sampled_from([ride(), ride(same=True), video(), video(b"qt  ")])))
    for place in data.draw(st.lists(st.integers(0, len(sent) - 1), max_size=4)):
        sent[place] = data.draw(st.integers(0, 255))
    file = io.BytesIO(bytes(sent[: data.draw(st.one_of(st.none(), st.integers(0, len(sent))))]))
    length = len(file.getvalue())
    try:
        clean(file, ContentType.MP4)
    except Refused as refused:
        assert refused.reason is Reason.DAMAGED  # noqa: PT017 - a refusal is one of two good ends
    else:
        assert len(file.getvalue()) == length


@pytest.mark.parametrize(
    ("sent", "content_type"),
    [
        (video(extra=b"<html><script>alert(1)</script>"), ContentType.MP4),
        (video(extra=box(b"html", b"<script>")), ContentType.MP4),
        (video()[:-10], ContentType.MP4),
        (box(b"ftyp", b"isom0000"), ContentType.MP4),
        (webm(b"PK\x03\x04"), ContentType.WEBM),
        (webm()[:-10], ContentType.WEBM),
        (bytes.fromhex("1a45dfa3") + b"webm", ContentType.WEBM),
    ],
    ids=["html behind", "unknown box", "cut", "no film", "zip behind", "cut webm", "header only"],
)
def test_what_is_no_video_is_refused(sent: bytes, content_type: ContentType) -> None:
    with pytest.raises(Refused) as refused:
        clean(io.BytesIO(sent), content_type)
    assert refused.value.reason is Reason.DAMAGED
