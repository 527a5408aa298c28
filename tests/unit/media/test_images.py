"""What is left of an image that was sent."""

import io
from typing import cast

import pytest
from PIL import Image, ImageChops, ImageOps
from showcase.media.domain import ContentType, Reason, Refused, sniff

from tests.support.files.pictures import (
    PLACE,
    animation,
    bomb,
    cleaned,
    flickering,
    growing,
    image,
    located,
    scanned,
    several,
    smooth,
)

STILL = [ContentType.PNG, ContentType.JPEG, ContentType.WEBP, ContentType.GIF, ContentType.AVIF]


def kind(content_type: ContentType) -> str:
    return content_type.value.partition("/")[2].upper()


def shown(content: bytes) -> Image.Image:
    """As a browser shows it: AVIF's irot and imir come to us as EXIF's orientation."""
    with Image.open(io.BytesIO(content)) as opened:
        return ImageOps.exif_transpose(opened)


def unnamed(sent: bytes) -> bytes:
    """Without the name that AVIF encoders give to an item."""
    return sent.replace(b"Color", bytes(5))


@pytest.mark.parametrize("content_type", STILL)
def test_an_image_keeps_its_type_and_every_coded_pixel(content_type: ContentType) -> None:
    sent = image(kind(content_type))
    assert sniff(sent[:64]) is content_type
    clean = cleaned(sent, content_type)
    assert (clean.content_type, clean.width, clean.height) == (content_type, 32, 24)
    assert clean.content == unnamed(sent)


@pytest.mark.parametrize("content_type", [ContentType.PNG, ContentType.JPEG, ContentType.WEBP, ContentType.AVIF])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_place_is_gone_and_the_picture_upright(content_type: ContentType, orientation: int) -> None:
    sent = located(kind(content_type), orientation)
    assert PLACE in sent
    clean = cleaned(sent, content_type)
    assert PLACE not in clean.content
    assert b"Exif" not in clean.content
    wanted, found = shown(sent), shown(clean.content)
    assert found.size == wanted.size == (clean.width, clean.height) == ((24, 32) if orientation > 4 else (32, 24))
    apart = ImageChops.difference(wanted.convert("L"), found.convert("L"))
    assert cast("tuple[int, int]", apart.getextrema())[1] < 16


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_a_jpeg_looks_as_it_did_and_is_as_large(mode: str, orientation: int, subsampling: int) -> None:
    """Turned by its own tables: nothing more is lost, and nothing is gained."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    sent = io.BytesIO()
    smooth((128, 96)).convert(mode).save(sent, "JPEG", quality=80, subsampling=subsampling, exif=exif)
    clean = cleaned(sent.getvalue(), ContentType.JPEG)
    wanted, found = shown(sent.getvalue()), shown(clean.content)
    assert found.size == wanted.size
    apart = ImageChops.difference(wanted.convert("L"), found.convert("L"))
    assert cast("tuple[int, int]", apart.getextrema())[1] < 16
    # Pillow writes no 4:4:0, which is 4:2:2 on its side, and of CMYK says no subsampling: their chroma grows.
    assert len(clean.content) < len(sent.getvalue()) * (1.5 if subsampling == 1 or mode == "CMYK" else 1.05)


def test_of_several_pictures_in_a_jpeg_the_first_is_shown() -> None:
    """Phones keep a preview, a depth map or a gain map behind it, which counts nothing."""
    clean = cleaned(several((320, 240)), ContentType.JPEG, pixels=320 * 240)
    with Image.open(io.BytesIO(clean.content)) as found:
        assert (found.format, found.size) == ("JPEG", (320, 240))
        red, green, blue = cast("tuple[int, int, int]", found.getpixel((16, 12)))
    assert red > 200 > 60 > max(green, blue)


@pytest.mark.parametrize("content_type", STILL)
def test_what_follows_the_pixels_is_gone(content_type: ContentType) -> None:
    sent = image(kind(content_type))
    assert cleaned(sent + b"PK\x03\x04<script>alert(1)</script>", content_type).content == unnamed(sent)


@pytest.mark.parametrize("content_type", STILL)
def test_what_is_clean_stays_as_it_is(content_type: ContentType) -> None:
    once = cleaned(located(kind(content_type), 1), content_type).content
    assert cleaned(once, content_type).content == once


def test_comments_and_profiles_of_text_are_gone() -> None:
    sent = image("JPEG", comment=b"<?php system($_GET[0]); ?>", icc_profile=b"<?php" * 50)
    assert b"<?php" in sent
    assert b"<?php" not in cleaned(sent, ContentType.JPEG).content
    sent = image("GIF", comment=b"<script>")
    assert b"<script>" not in cleaned(sent, ContentType.GIF).content


@pytest.mark.parametrize(
    ("sent", "content_type", "reason"),
    [
        (bomb(), ContentType.PNG, Reason.TOO_MANY_PIXELS),
        (animation(frames=301), ContentType.GIF, Reason.TOO_MANY_PIXELS),
        (image("PNG", (1001, 1000)), ContentType.PNG, Reason.TOO_MANY_PIXELS),
        (growing((1500, 1500)), ContentType.GIF, Reason.TOO_MANY_PIXELS),
        (animation("PNG", frames=301), ContentType.PNG, Reason.TOO_MANY_PIXELS),
        (animation("WEBP", frames=301), ContentType.WEBP, Reason.TOO_MANY_PIXELS),
        (scanned(100), ContentType.JPEG, Reason.TOO_MANY_PIXELS),
        (image("PNG")[:-30], ContentType.PNG, Reason.DAMAGED),
        (image("JPEG", (300, 300))[:400], ContentType.JPEG, Reason.DAMAGED),
        (image("WEBP", (300, 300))[:-8], ContentType.WEBP, Reason.DAMAGED),
        (image("AVIF", (300, 300))[:-8], ContentType.AVIF, Reason.DAMAGED),
        (animation("GIF")[:-20], ContentType.GIF, Reason.DAMAGED),
        (b"\x89PNG\r\n\x1a\n", ContentType.PNG, Reason.DAMAGED),
        (b"GIF89a" + b"<script>" * 10, ContentType.GIF, Reason.DAMAGED),
        (image("PNG"), ContentType.JPEG, Reason.DAMAGED),
    ],
)
def test_what_is_no_such_image_is_refused(sent: bytes, content_type: ContentType, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        cleaned(sent, content_type, pixels=1_000_000)
    assert refused.value.reason is reason


def test_frames_that_hold_what_changed_stay_small() -> None:
    """A recording of a screen: written whole, each frame would have all pixels."""
    sent = flickering()
    clean = cleaned(sent, ContentType.GIF)
    assert len(clean.content) <= len(sent)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"MZ",
        b"\xff\xd8",
    ],
)
def test_what_may_not_be_uploaded_has_no_type(sent: bytes) -> None:
    assert sniff(sent) is None
