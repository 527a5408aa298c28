"""What is left of an MP4 or QuickTime film: its samples where they were, and nothing else that says anything."""

import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from showcase.media.checks.videos import clean
from showcase.media.domain import ContentType, Reason, Refused, sniff

from tests.support.files.films import FRAMES, Film, Track, box, fragmented, full, large, video
from tests.support.files.pictures import PLACE


def cleaned(sent: bytes, content_type: ContentType = ContentType.MP4) -> bytes:
    data = bytearray(sent)
    clean(data, content_type)
    assert len(data) == len(sent)
    again = bytearray(data)
    clean(again, content_type)
    assert again == data
    return bytes(data)


def assert_the_film_alone(sent: bytes, samples: tuple[bytes, ...] = tuple(FRAMES.samples)) -> bytes:
    shown = cleaned(sent)
    assert PLACE in sent
    assert PLACE not in shown
    for sample in samples:
        assert shown.find(sample) == sent.find(sample) > 0
    return shown


def refusal(sent: bytes) -> Reason:
    with pytest.raises(Refused) as refused:
        clean(bytearray(sent), ContentType.MP4)
    return refused.value.reason


META = box(b"meta", bytes(4) + box(b"keys", PLACE) + box(b"ilst", PLACE))
UUID = box(b"uuid", bytes(16) + b"<x:xmpmeta>" + PLACE)
UDTA = box(b"udta", box(b"\xa9xyz", PLACE) + box(b"loci", PLACE) + bytes(4))
VISUAL = box(b"avc1", bytes(42) + b"\x1f" + PLACE.ljust(31, b"\0") + bytes(4) + box(b"avcC", b"config") + UUID)


@pytest.mark.parametrize(
    "film",
    [
        Film(extra=UDTA),
        Film(extra=META),
        Film(extra=UUID),
        Film(extra=box(b"gps ", PLACE)),
        Film([Track(b"vide", FRAMES.samples, extra=UDTA)]),
        Film([Track(b"vide", FRAMES.samples, extra=UUID + META)]),
        Film([Track(b"vide", FRAMES.samples, name=PLACE)]),
        Film([Track(b"vide", FRAMES.samples, dref=box(b"alis", bytes(4) + PLACE))]),
        Film([Track(b"vide", FRAMES.samples, entry=VISUAL)]),
        Film(before=UUID + META + box(b"free", PLACE) + box(b"wide")),
        Film(before=box(b"moof", box(b"traf", full(b"tfhd", "I", 9) + UUID))),
        Film(after=box(b"mdat", PLACE)),
        Film(between=b"freeGPS " + PLACE),
        Film(between=PLACE, moov_last=True),
        Film([Track(b"vide", FRAMES.samples, lengths=full(b"stsz", "II", 9, 3))], between=PLACE),
        Film([Track(b"vide", FRAMES.samples, lengths=full(b"stz2", "IIHHH", 16, 3, 9, 9, 9))], between=PLACE),
        Film([Track(b"vide", FRAMES.samples, lengths=full(b"stz2", "IIBBB", 8, 3, 9, 9, 9))], between=PLACE),
        Film([Track(b"vide", FRAMES.samples, lengths=full(b"stz2", "IIBB", 4, 3, 0x99, 0x90))], between=PLACE),
        Film([Track(b"vide", FRAMES.samples, wide=True)], between=PLACE),
    ],
    ids=[
        *("udta", "meta", "uuid", "own box", "udta of a track", "uuid and meta of a track", "handler's name", "alias"),
        *("sample entry", "before", "fragment", "second mdat", "between", "between, moov last"),
        *("constant sizes", "16 bits", "8 bits", "4 bits", "co64"),
    ],
)
def test_a_place_is_nowhere(film: Film) -> None:
    assert_the_film_alone(film.made(), tuple(film.tracks[0].samples))


@pytest.mark.parametrize("kind", [b"sefd", b"inst", b"gps0", b"_htc", b"thum", b"junk", b"pnot", b"html", b"\0\1\2\3"])
@pytest.mark.parametrize("make", [box, large])
def test_boxes_of_cameras_are_taken_and_erased(kind: bytes, make: Callable[..., bytes]) -> None:
    assert_the_film_alone(Film(after=make(kind, PLACE)).made())
    assert_the_film_alone(Film(before=make(kind, PLACE)).made())
    assert_the_film_alone(Film(extra=make(kind, PLACE)).made())


@pytest.mark.parametrize(
    "after",
    [b"\0" * 3, b"\0" * 5000, b"SEFH" + PLACE + b"SEFT", b"<script>" + PLACE, struct.pack(">I4s", 0, b"sefd") + PLACE],
    ids=["zeros", "many zeros", "no box", "script", "to the end"],
)
def test_what_lies_behind_a_film_is_erased(after: bytes) -> None:
    shown = cleaned(Film(after=after).made())
    assert shown.startswith(Film().made()[: -len(FRAMES.samples[-1])][:32])
    assert PLACE not in shown
    assert b"SEF" not in shown.replace(b"sefd", b"")
    assert b"script" not in shown


