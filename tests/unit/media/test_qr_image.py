"""Codes, read back by a decoder that knows nothing of how they were made."""

import io

import pytest
import resvg_py
import zxingcpp
from PIL import Image
from showcase.media import qr_image
from showcase.media.domain import Reason, Refused

from tests.support.files.pictures import image

LINK = "https://showcase.example/ada-lovelace/projects/00000000-0000-4000-8000-000000000101"


def style(**changes: object) -> dict[str, object]:
    return {"dark": "#000000", "light": "#ffffff", "error_correction": "M", "scale": 6, **changes}


def read(picture: bytes) -> tuple[str, str]:
    with Image.open(io.BytesIO(picture)) as opened:
        (found,) = zxingcpp.read_barcodes(opened.convert("RGB"))
    return found.text, found.ec_level


def drawn(svg: str) -> bytes:
    return resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)


@pytest.mark.parametrize("level", ["L", "M", "Q", "H"])
def test_a_code_reads_as_its_link(level: str) -> None:
    picture, svg = qr_image.render(LINK, style(error_correction=level), None)
    assert read(picture) == read(drawn(svg)) == (LINK, level)
    assert svg.startswith("<svg")


@pytest.mark.parametrize("colours", [{"dark": "#7a1fa2", "light": "#fff8e1"}, {"dark": "#0b3d2e", "light": "#ffd54f"}])
def test_colours_that_stand_out_read(colours: dict[str, str]) -> None:
    assert qr_image.stands_out(**colours)
    picture, svg = qr_image.render(LINK, style(**colours), None)
    assert read(picture)[0] == read(drawn(svg))[0] == LINK
    assert colours["dark"] in svg


@pytest.mark.parametrize("size", [(64, 64), (300, 40), (20, 500)])
def test_a_logo_leaves_the_code_readable(size: tuple[int, int]) -> None:
    picture, svg = qr_image.render(LINK, style(), image("JPEG", size))
    assert read(picture) == read(drawn(svg)) == (LINK, "H")
    assert 'href="data:image/png;base64,' in svg
    assert "script" not in svg


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_logo_may_be_any_image(mode: str) -> None:
    logo = io.BytesIO()
    Image.new(mode, (400, 300)).save(logo, "PNG")
    picture, svg = qr_image.render(LINK, style(), logo.getvalue())
    assert read(picture) == read(drawn(svg)) == (LINK, "H")


@pytest.mark.parametrize("grey", [0, 60, 128, 250])
def test_a_logo_with_16_bits_of_grey_is_drawn_with_its_greys(grey: int) -> None:
    """PNG's colour type 0 with a bit depth of 16: its high byte is the grey."""
    logo = io.BytesIO()
    Image.new("I;16", (300, 300), grey * 256 + 7).save(logo, "PNG")
    picture, svg = qr_image.render(LINK, style(), logo.getvalue())
    for made in (picture, drawn(svg)):
        with Image.open(io.BytesIO(made)) as opened:
            middle = opened.convert("RGB").getpixel((opened.width // 2, opened.height // 2))
        assert middle == (grey, grey, grey)


def test_a_logo_of_very_many_pixels_is_refused_unless_it_can_be_read_small() -> None:
    size = (5000, 4000)
    with pytest.raises(Refused) as refused:
        qr_image.render(LINK, style(), image("PNG", size))
    assert refused.value.reason is Reason.TOO_MANY_PIXELS
    assert read(qr_image.render(LINK, style(), image("JPEG", size))[0]) == (LINK, "H")


def test_a_code_stands_out_and_is_the_darker_one() -> None:
    assert qr_image.stands_out("#000000", "#ffffff")
    assert qr_image.stands_out("#767676", "#ffffff")
    assert not qr_image.stands_out("#777777", "#ffffff"), "4.48:1"
    assert not qr_image.stands_out("#ffffff", "#000000")


def test_the_same_looks_have_the_same_name() -> None:
    assert qr_image.style_name(style()) == qr_image.style_name(dict(reversed(style().items())))
    assert qr_image.style_name(style()) != qr_image.style_name(style(scale=7))
