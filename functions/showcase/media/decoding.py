"""Decodes images, in bounded work: to check that they are whole, and for what is made of their pixels."""

import io

from PIL import Image

from showcase.media.domain import ContentType, Reason, Refused
from showcase.media.formats.coded_image import CodedImage

FRAMES = 300
_FORMATS = {
    ContentType.PNG: "PNG",
    ContentType.JPEG: "JPEG",
    ContentType.WEBP: "WEBP",
    ContentType.GIF: "GIF",
    ContentType.AVIF: "AVIF",
}


def open_image(coded: CodedImage, content_type: ContentType, pixels: int) -> Image.Image:
    """The image, not decoded yet.

    Raises:
        Refused: more than `pixels`, all frames together. Whatever else Pillow raises means a damaged file.
    """
    check_size(coded.frames, coded.frame_pixels, pixels)
    image = Image.open(io.BytesIO(coded.decodable or coded.content), formats=[_FORMATS[content_type]])
    check_size(int(getattr(image, "n_frames", 1)), image.width * image.height, pixels)
    return image


def check_size(frames: int, frame_pixels: int, pixels: int) -> None:
    """Raises: Refused: all frames together have more than `pixels`, or they are too many."""
    if not frame_pixels:
        raise Refused(Reason.DAMAGED)
    if frames > FRAMES or frames * frame_pixels > pixels:
        raise Refused(Reason.TOO_MANY_PIXELS)


def decode(coded: CodedImage, content_type: ContentType, pixels: int, enough: tuple[int, int]) -> Image.Image:
    """The first frame, once every frame has been decoded. A JPEG's is a half, quarter or eighth of its size if that
    still is `enough` pixels across and down: all of its codes are read, and fewer pixels made of them.

    Raises: as `open_image` does.
    """
    with open_image(coded, content_type, pixels) as image:
        frames = int(getattr(image, "n_frames", 1))
        image.draft(None, enough)
        image.load()
        first = image.copy() if frames > 1 else image
        for number in range(1, frames):
            image.seek(number)
            image.load()
        return first


def decode_first(coded: CodedImage, content_type: ContentType, pixels: int, enough: tuple[int, int]) -> Image.Image:
    """The first frame alone, as small as `decode` has it. Raises: Refused: it has more than `pixels` even so."""
    with Image.open(io.BytesIO(coded.decodable or coded.content), formats=[_FORMATS[content_type]]) as image:
        image.draft(None, enough)
        check_size(1, image.width * image.height, pixels)
        image.load()
        return image
