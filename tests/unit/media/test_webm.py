"""What is left of a WebM film, and what its parser makes of files that lie about their sizes."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from showcase.media.checks.videos import clean
from showcase.media.domain import ContentType, Reason, Refused

from tests.support.files.films import WEBM_HEADER, block, element, entry, group, webm
from tests.support.files.pictures import PLACE

TRACKS = element("1654ae6b", entry(1, 1, b"V_VP8"))


def cleaned(sent: bytes) -> bytes:
    data = bytearray(sent)
    clean(data, ContentType.WEBM)
    return bytes(data)


@pytest.mark.parametrize("live", [False, True])
def test_the_place_is_gone_and_the_pictures_where_they_were(*, live: bool) -> None:
    sent = webm(live=live)
    shown = cleaned(sent)
    assert PLACE in sent
    assert PLACE not in shown
    assert len(shown) == len(sent)
    assert [shown.find(b"frames"), shown.count(b"frames")] == [sent.find(b"frames"), sent.count(b"frames")]
    assert cleaned(shown) == shown


@pytest.mark.parametrize(
    "inside",
    [
        element("1254c367", b"", unknown=True),
        element("ec", b"x")[:-1],
        bytes.fromhex("1254c367") + b"\x01" + b"\xff" * 6 + b"\xfe",  # as large as sizes get
        bytes.fromhex("1254c367") + b"\0" * 9,  # a size of nine bytes
        b"\0" + b"\x81x",  # an id of nine
        b"\x08\x88\x88\x88\x88\x81x",  # of five
        element("1f43b675", element("e7", b"\0") + element("a3", b"", unknown=True), unknown=True),
        element("1549a966", element("7ba9", b"title", unknown=True)),
        b"\xec",
    ],
    ids=[
        *("tags without end", "cut", "giant", "size of nine", "id of nine", "id of five", "block without end"),
        *("title without end", "half an element"),
    ],
)
def test_what_lies_about_its_sizes_is_refused(inside: bytes) -> None:
    for sent in (
        WEBM_HEADER + element("18538067", TRACKS + inside),
        WEBM_HEADER + element("18538067", TRACKS + inside, unknown=True),
    ):
        with pytest.raises(Refused) as refused:
            cleaned(sent)
        assert refused.value.reason is Reason.DAMAGED


@pytest.mark.parametrize("kind", [b"matroska", b"webm\0html", b""])
def test_another_kind_is_refused(kind: bytes) -> None:
    with pytest.raises(Refused):
        cleaned(element("1a45dfa3", element("4282", kind)) + element("18538067", TRACKS))


@pytest.mark.parametrize(
    "stranger",
    [
        element("1a45dfa4", PLACE),
        element("18538067", element("1254c367", PLACE)),
        element("4dbb", PLACE),
        element("1f43b675", element("4dbb", PLACE) + element("5854", PLACE) + element("af", PLACE)),
        element("1f43b675", group(1, b"frame", element("4dbb", PLACE))),
        element("1f43b675", block(2, PLACE) + group(2, PLACE) + element("a3", b"") + element("a3", b"\x08" + PLACE)),
        element("1654ae6b", element("4dbb", PLACE) + element("bf", PLACE)),
        element("1654ae6b", entry(1, 1, b"V_VP8", element("536e", PLACE) + element("258688", PLACE))),
        element("1549a966", element("4461", PLACE) + element("7384", PLACE) + element("4dbb", PLACE)),
    ],
    ids=[
        *("of the segment", "film in a film", "unknown", "of a cluster", "of a group", "of no track", "of the tracks"),
        *("of a track", "of the information"),
    ],
)
@pytest.mark.parametrize("live", [False, True])
def test_what_is_not_the_film_becomes_void(stranger: bytes, *, live: bool) -> None:
    sent = WEBM_HEADER + element("18538067", TRACKS + stranger, unknown=live)
    shown = cleaned(sent)
    assert PLACE in sent
    assert PLACE not in shown
    assert cleaned(shown) == shown


@pytest.mark.parametrize("extra", [b"PK\x03\x04" + PLACE, b"\1", element("1654ae6b", PLACE)])
def test_what_lies_behind_the_film_becomes_void(extra: bytes) -> None:
    shown = cleaned(webm(extra))
    assert PLACE not in shown
    assert shown.count(b"frames") == webm().count(b"frames")


@pytest.mark.parametrize("kind", [17, 33, 32])
@pytest.mark.parametrize("make", [block, group])
def test_a_track_of_places_is_gone_with_its_blocks(kind: int, make: Callable[..., bytes]) -> None:
    blocks = make(2, b"hello") + make(2, b"GPS " + PLACE + b" 52.20531")
    sent = webm(tracks=entry(2, kind, b"D_WEBVTT/METADATA"), blocks=blocks)
    shown = cleaned(sent)
    assert PLACE not in shown
    assert b"hello" not in shown
    assert b"WEBVTT" not in shown
    assert cleaned(shown) == shown


def test_captions_without_places_stay() -> None:
    blocks = group(2, b"Hello there") + block(2, b"In 2026")
    shown = cleaned(webm(tracks=entry(2, 17, b"D_WEBVTT/SUBTITLES"), blocks=blocks))
    assert shown.count(blocks) == 2
    packed = entry(2, 17, b"S_TEXT/UTF8", element("6d80", b""))  # compressed: nobody reads here what they say
    assert b"Hello" not in cleaned(webm(tracks=packed, blocks=blocks))


@pytest.mark.parametrize("tracks", [b"", element("1654ae6b", entry(1, 2, b"A_OPUS"))])
def test_without_pictures_it_is_no_film(tracks: bytes) -> None:
    with pytest.raises(Refused):
        cleaned(WEBM_HEADER + element("18538067", tracks))


@given(st.data())
@settings(max_examples=300)
def test_any_damage_is_refused_or_cleaned_once_and_for_all(data: st.DataObject) -> None:
    """Nothing but a refusal, and a file that passes has its length, nothing reported, and passes again unchanged."""
    sent = bytearray(webm(live=data.draw(st.booleans())))
    for place in data.draw(st.lists(st.integers(0, len(sent) - 1), max_size=4)):
        sent[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(sent))))
    given_ = bytes(sent[:cut])
    try:
        shown = cleaned(given_)
    except Refused as refused:
        assert refused.reason is Reason.DAMAGED  # noqa: PT017 - a refusal is one of two good ends
        return
    assert len(shown) == len(given_)
    assert cleaned(shown) == shown


@given(st.lists(st.tuples(st.sampled_from(["1254c367", "1941a469", "1043a770", "ec"]), st.binary(max_size=40))))
@settings(max_examples=200)
def test_whatever_tags_there_are_become_void(tags: list[tuple[str, bytes]]) -> None:
    struck = b"".join(element(identifier, body) for identifier, body in tags)
    shown = cleaned(WEBM_HEADER + element("18538067", TRACKS + struck))
    rest = shown[len(WEBM_HEADER) + 12 + len(TRACKS) :]
    assert len(rest) == len(struck)
    assert not any(bytes.fromhex(identifier) in rest for identifier, _ in tags if identifier != "ec")
