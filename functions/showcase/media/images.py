"""Images, decoded and written anew: what is stored holds pixels and nothing else of what was sent."""

import io
import warnings
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from showcase.media.domain import ContentType, Reason, Refused

_FORMATS = {
    ContentType.PNG: "PNG",
    ContentType.JPEG: "JPEG",
    ContentType.WEBP: "WEBP",
    ContentType.GIF: "GIF",
    ContentType.AVIF: "AVIF",
}
FRAMES = 300
SCANS = 64  # of a JPEG; each goes over all pixels, however few bytes it has, and ordinary ones have about ten
_SCAN = b"\xff\xda"


@dataclass(frozen=True)
class Picture:
    """A clean image."""

    content: bytes
    width: int
    height: int


def cleaned(content: bytes, content_type: ContentType, pixels: int, largest: int) -> Picture:
    """The image without metadata (EXIF with its location, XMP, comments, whatever follows the pixels), turned upright.

    `pixels` bounds all frames together; it is checked on what the header announces, before anything is decoded. Of the
    pictures in one JPEG (a preview, a depth map) the first is it. Few bytes may become many: the result may have
    `largest`.

    Raises:
        Refused: another format, too many pixels or bytes, or pixels that cannot be decoded.
    """
    with warnings.catch_warnings():
        # Its own warning comes at a size that is not ours; what counts is checked below.
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content), formats=[_FORMATS[content_type]]) as image:
                _check_size(image, pixels)
                if content_type is ContentType.JPEG and content.count(_SCAN) > SCANS:
                    raise Refused(Reason.TOO_MANY_PIXELS)
                picture = _written(image, content_type, pixels)
        except Image.DecompressionBombError:
            raise Refused(Reason.TOO_MANY_PIXELS) from None
        except Refused:
            raise
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, MemoryError):
            raise Refused(Reason.DAMAGED) from None
    if len(picture.content) > largest:
        raise Refused(Reason.TOO_LARGE)
    return picture


def _check_size(image: Image.Image, pixels: int) -> None:
    if image.width * image.height > pixels:
        raise Refused(Reason.TOO_MANY_PIXELS)
    frames = getattr(image, "n_frames", 1)
    if frames > FRAMES or frames * image.width * image.height > pixels:
        raise Refused(Reason.TOO_MANY_PIXELS)


def _written(image: Image.Image, content_type: ContentType, pixels: int) -> Picture:
    target = io.BytesIO()
    if getattr(image, "is_animated", False) and content_type is not ContentType.JPEG:
        width, height = _write_frames(image, content_type, target, pixels)
    else:
        width, height = _write_still(image, content_type, target)
    return Picture(target.getvalue(), width, height)


def _write_still(image: Image.Image, content_type: ContentType, target: io.BytesIO) -> tuple[int, int]:
    image.load()
    profile = image.info.get("icc_profile")
    options = _options(content_type)
    if image.format == "JPEG" and image.getexif().get(0x0112, 1) == 1:
        options = {"quality": "keep"}  # the same quantisation: nothing more is lost than was
    upright = image if options.get("quality") == "keep" else ImageOps.exif_transpose(image)
    transparency = upright.info.get("transparency")
    upright.info = {} if transparency is None else {"transparency": transparency}
    empty = Image.Exif()
    upright.save(target, _FORMATS[content_type], exif=empty, icc_profile=profile, **options)
    return upright.size


def _write_frames(image: Image.Image, content_type: ContentType, target: io.BytesIO, pixels: int) -> tuple[int, int]:
    durations: list[int] = []
    frames: list[Image.Image] = []
    for frame in ImageSequence.Iterator(image):
        _check_size(frame, pixels)  # a frame may be larger than the header says
        durations.append(int(frame.info.get("duration", 100)))
        frames.append(frame.convert("RGBA"))
    for frame in frames:
        frame.info = {}
    first, *rest = frames
    timing: dict[str, Any] = {"duration": durations, "loop": int(image.info.get("loop", 0))}
    if content_type is ContentType.AVIF:
        timing.pop("loop")
    if content_type in {ContentType.GIF, ContentType.PNG}:
        timing["disposal"] = 2 if content_type is ContentType.GIF else 0
    first.save(target, _FORMATS[content_type], save_all=True, append_images=rest, **timing, **_options(content_type))
    return first.size


def _options(content_type: ContentType) -> dict[str, Any]:
    match content_type:
        case ContentType.JPEG:
            return {"quality": 95}
        case ContentType.WEBP | ContentType.AVIF:
            return {"quality": 90}
        case _:
            return {}
