"""Images: whether they are whole, what they say besides their pixels, and smaller copies of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from showcase.media.checks import heic
from showcase.media.checks.renditions import WIDTHS, Rendition, enough, make_renditions
from showcase.media.decoding import decode, decode_first
from showcase.media.domain import ContentType, Reason, Refused, sniff
from showcase.media.formats import avif, gif, jpeg, png, webp
from showcase.media.formats.coded_image import CodedImage
from showcase.media.formats.orientation import shown_orientation, turn, upright, upright_size

_STRIP: Mapping[ContentType, Callable[[bytes], CodedImage]] = {
    ContentType.PNG: png.strip,
    ContentType.JPEG: jpeg.strip,
    ContentType.WEBP: webp.strip,
    ContentType.GIF: gif.strip,
    ContentType.AVIF: avif.strip,
}
_CONVERTED = {ContentType.HEIC, ContentType.HEIF}


@dataclass(frozen=True)
class CleanImage:
    """What may be shown, its pixels across and down as it is shown, and smaller copies."""

    content: bytes
    content_type: ContentType
    width: int
    height: int
    renditions: list[Rendition]


def clean(content: bytes, content_type: ContentType, pixels: int, widths: Sequence[int] = WIDTHS) -> CleanImage:
    """The image without metadata: EXIF with its location, XMP, IPTC, comments, whatever follows the pixels.

    The coded pixels stay as they are, with their colours, transparency and timing; they are decoded to check that they
    are whole, and coded again only where EXIF alone says which way up they are. `pixels` bounds all frames together,
    first by what the headers announce; `widths` are those of the smaller copies.

    Raises:
        Refused: another format, too many pixels or frames, or a damaged container. Whatever else is raised comes from a
            decoder, and means the same.
    """
    if content_type in _CONVERTED:
        return _convert(content, pixels, widths)
    coded = _STRIP[content_type](content)
    if coded.orientation != 1 or not coded.portable:
        coded = _STRIP[content_type](turn(coded, content_type, pixels))
    first = decode(coded, content_type, pixels, enough(coded.width, coded.height, widths))
    orientation = shown_orientation(first)
    width, height = upright_size(coded.width, coded.height, orientation)
    renditions = make_renditions(first, orientation, coded.colours, width, height, widths)
    return CleanImage(coded.content, content_type, width, height, renditions)


def picture_of(content: bytes, pixels: int, enough: tuple[int, int]) -> Image.Image:
    """The first frame of a clean image, upright; a JPEG's smaller, down to `enough` pixels across and down.

    Raises:
        Refused: more than `pixels`.
    """
    content_type = sniff(content)
    if content_type is None or content_type not in _STRIP:
        raise Refused(Reason.WRONG_TYPE)
    first = decode_first(_STRIP[content_type](content), content_type, pixels, enough)
    return upright(first, shown_orientation(first))


def _convert(content: bytes, pixels: int, widths: Sequence[int]) -> CleanImage:
    image, colours = heic.decode(content, pixels)
    encoded, content_type = heic.encode(image, colours)
    width, height = image.size
    return CleanImage(encoded, content_type, width, height, make_renditions(image, 1, colours, width, height, widths))
