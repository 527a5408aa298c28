"""A still of a video, to show until it plays: its first key frame, decoded by FFmpeg (PyAV)."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

import av
from av.video.reformatter import Colorspace
from PIL import Image

from showcase.media.domain import ContentType

_SIDE = 1280  # pixels of the longer side, at most
_PIXELS = 4096 * 2304  # of a frame that is decoded
_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
_HD = 720  # rows from which on colours that are not described are BT.709's, as players take them
_QUALITY = 82
# Nothing else of FFmpeg sees the bytes of strangers.
_DEMUXERS: Mapping[ContentType, str] = {ContentType.MP4: "mov", ContentType.WEBM: "matroska"}
_DECODERS = "h264,hevc,vp8,vp9,libdav1d,mpeg4,h263,mjpeg,prores"


@dataclass(frozen=True)
class Poster:
    """A still as JPEG; its width and height in pixels."""

    content: bytes
    width: int
    height: int


def make_poster(video: IO[bytes], content_type: ContentType) -> Poster | None:
    """The first key frame of a checked video, upright and in the shape that it is shown in.

    None where it has too many pixels, or none can be decoded. Raises: what FFmpeg and Pillow raise.
    """
    options = {"codec_whitelist": _DECODERS}
    with av.open(video, "r", format=_DEMUXERS[content_type.container], options=options) as container:
        stream = container.streams.video[0]
        if not 0 < stream.width * stream.height <= _PIXELS:
            return None
        stream.codec_context.skip_frame = "NONKEY"
        stream.codec_context.thread_count = 1
        frame = next(container.decode(stream), None)
        return _drawn(frame, float(stream.sample_aspect_ratio or 1)) if isinstance(frame, av.VideoFrame) else None


def _drawn(frame: av.VideoFrame, pixel_aspect: float) -> Poster:
    described = frame.colorspace != _UNSPECIFIED or frame.height < _HD
    colours = None if described else Colorspace.ITU709
    picture: Image.Image = frame.to_image(src_colorspace=colours)  # type: ignore[no-untyped-call]
    width, height = frame.width * max(pixel_aspect, 1), frame.height / min(pixel_aspect, 1)
    scale = min(1, _SIDE / max(width, height))
    picture = picture.resize((max(1, round(width * scale)), max(1, round(height * scale))), reducing_gap=2.0)
    picture = picture.rotate(frame.rotation, expand=True)
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=_QUALITY, optimize=True)
    return Poster(target.getvalue(), picture.width, picture.height)
