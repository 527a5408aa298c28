"""Smaller copies of an image: as many as help, and like it."""

import io
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms, ImageOps
from showcase.media.checks.renditions import enough, make_renditions
from showcase.media.colours import SRGB, Colours, to_srgb
from showcase.media.domain import ContentType

from tests.support.files.pictures import animation, cleaned, heic, located, smooth


def opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return image


@pytest.mark.parametrize(
    ("size", "widths"),
    [
        ((320, 200), []),
        ((321, 200), [320]),
        ((1000, 4000), [640, 320]),
        ((2000, 30), [1920, 1280, 640, 320]),
        ((1300, 20_000), [640, 320]),  # a WebP has at most 16383 pixels down
    ],
)
def test_none_is_wider_than_the_image(size: tuple[int, int], widths: list[int]) -> None:
    renditions = make_renditions(Image.new("L", size, 99), 1, SRGB, *size)
    assert [each.width for each in renditions] == widths
    for each in renditions:
        assert opened(each.content).size == (each.width, each.height)
        assert each.height == max(1, round(size[1] * each.width / size[0]))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_they_are_upright_and_without_metadata(kind: str, orientation: int) -> None:
    picture = smooth((900, 600))
    sent = located(kind, orientation, picture)
    clean = cleaned(sent, ContentType(f"image/{kind.lower()}"))
    wanted = ImageOps.exif_transpose(opened(sent)).convert("RGB")
    assert [each.width for each in clean.renditions] == ([640, 320] if orientation < 5 else [320])
    for each in clean.renditions:
        found = opened(each.content)
        assert found.format == "WEBP"
        assert set(found.info) <= {"loop", "background", "timestamp", "duration"}
        apart = ImageChops.difference(wanted.resize(found.size), found.convert("RGB"))
        assert max(high for _, high in cast("tuple[tuple[int, int], ...]", apart.getextrema())) < 24


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_any_mode_of_pixels_can_be_made_smaller(mode: str) -> None:
    picture = Image.linear_gradient("L").resize((700, 400))
    deep = picture.convert("I").point(lambda value: value * 257)
    coded = (deep if mode == "I;16" else picture).convert(mode)
    (wide, narrow) = make_renditions(coded, 1, SRGB, 700, 400)
    assert opened(wide.content).size == (640, 366)
    apart = ImageChops.difference(picture.resize((320, 183)), opened(narrow.content).convert("L"))
    assert cast("tuple[int, int]", apart.getextrema())[1] < (255 if mode == "1" else 24)


def test_what_is_transparent_stays_so() -> None:
    picture = smooth((700, 400))
    picture.putalpha(Image.linear_gradient("L").resize((700, 400)))
    target = io.BytesIO()
    picture.save(target, "PNG")
    clean = cleaned(target.getvalue(), ContentType.PNG)
    low, high = cast("tuple[int, int]", opened(clean.renditions[-1].content).getchannel("A").getextrema())
    assert low < 10
    assert high > 245


def test_of_an_animation_the_first_frame_is_shown() -> None:
    clean = cleaned(animation("GIF", frames=3, size=(400, 300)), ContentType.GIF)
    (only,) = clean.renditions
    assert getattr(opened(only.content), "n_frames", 1) == 1
    red, green, blue = cast("tuple[int, int, int]", opened(only.content).convert("RGB").getpixel((9, 9)))
    assert max(red, green, blue) < 30  # the second frame is red


def test_colours_of_a_profile_become_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = Image.new("RGB", (4, 4), (10, 100, 200))
    found = cast("tuple[int, int, int]", to_srgb(grey, Colours(lab)).getpixel((0, 0)))
    assert max(abs(a - b) for a, b in zip(found, (10, 100, 200), strict=True)) <= 1


@pytest.mark.parametrize("profile", [b"", b"no profile", bytes(200)])
def test_a_profile_that_is_none_is_ignored(profile: bytes) -> None:
    picture = smooth((8, 8))
    assert to_srgb(picture, Colours(profile)).tobytes() == picture.tobytes()


@pytest.mark.parametrize("primaries", [1, 9, 12])
@pytest.mark.parametrize("transfer", [1, 13, 16, 18])
def test_grey_stays_grey_and_what_is_brighter_stays_brighter(primaries: int, transfer: int) -> None:
    ramp = Image.linear_gradient("L").convert("RGB").crop((0, 0, 1, 256))
    found = to_srgb(ramp, Colours(None, primaries, transfer))
    levels = [cast("tuple[int, ...]", found.getpixel((0, level))) for level in range(256)]
    assert all(max(level) - min(level) <= 2 for level in levels)
    assert all(sum(darker) <= sum(brighter) + 1 for darker, brighter in pairwise(levels))


def test_white_of_an_hdr_picture_is_bright_and_not_beyond() -> None:
    """ITU-R BT.2408: a white page is 58 % of PQ's codes, 75 % of HLG's."""
    for transfer, code in ((16, 148), (18, 191)):
        white = Image.new("RGB", (1, 1), (code,) * 3)
        found = cast("tuple[int, ...]", to_srgb(white, Colours(None, 9, transfer)).getpixel((0, 0)))
        assert 170 < found[0] < 230


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_a_decoder_s_smaller_picture_is_large_enough(width: int, height: int) -> None:
    across, down = enough(width, height)
    assert across <= width
    assert down <= height
    assert across >= min(width, 1920)
    assert down >= min(height, 1920)


def test_heic_has_them_too() -> None:
    clean = cleaned(heic(smooth((700, 400)), 6), ContentType.HEIC)
    assert [(each.width, each.height) for each in clean.renditions] == [(320, 560)]