def test_media_data_to_the_end_of_the_file_and_in_64_bits() -> None:
    sent = Film(between=PLACE).made()
    place = sent.index(b"mdat")
    assert_the_film_alone(sent[: place - 4] + bytes(4) + sent[place:])
    moved = sent[: place - 4] + large(b"mdat", sent[place + 4 :])
    for offset in (sent.index(sample) for sample in FRAMES.samples):
        moved = moved.replace(struct.pack(">I", offset), struct.pack(">I", offset + 8), 1)
    assert_the_film_alone(moved)


@pytest.mark.parametrize("handler", [b"meta", b"gpmd", b"camm", b"mebx", b"text", b"sbtl", b"subt", b"clcp", b"hint"])
@pytest.mark.parametrize("wide", [False, True])
def test_a_track_of_places_is_gone_with_its_samples(handler: bytes, *, wide: bool) -> None:
    way = Track(handler, [b"GPS " + PLACE, PLACE + b" 52.20531"], number=2, wide=wide)
    shown = assert_the_film_alone(Film([FRAMES, way]).made())
    assert shown.count(b"trak") == 1


@pytest.mark.parametrize(
    "text",
    [
        "GPS (12.3456, 45.6789, 20) H 12.3m",
        "[latitude: 51.5] [longitude: -0.12]",
        "HOME(149,0251,-20,2532) D 1m",
        "51\u00b030'26\"N",
        "5 \u00ba 12 E",
        "$GPGGA,123519,4807.038,N",
        "E 0512345 N 5712345",
        "lat 51 lon 0",
        "Coordinates 51 0",
    ],
)
@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_captions_with_a_position_are_gone(text: str, coding: str) -> None:
    captions = Track(b"sbtl", [b"\0\5hello", struct.pack(">H", len(text)) + text.encode(coding)], number=2)
    shown = cleaned(Film([FRAMES, captions]).made())
    assert text.encode(coding) not in shown
    assert b"hello" not in shown


@pytest.mark.parametrize(
    "text", ["Later, along the long road,", "In 2026 1,000 people paid 3.141", "Привет, как дела?"]
)
@pytest.mark.parametrize("handler", [b"sbtl", b"text", b"subt"])
def test_captions_without_one_stay(text: str, handler: bytes) -> None:
    captions = Track(handler, [struct.pack(">H", len(text.encode())) + text.encode()], number=2)
    assert text.encode() in cleaned(Film([FRAMES, captions]).made())


@pytest.mark.parametrize("base", ["moof", "offset", "before"])
@pytest.mark.parametrize("sizes", ["run", "fragment", "movie"])
def test_fragments_keep_their_film_alone(base: str, sizes: str) -> None:
    frames = Track(b"vide", [b"frame one", b"frame two", b"frame six"])
    way = Track(b"meta", [PLACE] * 3)
    assert_the_film_alone(fragmented(tracks=[frames, way, Track(b"soun", [b"sound"] * 3)], base=base, sizes=sizes))
    assert_the_film_alone(fragmented(tracks=[way, frames], base=base, sizes=sizes))


def test_dates_are_gone() -> None:
    shown = cleaned(Film().made())
    assert struct.pack(">II", 7, 7) in Film().made()
    assert struct.pack(">II", 7, 7) not in shown


def sound(kind: bytes, version: int, channels: int, bits: int, *packet: int) -> bytes:
    """A sound description of QuickTime."""
    fields = struct.pack(">HHIHHHHI", version, 0, 0, channels, bits, 0, 0, 8000 << 16)
    return box(kind, bytes(8) + fields + struct.pack(f">{len(packet)}I", *packet))


@pytest.mark.parametrize(
    ("entry", "size"),
    [
        (sound(b"sowt", 0, 2, 16), 64 * 4),
        (sound(b"in24", 0, 2, 24), 64 * 6),
        (sound(b"ulaw", 0, 1, 16), 64),
        (sound(b"ima4", 1, 1, 16, 64, 34, 34, 2), 34),
        (sound(b"twos", 1, 2, 16, 1, 2, 4, 2), 64 * 4),
    ],
    ids=["pcm", "24 bits", "ulaw", "ima4", "version 1"],
)
def test_sound_whose_table_says_a_byte_for_each_sample(entry: bytes, size: int) -> None:
    """As QuickTime counts: here 64 samples in a chunk, of as many bytes as their description says."""
    chunk = b"\x11" * size
    track = Track(b"soun", [chunk] * 2, number=2, entry=entry, lengths=full(b"stsz", "II", 1, 128), in_chunk=64)
    shown = assert_the_film_alone(Film([FRAMES, track], between=PLACE).made())
    assert shown.count(b"\x11") == 2 * size


