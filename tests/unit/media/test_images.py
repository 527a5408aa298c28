"""What is left of an image that was sent."""

import io
from typing import cast

import pytest
from PIL import Image, ImageChops, ImageOps
from showcase.media.domain import ContentType, Reason, Refused, sniff
from showcase.media.images import cleaned

from tests.support.pictures import PLACE, animation, bomb, flickering, growing, image, located, scanned, several

PIXELS = 1_000_000
LARGEST = 1_000_000  # bytes
STILL = [ContentType.PNG, ContentType.JPEG, ContentType.WEBP, ContentType.GIF, ContentType.AVIF]


def kind(content_type: ContentType) -> str:
    return content_type.value.partition("/")[2].upper()


@pytest.mark.parametrize("content_type", STILL)
def test_an_image_keeps_its_type_and_size(content_type: ContentType) -> None:
    sent = image(kind(content_type))
    assert sniff(sent[:64]) is content_type
    picture = cleaned(sent, content_type, PIXELS, LARGEST)
    assert (picture.width, picture.height) == (32, 24)
    assert sniff(picture.content[:64]) is content_type


@pytest.mark.parametrize("content_type", [ContentType.PNG, ContentType.JPEG, ContentType.WEBP, ContentType.AVIF])
@pytest.mark.parametrize("orientation", [1, 6])
def test_the_place_is_gone_and_the_picture_upright(content_type: ContentType, orientation: int) -> None:
    sent = located(kind(content_type), orientation)
    assert PLACE in sent
    picture = cleaned(sent, content_type, PIXELS, LARGEST)
    with Image.open(io.BytesIO(picture.content)) as shown:
        assert dict(shown.getexif()) == {}
        assert shown.size == ((24, 32) if orientation == 6 else (32, 24))
        assert shown.size == (picture.width, picture.height)
    assert PLACE not in picture.content


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_looks_as_it_did(mode: str, orientation: int) -> None:
    """One corner is dark: where a viewer that heeds the orientation shows it, it is."""
    drawn = Image.new("L", (32, 24), 255)
    drawn.paste(0, (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    sent = io.BytesIO()
    drawn.convert("RGB").convert(mode).save(sent, "JPEG", exif=exif)
    picture = cleaned(sent.getvalue(), ContentType.JPEG, PIXELS, LARGEST)
    with Image.open(sent) as before, Image.open(io.BytesIO(picture.content)) as after:
        wanted = ImageOps.exif_transpose(before).convert("L")
        assert after.size == wanted.size
        apart = ImageChops.difference(wanted, after.convert("L"))
        assert cast("tuple[int, int]", apart.getextrema())[1] < 32


def test_of_several_pictures_in_a_jpeg_the_first_is_shown() -> None:
    """Phones keep a preview or a depth map behind it."""
    picture = cleaned(several(), ContentType.JPEG, PIXELS, LARGEST)
    with Image.open(io.BytesIO(picture.content)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (32, 24))
        red, green, blue = cast("tuple[int, int, int]", shown.getpixel((16, 12)))
    assert red > 200 > 60 > max(green, blue)


@pytest.mark.parametrize("content_type", STILL)
def test_what_follows_the_pixels_is_gone(content_type: ContentType) -> None:
    picture = cleaned(image(kind(content_type)) + b"PK\x03\x04<script>alert(1)</script>", content_type, PIXELS, LARGEST)
    assert b"script" not in picture.content


def test_comments_and_profiles_of_text_are_gone() -> None:
    sent = image("JPEG", comment=b"<?php system($_GET[0]); ?>")
    assert b"<?php" in sent
    assert b"<?php" not in cleaned(sent, ContentType.JPEG, PIXELS, LARGEST).content
    sent = image("GIF", comment=b"<script>")
    assert b"<script>" not in cleaned(sent, ContentType.GIF, PIXELS, LARGEST).content


@pytest.mark.parametrize("content_type", [ContentType.GIF, ContentType.WEBP, ContentType.PNG])
def test_an_animation_still_moves(content_type: ContentType) -> None:
    picture = cleaned(animation(kind(content_type)), content_type, PIXELS, LARGEST)
    with Image.open(io.BytesIO(picture.content)) as shown:
        assert getattr(shown, "n_frames", 1) == 3


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
        (b"\x89PNG\r\n\x1a\n", ContentType.PNG, Reason.DAMAGED),
        (b"GIF89a" + b"<script>" * 10, ContentType.GIF, Reason.DAMAGED),
        (image("PNG"), ContentType.JPEG, Reason.DAMAGED),
    ],
)
def test_what_is_no_such_image_is_refused(sent: bytes, content_type: ContentType, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        cleaned(sent, content_type, PIXELS, LARGEST)
    assert refused.value.reason is reason


def test_few_bytes_that_become_many_are_refused() -> None:
    """Each frame of a GIF may hold what has changed; written anew, it holds everything."""
    sent = flickering()
    with pytest.raises(Refused) as refused:
        cleaned(sent, ContentType.GIF, PIXELS, len(sent) * 4)
    assert refused.value.reason is Reason.TOO_LARGE


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
