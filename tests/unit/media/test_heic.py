"""What HEIC becomes, which browsers do not show."""

import io
from typing import cast

import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps
from showcase.media.domain import ContentType, Reason, Refused, sniff

from tests.support.files.pictures import PLACE, cleaned, heic, smooth


def opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return image


@pytest.mark.parametrize("announced", [ContentType.HEIC, ContentType.HEIF])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_shown_upright_without_its_place(announced: ContentType, orientation: int) -> None:
    picture = smooth((96, 64))
    sent = heic(picture, orientation)
    assert PLACE in sent
    assert sniff(sent[:64]) is announced.container
    clean = cleaned(sent, announced)
    found = opened(clean.content)
    assert (clean.content_type, found.format) == (ContentType.JPEG, "JPEG")
    assert PLACE not in clean.content
    assert dict(found.getexif()) == {}
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = picture.copy()
    lying.info["exif"] = exif.tobytes()
    wanted = ImageOps.exif_transpose(lying)
    assert found.size == wanted.size == (clean.width, clean.height)
    apart = ImageChops.difference(wanted.convert("L"), found.convert("L"))
    assert cast("tuple[int, int]", apart.getextrema())[1] < 24


def test_what_is_transparent_stays_so() -> None:
    picture = smooth((96, 64))
    picture.putalpha(Image.linear_gradient("L").resize((96, 64)))
    clean = cleaned(heic(picture), ContentType.HEIC)
    found = opened(clean.content)
    assert (clean.content_type, found.format, found.mode) == (ContentType.WEBP, "WEBP", "RGBA")
    low, high = cast("tuple[int, int]", found.getchannel("A").getextrema())
    assert low < 10
    assert high > 245


def test_its_profile_stays() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    clean = cleaned(heic(smooth((96, 64)), icc_profile=profile), ContentType.HEIC)
    assert opened(clean.content).info["icc_profile"] == profile


def test_of_several_pictures_the_primary_is_shown() -> None:
    others = [Image.new("RGB", (96, 64), "blue"), Image.new("RGB", (32, 32), "green")]
    clean = cleaned(heic(Image.new("RGB", (64, 64), "red"), others=others), ContentType.HEIC)
    found = opened(clean.content)
    assert found.size == (64, 64)
    red, green, blue = cast("tuple[int, int, int]", found.getpixel((32, 32)))
    assert red > 200 > 60 > max(green, blue)


def test_ten_bits_of_grey_become_eight() -> None:
    ramp = Image.linear_gradient("L").resize((64, 64))
    deep = ramp.convert("I").point(lambda value: value * 257).convert("I;16")
    found = opened(cleaned(heic(deep), ContentType.HEIC).content)
    apart = ImageChops.difference(ramp, found.convert("L"))
    assert cast("tuple[int, int]", apart.getextrema())[1] < 16


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (heic(smooth((96, 64)))[:-100], Reason.DAMAGED),
        (heic(smooth((96, 64)))[:200], Reason.DAMAGED),
        (heic(smooth((96, 64))).replace(b"hvc1", b"xxxx"), Reason.DAMAGED),
        (heic(Image.new("RGB", (1001, 1000))), Reason.TOO_MANY_PIXELS),
    ],
)
def test_what_cannot_be_converted_is_refused(sent: bytes, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        cleaned(sent, ContentType.HEIC)
    assert refused.value.reason is reason