@pytest.mark.parametrize(
    ("first", "content_type"),
    [
        *((box(b"ftyp", brand + bytes(4)), ContentType.MP4) for brand in (b"isom", b"mp42", b"avc1", b"dash", b"iso8")),
        *((box(b"ftyp", brand + bytes(4)), ContentType.MP4) for brand in (b"M4V ", b"3gp5", b"MSNV", b"XAVC", b"CAEP")),
        (box(b"ftyp", b"qt  " + bytes(4)), ContentType.QUICKTIME),
        *((box(kind), ContentType.QUICKTIME) for kind in (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")),
        (box(b"ftyp", b"mif1" + bytes(4) + b"miafavif"), ContentType.AVIF),
        (box(b"ftyp", b"heic" + bytes(4) + b"mif1heic"), ContentType.HEIC),
        (b"<html>", None),
    ],
)
def test_what_the_first_bytes_say(first: bytes, content_type: ContentType | None) -> None:
    assert sniff(first + bytes(64)) is content_type


def test_a_film_without_ftyp_is_one() -> None:
    assert_the_film_alone(Film(brand=b"", extra=UDTA).made())


@pytest.mark.parametrize(
    "wrong",
    [
        Film(after=box(b"moov")).made(),
        Film([Track(b"soun", [b"sound"])]).made(),
        Film([Track(b"meta", [b"meta"])]).made(),
        Film().made()[:-1],
        Film(moov_last=True).made()[:-1],
        box(b"ftyp", b"isom0000"),
        Film(extra=struct.pack(">I4s", 100_000, b"udta")).made(),
        Film(extra=struct.pack(">I4s", 4, b"udta")).made(),
        Film([Track(b"vide", FRAMES.samples, lengths=full(b"stsz", "II", 10**9, 3))]).made(),
        Film([Track(b"vide", FRAMES.samples, lengths=full(b"stsz", "III", 0, 9, 9))]).made(),
        Film([Track(b"vide", FRAMES.samples, lengths=full(b"stz2", "II", 5, 3))]).made(),
        Film().made().replace(struct.pack(">III", 1, 1, 1), struct.pack(">III", 2, 1, 1)),
        fragmented().replace(struct.pack(">I4s", 16, b"tfhd"), struct.pack(">I4s", 16, b"none")),
    ],
    ids=[
        *("two movies", "sound alone", "metadata alone", "cut", "movie cut", "no movie", "too large a box"),
        *("too small a box", "behind the file", "short table", "odd sizes", "chunks amiss", "fragment of no track"),
    ],
)
def test_what_is_no_whole_film_is_refused(wrong: bytes) -> None:
    assert refusal(wrong) is Reason.DAMAGED


@given(st.data())
@settings(max_examples=300)
def test_any_damage_is_refused_or_cleaned(data: st.DataObject) -> None:
    way = Track(b"meta", [PLACE] * 3, number=2)
    sent = bytearray(
        data.draw(
            st.sampled_from([Film([FRAMES, way]).made(), video(), video(b"qt  "), fragmented(tracks=[FRAMES, way])])
        )
    )
    for place in data.draw(st.lists(st.integers(0, len(sent) - 1), max_size=4)):
        sent[place] = data.draw(st.integers(0, 255))
    given_ = bytes(sent[: data.draw(st.one_of(st.none(), st.integers(0, len(sent))))])
    try:
        cleaned(given_)
    except Refused as refused:
        assert refused.reason in {Reason.DAMAGED, Reason.TOO_COMPLEX}  # noqa: PT017 - a refusal is one of two good ends


SAMPLES = st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=6)
TRACKS = st.lists(st.tuples(st.sampled_from([b"vide", b"soun", b"meta", b"camm"]), SAMPLES, st.booleans()), max_size=4)


@given(TRACKS, st.binary(max_size=9), st.booleans())
@settings(max_examples=200)
def test_of_any_film_the_samples_stay_and_nothing_else(
    tracks: list[tuple[bytes, list[bytes], bool]], between: bytes, moov_last: bool
) -> None:
    made = [FRAMES, *(Track(kind, each, n, wide=wide) for n, (kind, each, wide) in enumerate(tracks, 2))]
    sent = Film(made, between=between, moov_last=moov_last).made()
    shown = cleaned(sent)
    media = b"".join(
        piece if track.handler in {b"vide", b"soun"} else bytes(len(piece))
        for turn in range(max(len(track.samples) for track in made))
        for track in made
        for piece in [*track.samples[turn : turn + 1], bytes(len(between))]
    )
    assert media in shown
