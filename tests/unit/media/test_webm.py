"""What is left of a WebM film, and what its parser makes of files that lie about their sizes."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from showcase.media.domain import ContentType, Reason, Refused
from showcase.media.videos import clean

from tests.support.pictures import PLACE, element, webm

HEADER = element("1a45dfa3", element("4282", b"webm"))
TRACKS = element("1654ae6b", b"")


def cleaned(sent: bytes) -> bytes:
    file = io.BytesIO(sent)
    clean(file, ContentType.WEBM)
    return file.getvalue()


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
        element("1a45dfa4", b"<script>"),
        element("18538067", TRACKS),
        element("1f43b675", element("e7", b"\0") + element("a3", b"", unknown=True), unknown=True),
        element("1549a966", element("7ba9", b"title", unknown=True)),
        b"\xec",
    ],
    ids=[
        *("tags without end", "cut", "giant", "size of nine", "id of nine", "id of five", "stranger", "film in a film"),
        *("block without end", "title without end", "half an element"),
    ],
)
def test_what_lies_about_its_sizes_is_refused(inside: bytes) -> None:
    for sent in (
        HEADER + element("18538067", TRACKS + inside),
        HEADER + element("18538067", TRACKS + inside, unknown=True),
    ):
        with pytest.raises(Refused) as refused:
            cleaned(sent)
        assert refused.value.reason is Reason.DAMAGED


@pytest.mark.parametrize("kind", [b"matroska", b"webm\0html", b""])
def test_another_kind_is_refused(kind: bytes) -> None:
    with pytest.raises(Refused):
        cleaned(element("1a45dfa3", element("4282", kind)) + element("18538067", TRACKS))


def test_more_elements_than_a_film_has_are_not_counted_to_the_end() -> None:
    sent = HEADER + element("18538067", TRACKS + element("1f43b675", b"\xa3\x80" * 20_000_000, unknown=True))
    with pytest.raises(Refused):
        cleaned(sent)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_damage_is_refused_or_cleaned_once_and_for_all(data: st.DataObject) -> None:
    """Nothing but a refusal, and a file that passes has its length, nothing told, and passes again unchanged."""
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
@settings(max_examples=200, deadline=None)
def test_whatever_tags_there_are_become_void(tags: list[tuple[str, bytes]]) -> None:
    struck = b"".join(element(identifier, body) for identifier, body in tags)
    shown = cleaned(HEADER + element("18538067", TRACKS + struck))
    rest = shown[len(HEADER) + 12 + len(TRACKS) :]
    assert len(rest) == len(struck)
    assert not any(bytes.fromhex(identifier) in rest for identifier, _ in tags if identifier != "ec")
