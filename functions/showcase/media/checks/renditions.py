"""Smaller copies of an image, for pages that show many: WebP, in sRGB, upright, of the first frame."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from showcase.media.colours import Colours, eight_bits, to_srgb
from showcase.media.formats.orientation import upright, upright_size

WIDTHS = (1920, 1280, 640, 320)
MEDIA_TYPE = "image/webp"
_QUALITY = 80
_METHOD = 2  # of 0 to 6: twice as fast as the default, and hardly larger
_LARGEST_SIDE = 16383  # of a WebP


@dataclass(frozen=True)
class Rendition:
    """A smaller copy: a WebP, and its pixels across and down."""

    content: bytes
    width: int
    height: int


def enough(width: int, height: int, widths: Sequence[int] = WIDTHS) -> tuple[int, int]:
    """How many pixels the largest rendition of an image needs, whichever way up it is."""
    scale = min(1.0, max(widths, default=1) / min(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def make_renditions(
    image: Image.Image,
    orientation: int,
    colours: Colours,
    width: int,
    height: int,
    widths: Sequence[int] = WIDTHS,
) -> list[Rendition]:
    """Those narrower than the image, which has `width` and `height` when it is upright, the widest first.

    `image` is its first frame, not turned, with no fewer pixels than `enough`.
    """
    sizes = [(wide, max(1, round(height * wide / width))) for wide in sorted(widths, reverse=True) if wide < width]
    sizes = [size for size in sizes if size[1] <= _LARGEST_SIDE]
    if not sizes:
        return []
    small = _smaller(eight_bits(image), upright_size(*sizes[0], orientation))
    small = upright(to_srgb(small, colours), orientation)
    renditions = []
    for size in sizes:
        small = _smaller(small, size)
        target = io.BytesIO()
        small.save(target, "WEBP", quality=_QUALITY, method=_METHOD)
        renditions.append(Rendition(target.getvalue(), *size))
    return renditions


def _smaller(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
