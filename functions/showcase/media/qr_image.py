"""QR codes as pictures."""

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

import segno
from PIL import Image

from showcase.contrast import ENOUGH, contrast, is_lighter
from showcase.media.checks.images import picture_of
from showcase.media.colours import eight_bits

QUIET_ZONE = 4  # modules; the standard's
LOGO_SHARE = 0.2  # of the code's width: H still reads with this much of the middle covered
LOGO_SIDE = 256  # pixels it is drawn with at most
LOGO_PIXELS = 16_000_000  # it may be decoded with: four bytes each


def stands_out(dark: str, light: str) -> bool:
    """Whether a code can be read as text could be: scanners manage with less, cameras in bad light do not.

    `light` must be the lighter one: many scanners read no code that is inverted.
    """
    return is_lighter(light, dark) and contrast(dark, light) >= ENOUGH


def style_name(style: Mapping[str, Any]) -> str:
    """The same word for the same looks."""
    return hashlib.sha256(json.dumps(dict(style), sort_keys=True).encode()).hexdigest()[:16]


def render(link: str, style: Mapping[str, Any], logo: bytes | None) -> tuple[bytes, str]:
    """The code as PNG and as SVG. The logo, a clean image, covers the middle on a light ground.

    Raises:
        Refused: the logo has too many pixels.
    """
    code = segno.make_qr(link, error="H" if logo else style["error_correction"], boost_error=False)
    looks = {"dark": style["dark"], "light": style["light"], "border": QUIET_ZONE}
    picture = io.BytesIO()
    code.save(picture, kind="png", scale=style["scale"], **looks)
    drawing = io.BytesIO()
    code.save(drawing, kind="svg", scale=style["scale"], xmldecl=False, nl=False, **looks)
    svg = drawing.getvalue().decode()
    if logo is None:
        return picture.getvalue(), svg
    width = int(code.symbol_size(style["scale"], QUIET_ZONE)[0])
    small = _logo(logo)
    return _with_logo(picture, small, style, width), _svg_with_logo(svg, small, style, width)


def _square(width: int, share: float) -> tuple[int, int]:
    """Where a square in the middle begins, and its side."""
    side = round(width * share)
    return (width - side) // 2, side


def _logo(logo: bytes) -> Image.Image:
    """Small, before it is anything else: every copy of a large picture takes as much again."""
    side = (LOGO_SIDE, LOGO_SIDE)
    plain = eight_bits(picture_of(logo, LOGO_PIXELS, side))
    plain.thumbnail(side)
    return plain.convert("RGBA")


def _with_logo(picture: io.BytesIO, logo: Image.Image, style: Mapping[str, Any], width: int) -> bytes:
    start, side = _square(width, LOGO_SHARE)
    with Image.open(picture) as code:
        ground = code.convert("RGB")
    edge = style["scale"]
    ground.paste(style["light"], (start - edge, start - edge, start + side + edge, start + side + edge))
    small = logo.copy()
    small.thumbnail((side, side))
    place = (start + (side - small.width) // 2, start + (side - small.height) // 2)
    ground.paste(small, place, small)
    target = io.BytesIO()
    ground.save(target, "PNG")
    return target.getvalue()


def _svg_with_logo(svg: str, logo: Image.Image, style: Mapping[str, Any], width: int) -> str:
    start, side = _square(width, LOGO_SHARE)
    edge = style["scale"]
    target = io.BytesIO()
    logo.save(target, "PNG")
    data = base64.b64encode(target.getvalue()).decode()
    ground = (
        f'<rect x="{start - edge}" y="{start - edge}" width="{side + 2 * edge}" height="{side + 2 * edge}" '
        f'fill="{style["light"]}"/>'
    )
    image = f'<image x="{start}" y="{start}" width="{side}" height="{side}" href="data:image/png;base64,{data}"/>'
    return svg.replace("</svg>", f"{ground}{image}</svg>")
