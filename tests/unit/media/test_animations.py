"""Animations play as they did: frames, delays, loop, disposal, size and colours, whatever else is dropped."""

import io
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from showcase.media.domain import ContentType, Refused

from tests.support.files.pictures import PLACE, chunk, cleaned

KINDS = [ContentType.GIF, ContentType.PNG, ContentType.WEBP]


@dataclass(frozen=True)
class Film:
    """What is seen of an animation."""

    frames: list[bytes]
    durations: list[int]
    loop: int | None
    size: tuple[int, int]


def film(content: bytes) -> Film:
    with Image.open(io.BytesIO(content)) as image:
        frames, durations = [], []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            image.load()
            frames.append(image.convert("RGBA").tobytes())
            durations.append(round(image.info.get("duration", 0)))
        return Film(frames, durations, image.info.get("loop"), image.size)


def noise(seed: int, size: tuple[int, int], mode: str) -> Image.Image:
    """The same for the same seed; a corner of it changes nothing from frame to frame."""
    picture = Image.new("RGBA", size, (seed * 40 % 256, seed * 90 % 256, 200, 255))
    picture.paste((10, 200, 10, 255), (0, 0, size[0] // 2, size[1] // 2))
    picture.putpixel((seed % size[0], size[1] - 1), (0, 0, 0, 0))
    return picture.convert(mode)


def metadata(content_type: ContentType) -> dict[str, Any]:
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    match content_type:
        case ContentType.GIF:
            return {"comment": PLACE}
        case ContentType.PNG:
            text = PngImagePlugin.PngInfo()
            text.add_text("Location", PLACE.decode())
            text.add_itxt("XML:com.adobe.xmp", PLACE.decode(), zip=False)
            return {"pnginfo": text, "exif": exif}
        case _:
            return {"exif": exif, "xmp": PLACE}


@st.composite
def animations(draw: st.DrawFn) -> tuple[ContentType, bytes]:
    content_type = draw(st.sampled_from(KINDS))
    number = draw(st.integers(2, 6))
    size = draw(st.tuples(st.integers(2, 40), st.integers(2, 40)))
    mode = draw(st.sampled_from(["RGB", "RGBA", "P"] if content_type is not ContentType.WEBP else ["RGB", "RGBA"]))
    options: dict[str, Any] = {
        "duration": draw(st.lists(st.integers(1, 300).map(lambda n: n * 10), min_size=number, max_size=number))
    }
    loop = draw(st.none() | st.integers(0, 5))
    if loop is not None:
        options["loop"] = loop
    if content_type is not ContentType.WEBP:
        options["disposal"] = draw(st.integers(0, 2))
    if content_type is ContentType.PNG:
        options["default_image"] = draw(st.booleans())
        options["blend"] = draw(st.integers(0, 1))
    frames = [noise(seed, size, mode) for seed in range(number)]
    target = io.BytesIO()
    first, *others = frames
    first.save(target, content_type.ending, save_all=True, append_images=others, **options, **metadata(content_type))
    return content_type, target.getvalue()


@given(animations())
def test_it_plays_as_it_did_and_says_nothing_else(made: tuple[ContentType, bytes]) -> None:
    content_type, sent = made
    clean = cleaned(sent, content_type)
    assert film(clean.content) == film(sent)
    assert PLACE in sent
    assert PLACE not in clean.content
    assert len(clean.content) < len(sent)


@given(animations(), st.data())
def test_what_is_cut_is_refused_or_whole(made: tuple[ContentType, bytes], data: st.DataObject) -> None:
    content_type, sent = made
    whole = film(sent)
    cut = sent[: data.draw(st.integers(0, len(sent) - 1))]
    try:
        clean = cleaned(cut, content_type)
    except Refused:
        return
    found = film(clean.content)
    assert found.frames == whole.frames[: len(found.frames)]


def test_a_gif_that_plays_once_says_nothing_of_a_loop() -> None:
    target = io.BytesIO()
    first, *others = [noise(seed, (16, 16), "P") for seed in range(3)]
    first.save(target, "GIF", save_all=True, append_images=others, duration=100)
    clean = cleaned(target.getvalue(), ContentType.GIF).content
    assert b"NETSCAPE" not in clean
    assert "loop" not in Image.open(io.BytesIO(clean)).info


def test_other_applications_blocks_of_a_gif_are_dropped_and_its_loop_is_kept() -> None:
    target = io.BytesIO()
    first, *others = [noise(seed, (16, 16), "P") for seed in range(3)]
    first.save(target, "GIF", save_all=True, append_images=others, duration=100, loop=3)
    sent = target.getvalue()
    start = sent.index(b"\x21\xff\x0bNETSCAPE2.0")
    xmp = b"\x21\xff\x0bXMP DataXMP" + bytes([len(PLACE)]) + PLACE + b"\0"
    text = b"\x21\xf9\x04\x04\x05\x00\x00\x00\x21\x01\x0c" + bytes(12) + bytes([len(PLACE)]) + PLACE + b"\0"
    clean = cleaned(sent[:start] + xmp + text + sent[start:], ContentType.GIF).content
    assert PLACE not in clean
    assert film(clean) == film(sent)


def test_an_animated_avif_keeps_its_frames_and_times() -> None:
    target = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    first, *others = [noise(seed, (32, 32), "RGBA") for seed in range(4)]
    times = [1000, 50, 50, 3000]
    first.save(target, "AVIF", save_all=True, append_images=others, duration=times, exif=exif, xmp=PLACE, speed=10)
    sent = target.getvalue()
    clean = cleaned(sent, ContentType.AVIF).content
    assert PLACE in sent
    assert PLACE not in clean
    assert film(clean) == film(sent)
    assert film(clean).durations == times


def test_a_hidden_default_image_of_an_apng_stays_hidden() -> None:
    target = io.BytesIO()
    hidden, *frames = [noise(seed, (16, 16), "RGB") for seed in range(4)]
    hidden.save(target, "PNG", save_all=True, append_images=frames, default_image=True, duration=[100, 200, 300])
    clean = cleaned(target.getvalue(), ContentType.PNG).content
    with Image.open(io.BytesIO(clean)) as image:
        found = cast("PngImagePlugin.PngImageFile", image)
        assert (found.default_image, found.n_frames) == (True, 4)


def test_profiles_of_animations_stay() -> None:
    profile = bytes(36) + b"acsp" + bytes(200)
    profile = len(profile).to_bytes(4) + profile[4:]
    for content_type in (ContentType.WEBP, ContentType.PNG):
        target = io.BytesIO()
        first, *others = [noise(seed, (16, 16), "RGB") for seed in range(3)]
        first.save(target, content_type.ending, save_all=True, append_images=others, icc_profile=profile)
        with Image.open(io.BytesIO(cleaned(target.getvalue(), content_type).content)) as found:
            assert found.info["icc_profile"] == profile


@pytest.mark.parametrize("content_type", [ContentType.PNG, ContentType.WEBP])
def test_one_that_lies_on_its_side_is_turned_frame_by_frame(content_type: ContentType) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    target = io.BytesIO()
    first, *others = frames = [noise(seed, (24, 16), "RGBA") for seed in range(3)]
    times = [100, 200, 300]
    options: dict[str, Any] = {"lossless": True} if content_type is ContentType.WEBP else {}
    first.save(
        target, content_type.ending, save_all=True, append_images=others, duration=times, loop=2, exif=exif, **options
    )
    clean = cleaned(target.getvalue(), content_type)
    assert (clean.width, clean.height) == (16, 24)
    found = film(clean.content)
    assert (found.durations, found.loop, found.size) == (times, 2, (16, 24))
    assert found.frames == [frame.transpose(Image.Transpose.ROTATE_270).tobytes() for frame in frames]


def test_a_chunk_within_a_frame_of_a_webp_is_dropped() -> None:
    target = io.BytesIO()
    first, *others = [noise(seed, (16, 16), "RGB") for seed in range(2)]
    first.save(target, "WEBP", save_all=True, append_images=others, duration=100)
    sent = target.getvalue()
    start = sent.index(b"ANMF")
    size = int.from_bytes(sent[start + 4 : start + 8], "little")
    secret = b"PRIV" + len(PLACE).to_bytes(4, "little") + PLACE
    frame = sent[start + 8 : start + 8 + size] + secret + b"\0" * (len(PLACE) % 2)
    grown = sent[:start] + b"ANMF" + len(frame).to_bytes(4, "little") + frame + sent[start + 8 + size :]
    body = grown[8:]
    clean = cleaned(b"RIFF" + len(body).to_bytes(4, "little") + body, ContentType.WEBP).content
    assert PLACE not in clean
    assert film(clean) == film(sent)


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"prIV", b"caBX", b"dSIG"])
def test_chunks_of_a_png_that_no_pixel_needs_are_dropped(kind: bytes) -> None:
    target = io.BytesIO()
    noise(1, (16, 16), "RGB").save(target, "PNG")
    sent = target.getvalue()
    assert cleaned(sent[:33] + chunk(kind, b"k\0" + PLACE) + sent[33:], ContentType.PNG).content == sent
