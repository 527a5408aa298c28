"""Turns images upright. Those whose container can say which way up they are (AVIF: irot, imir) need it not."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, JpegImagePlugin

from showcase.media.decoding import open_image
from showcase.media.domain import ContentType
from showcase.media.formats import exif, png
from showcase.media.formats.coded_image import CodedImage

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = 5  # from here on, width and height change places


def shown_orientation(image: Image.Image) -> int:
    """What irot and imir of an AVIF mean, in EXIF's terms, into which Pillow puts them; 1 for other clean images."""
    return int(image.getexif().get(exif.ORIENTATION, 1))


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """The image as EXIF's `orientation` says that it is to be shown."""
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Width and height as shown: exchanged where EXIF's `orientation` (1 to 8) is a quarter turn."""
    return (height, width) if orientation >= _SIDEWAYS else (width, height)


def turn(coded: CodedImage, content_type: ContentType, pixels: int) -> bytes:
    """The file with its pixels upright: PNG and lossless WebP without loss, JPEG at its own quantisation."""
    with open_image(coded, content_type, pixels) as image:
        match content_type:
            case ContentType.JPEG:
                return _turn_jpeg(image, coded)
            case ContentType.PNG:
                return png.with_colours(_turn_frames(image, coded, "PNG", {}), coded.content)
            case _:
                quality = {"lossless": True} if coded.lossless else {"quality": 95}
                return _turn_frames(image, coded, "WEBP", {**quality, "icc_profile": coded.colours.icc_profile})


def _turn_jpeg(image: Image.Image, coded: CodedImage) -> bytes:
    """Encoded again by the same tables, turned as well, and without leaving YCbCr, where it came from: nearly all
    coefficients come out as they were."""
    quantization: Mapping[int, Sequence[int]] = image.quantization  # type: ignore[attr-defined] # of a JpegImageFile
    tables = [_turn_table(quantization[key], coded.orientation) for key in sorted(quantization)]
    subsampling = JpegImagePlugin.get_sampling(image)
    if subsampling == 1 and coded.orientation >= _SIDEWAYS:
        subsampling = 0  # Pillow cannot write 4:4:0
    if image.mode == "RGB" and image.info.get("adobe_transform") != 0:
        image.draft("YCbCr", image.size)
    progressive = "progressive" in image.info
    turned = upright(image, coded.orientation)
    image.close()  # its pixels, which take as much memory again
    target = io.BytesIO()
    turned.save(
        target,
        "JPEG",
        qtables=tables,
        subsampling=max(subsampling, 0),
        progressive=progressive,
        icc_profile=coded.colours.icc_profile,
        exif=b"",
        comment=b"",
    )
    return target.getvalue()


def _turn_table(table: Sequence[int], orientation: int) -> list[int]:
    """A quantisation table, whose rows are columns where the picture's are."""
    if orientation < _SIDEWAYS:
        return list(table)
    return [table[8 * column + row] for row in range(8) for column in range(8)]


def _turn_frames(image: Image.Image, coded: CodedImage, format_name: str, options: dict[str, Any]) -> bytes:
    frames, durations = [], []
    for number in range(int(getattr(image, "n_frames", 1))):
        image.seek(number)
        image.load()  # a frame's duration is known only afterwards
        frame = upright(image, coded.orientation)
        frame.info = {key: image.info[key] for key in ("transparency",) if key in image.info}
        frames.append(frame)
        durations.append(image.info.get("duration", 0))
    if len(frames) > 1:
        options = {**options, "save_all": True, "append_images": frames[1:], "duration": durations}
        options["loop"] = image.info.get("loop", 0)
    target = io.BytesIO()
    frames[0].save(target, format_name, **options)
    return target.getvalue()
