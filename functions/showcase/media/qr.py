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

QUIET_ZONE = 4  # modules; the standard's
LOGO_SHARE = 0.2  # of the code's width: H still reads with this much of the middle covered
LOGO_PIXELS = 256


def stands_out(dark: str, light: str) -> bool:
    """Whether a code can be read as text could be: scanners manage with less, cameras in bad light do not.

    `light` must be the lighter one: many scanners read no code that is inverted.
    """
    return is_lighter(light, dark) and contrast(dark, light) >= ENOUGH


def style_name(style: Mapping[str, Any]) -> str:
    """The same word for the same looks."""
    return hashlib.sha256(json.dumps(dict(style), sort_keys=True).encode()).hexdigest()[:16]


def render(link: str, style: Mapping[str, Any], logo: bytes | None) -> tuple[bytes, str]:
    """The code as PNG and as SVG. The logo, a clean image, covers the middle on a light ground."""
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
    return _with_logo(picture, logo, style, width), _svg_with_logo(svg, logo, style, width)


def _square(width: int, share: float) -> tuple[int, int]:
    """Where a square in the middle begins, and its side."""
    side = round(width * share)
    return (width - side) // 2, side


def _logo(logo: bytes, side: int) -> Image.Image:
    with Image.open(io.BytesIO(logo)) as image:
        small = image.convert("RGBA")
    small.thumbnail((side, side))
    return small


def _with_logo(picture: io.BytesIO, logo: bytes, style: Mapping[str, Any], width: int) -> bytes:
    start, side = _square(width, LOGO_SHARE)
    with Image.open(picture) as code:
        ground = code.convert("RGB")
    edge = style["scale"]
    ground.paste(style["light"], (start - edge, start - edge, start + side + edge, start + side + edge))
    small = _logo(logo, side)
    place = (start + (side - small.width) // 2, start + (side - small.height) // 2)
    ground.paste(small, place, small)
    target = io.BytesIO()
    ground.save(target, "PNG")
    return target.getvalue()


def _svg_with_logo(svg: str, logo: bytes, style: Mapping[str, Any], width: int) -> str:
    start, side = _square(width, LOGO_SHARE)
    edge = style["scale"]
    target = io.BytesIO()
    _logo(logo, LOGO_PIXELS).save(target, "PNG")
    data = base64.b64encode(target.getvalue()).decode()
    ground = (
        f'<rect x="{start - edge}" y="{start - edge}" width="{side + 2 * edge}" height="{side + 2 * edge}" '
        f'fill="{style["light"]}"/>'
    )
    image = f'<image x="{start}" y="{start}" width="{side}" height="{side}" href="data:image/png;base64,{data}"/>'
    return svg.replace("</svg>", f"{ground}{image}</svg>")
