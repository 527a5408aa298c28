"""What is left of a video that was sent."""

import io

import pytest
from showcase.media.domain import ContentType, Reason, Refused, sniff
from showcase.media.videos import clean

from tests.support.pictures import PLACE, box, video, webm


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


def test_a_webm_passes_whole() -> None:
    sent = webm()
    assert sniff(sent[:64]) is ContentType.WEBM
    file = io.BytesIO(sent)
    clean(file, ContentType.WEBM)
    assert file.getvalue() == sent


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
