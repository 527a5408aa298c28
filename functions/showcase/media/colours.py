"""From what an image says of its colours to sRGB (IEC 61966-2-1), which every screen shows."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageCms, ImageFilter

# ITU-T H.273, table 2: from linear RGB of these primaries to that of BT.709, whose primaries sRGB has.
_TO_BT709: dict[int, Sequence[Sequence[float]]] = {
    9: ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),  # BT.2020
    12: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),  # Display P3
}
_IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
# Table 3.
_PQ, _HLG = 16, 18
_WHITE = 203  # cd/m2 of a white page in HDR (ITU-R BT.2408)
_PEAK = 1000 / _WHITE
_LUT_SIZE = 33


@dataclass(frozen=True)
class Colours:
    """An ICC profile, or else code points of ITU-T H.273 (PNG cICP, the nclx of AVIF and HEIF); neither means sRGB."""

    icc_profile: bytes | None = None
    primaries: int = 1
    transfer: int = 13


SRGB = Colours()


def eight_bits(image: Image.Image) -> Image.Image:
    """In a mode whose pixels can be averaged, 8 bits each."""
    if image.mode in {"1", "P", "PA"}:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode.startswith("I"):  # 16 bits of grey
        return image.convert("I").point(lambda value: value / 256).convert("L")
    return image


def to_srgb(image: Image.Image, colours: Colours) -> Image.Image:
    """RGB or RGBA, 8 bits each. A profile that does not fit the image is ignored, as browsers do."""
    if colours.icc_profile:
        image = _by_profile(image, colours.icc_profile)
    rgb = image if image.mode in {"RGB", "RGBA"} else image.convert("RGBA" if "A" in image.mode else "RGB")
    matrix = _TO_BT709.get(colours.primaries, _IDENTITY)
    if colours.icc_profile or (matrix is _IDENTITY and colours.transfer not in {_PQ, _HLG}):
        return rgb
    return rgb.filter(_table(colours.primaries, colours.transfer))


def _by_profile(image: Image.Image, profile: bytes) -> Image.Image:
    alpha = image.getchannel("A") if "A" in image.mode else None
    opaque = image.convert(image.mode.removesuffix("A")) if alpha else image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), opaque.mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    converted = transform.apply(opaque)
    if alpha:
        converted.putalpha(alpha)
    return converted


@cache
def _table(primaries: int, transfer: int) -> ImageFilter.Color3DLUT:
    matrix = _TO_BT709.get(primaries, _IDENTITY)

    def convert(*coded: float) -> tuple[float, ...]:
        linear = [_linear(value, transfer) for value in coded]
        mixed = [max(0.0, sum(weight * value for weight, value in zip(row, linear, strict=True))) for row in matrix]
        if transfer in {_PQ, _HLG}:
            mixed = [value * (1 + value / _PEAK**2) / (1 + value) for value in mixed]
        return tuple(_encoded(value) for value in mixed)

    return ImageFilter.Color3DLUT.generate(_LUT_SIZE, convert)


def _linear(coded: float, transfer: int) -> float:
    """1 is white."""
    if transfer == _PQ:  # SMPTE ST 2084
        root = coded ** (1 / 78.84375)
        light = max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        return float(10_000 / _WHITE * light ** (1 / 0.1593017578125))
    if transfer == _HLG:  # ITU-R BT.2100, for a screen of 1000 cd/m2
        scene = coded**2 / 3 if coded <= 0.5 else (2.718281828 ** ((coded - 0.55991073) / 0.17883277) + 0.28466892) / 12
        return float(_PEAK * scene**1.2)
    return coded / 12.92 if coded <= 0.04045 else float(((coded + 0.055) / 1.055) ** 2.4)


def _encoded(linear: float) -> float:
    value = min(linear, 1.0)
    return value * 12.92 if value <= 0.0031308 else 1.055 * float(value ** (1 / 2.4)) - 0.055
