"""HEIC and HEIF, which browsers do not show: their primary picture as JPEG, or as WebP where it is transparent."""

import io
from collections.abc import Mapping
from typing import Any

import pillow_heif
from PIL import Image

from showcase.media.colours import SRGB, Colours, eight_bits, to_srgb
from showcase.media.decoding import check_size
from showcase.media.domain import ContentType, Reason, Refused
from showcase.media.formats import heif, icc
from showcase.media.formats.isobmff import IsoFile
from showcase.media.formats.work_budget import WorkBudget

# Of a photograph's size and look, for little time.
_JPEG: Mapping[str, Any] = {"quality": 90}
_WEBP: Mapping[str, Any] = {"quality": 90, "method": 2}
_OVERLAID = 8  # pictures


def decode(content: bytes, pixels: int) -> tuple[Image.Image, Colours]:
    """The primary picture, upright (its irot and imir applied; EXIF says the same once more), 8 bits a channel.

    No preview, no depth or gain map, no other picture: of a burst or a spatial photograph one is shown. Colours without
    a profile (HDR, among them) become sRGB.

    Raises:
        Refused: more than `pixels`. Whatever else libheif raises means a damaged file.
    """
    _check_overlays(content)
    file = pillow_heif.open_heif(content)
    if not file.info["primary"]:
        raise Refused(Reason.DAMAGED)
    check_size(1, file.size[0] * file.size[1], pixels)
    image = eight_bits(file.to_pillow())
    profile = icc.checked(file.info.get("icc_profile") or b"")
    if profile:
        return image, Colours(profile)
    nclx = file.info.get("nclx_profile") or {}
    stated = Colours(None, nclx.get("color_primaries", 1), nclx.get("transfer_characteristics", 13))
    return to_srgb(image, stated), SRGB


def _check_overlays(content: bytes) -> None:
    """An overlay (ISO/IEC 23008-12, 6.6.2.2) may name a large picture as often as it likes, and be in another one."""
    file = IsoFile(bytearray(content), WorkBudget(len(content)))
    start = 0
    while box := file.box_at(start, len(content)):
        start = box.end
        if box.type == b"meta":
            box.body += heif.FULL_BOX
            items = heif.read_items(file, file.read_tree(box, heif.LAYOUT))
            overlays = heif.overlays(file, items) if items else []
            if len(overlays) > 1 or any(len(pictures) > _OVERLAID for pictures in overlays):
                raise Refused(Reason.TOO_COMPLEX)


def encode(image: Image.Image, colours: Colours) -> tuple[bytes, ContentType]:
    """The image as JPEG, or as WebP where it is transparent, with its ICC profile; and which of them."""
    target = io.BytesIO()
    image.info = {}
    if image.has_transparency_data:
        image.save(target, "WEBP", icc_profile=colours.icc_profile, **_WEBP)
        return target.getvalue(), ContentType.WEBP
    image.save(target, "JPEG", icc_profile=colours.icc_profile, **_JPEG)
    return target.getvalue(), ContentType.JPEG
