"""A film plays as it did: frames, times, rotation and sound, decoded before and after."""

import io
import struct
from contextlib import suppress
from typing import Any

import av
import pytest
from PIL import Image
from showcase.media.checks.posters import make_poster
from showcase.media.checks.videos import clean
from showcase.media.domain import HEAD, ContentType, sniff

from tests.support.files.encoded import FRAMES, SIZE, encoded, played
from tests.support.files.films import video, webm

FILMS: dict[str, dict[str, Any]] = {
    "mp4": {},
    "fragments": {"options": {"movflags": "frag_keyframe+empty_moov"}},
    "fragments by their moof": {"options": {"movflags": "frag_keyframe+empty_moov+default_base_moof"}},
    "dash": {"options": {"movflags": "dash+frag_keyframe+separate_moof"}},
    "hevc": {"codec": "libx265"},
    "av1 and opus": {"codec": "libsvtav1", "sound": "libopus"},
    "quicktime and pcm": {"form": "mov", "sound": "pcm_s16le"},
    "motion jpeg and u-law": {"form": "mov", "codec": "mjpeg", "sound": "pcm_mulaw"},
    "prores and ima4": {"form": "mov", "codec": "prores_ks", "sound": "adpcm_ima_qt"},
    "3gp": {"form": "3gp", "codec": "mpeg4", "sound": ""},
    "vp8": {"form": "webm", "codec": "libvpx", "sound": "libopus"},
    "vp9": {"form": "webm", "codec": "libvpx-vp9", "sound": ""},
    "live webm": {"form": "webm", "codec": "libvpx", "sound": "libopus", "options": {"live": "1"}},
}
PLACE = "+48.8577+002.2950/"


def cleaned(content: bytes) -> bytes:
    data = bytearray(content)
    content_type = sniff(content[:HEAD])
    assert content_type is not None
    clean(data, content_type)
    return bytes(data)


@pytest.mark.parametrize("name", FILMS)
def test_a_film_plays_as_it_did(name: str) -> None:
    content = encoded(**FILMS[name], location=PLACE, title=PLACE, comment=PLACE)
    shown = cleaned(content)
    assert PLACE.encode() not in shown
    before, after = played(content), played(shown)
    assert before == after
    assert sum(kind == "video" for kind, *_ in after.frames) == FRAMES


def turned(content: bytes) -> bytes:
    """By a quarter, as phones that are held upright say it: in the matrix of the track."""
    straight = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    quarter = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    track = content.index(b"tkhd")
    return content[:track] + content[track:].replace(straight, quarter, 1)


def test_a_film_that_is_turned_stays_so() -> None:
    content = turned(encoded(sound=""))
    assert {rotation for _, _, rotation, _ in played(content).frames} == {-90}
    assert played(cleaned(content)) == played(content)


def test_no_other_reader_finds_a_tag() -> None:
    shown = cleaned(encoded(location=PLACE, title=PLACE, artist=PLACE, creation_time="2026-11-27T10:00:00Z"))
    with av.open(io.BytesIO(shown)) as container:
        tags = [container.metadata, *(stream.metadata for stream in container.streams)]
    assert {name for each in tags for name in each} <= {
        *("major_brand", "minor_version", "compatible_brands", "language", "vendor_id")
    }


@pytest.mark.parametrize("name", FILMS)
def test_its_poster_is_its_first_frame(name: str) -> None:
    content = cleaned(encoded(**FILMS[name]))
    content_type = sniff(content[:HEAD])
    assert content_type is not None
    poster = make_poster(io.BytesIO(content), content_type)
    assert poster is not None
    with Image.open(io.BytesIO(poster.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (poster.width, poster.height)) == ("JPEG", SIZE)
        assert_shows(picture, {(3, 32): "white", (80, 32): "red"})


def assert_shows(picture: Image.Image, colours: dict[tuple[int, int], str]) -> None:
    for place, colour in colours.items():
        found = picture.convert("RGB").getpixel(place)
        assert isinstance(found, tuple)
        assert (found[1] > 180) == (colour == "white"), (place, found)


def test_a_poster_is_upright() -> None:
    poster = make_poster(io.BytesIO(cleaned(turned(encoded()))), ContentType.MP4)
    assert poster is not None
    with Image.open(io.BytesIO(poster.content)) as picture:
        assert picture.size == SIZE[::-1]
        assert_shows(picture, {(32, 3): "white", (32, 80): "red"})


@pytest.mark.parametrize("content_type", [ContentType.MP4, ContentType.WEBM])
def test_what_cannot_be_decoded_has_no_poster(content_type: ContentType) -> None:
    content = webm() if content_type is ContentType.WEBM else video()
    poster = None
    with suppress(av.FFmpegError, IndexError):  # the process of the job makes nothing of it
        poster = make_poster(io.BytesIO(content), content_type)
    assert poster is None
