"""Images made for tests: real ones, and ones that pretend."""

import io
import struct
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import pillow_heif
from PIL import Image
from showcase.media.checks.bounded_job import outcome
from showcase.media.checks.images import CleanImage, clean
from showcase.media.domain import ContentType, Reason, Refused

PLACE = b"52.2053N"


def image(kind: str = "PNG", size: tuple[int, int] = (32, 24), **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "#336699").save(target, kind, **options)
    return target.getvalue()


def located(kind: str = "JPEG", orientation: int = 6, picture: Image.Image | None = None) -> bytes:
    """With the place where it was taken, in EXIF and as text, and lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = PLACE.decode()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 12.0, 19.0)
    target = io.BytesIO()
    (picture or Image.new("RGB", (32, 24), "#336699")).save(target, kind, exif=exif)
    return target.getvalue()


def smooth(size: tuple[int, int]) -> Image.Image:
    """A picture whose every corner looks different."""
    across, down = Image.linear_gradient("L").rotate(90).resize(size), Image.linear_gradient("L").resize(size)
    return Image.merge("RGB", (across, down, Image.new("L", size, 90)))


def cleaned(sent: bytes, content_type: ContentType, pixels: int = 1_000_000) -> CleanImage:
    """As the process of a check does it: whatever a decoder raises is a damaged file."""
    found: list[CleanImage] = []

    def job(_: Path) -> dict[str, object]:
        found.append(clean(sent, content_type, pixels))
        return {}

    refused = outcome(job, {}).get("refused")
    if refused:
        raise Refused(Reason(refused))
    return found[0]


def heic(picture: Image.Image, orientation: int = 1, others: Sequence[Image.Image] = (), **options: Any) -> bytes:
    """As a phone writes it: with its place in EXIF, and turned by a box of HEIF's (irot) and EXIF both."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = PLACE.decode()
    target = io.BytesIO()
    file = pillow_heif.from_pillow(picture)
    for other in others:
        file.add_from_pillow(other)
    file.save(target, primary_index=0, exif=exif.tobytes(), quality=90, **options)
    return target.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@cache
def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of few bytes and many pixels."""
    row = b"\0" + bytes(width // 8)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = zlib.compress(row * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def animation(kind: str = "GIF", frames: int = 3, size: tuple[int, int] = (16, 16)) -> bytes:
    pictures = [Image.new("RGB", size, (80 * n % 256, 10, 10)) for n in range(frames)]
    target = io.BytesIO()
    pictures[0].save(target, kind, save_all=True, append_images=pictures[1:], duration=50)
    return target.getvalue()


def flickering(frames: int = 20) -> bytes:
    """A noisy GIF of which each frame changes one pixel, and has no more."""
    noise = Image.effect_noise((200, 200), 200).convert("P")
    pictures = [noise.copy() for _ in range(frames)]
    for place, picture in enumerate(pictures):
        picture.putpixel((place, 0), 255 - cast("int", picture.getpixel((place, 0))))
    target = io.BytesIO()
    pictures[0].save(target, "GIF", save_all=True, append_images=pictures[1:], duration=50)
    return target.getvalue()


def growing(size: tuple[int, int]) -> bytes:
    """A GIF that announces one pixel, and has a second frame of this size."""
    with io.BytesIO() as small, io.BytesIO() as large:
        Image.new("P", (1, 1)).save(small, "GIF")
        Image.new("P", size).save(large, "GIF")
        begun, grown = small.getvalue(), large.getvalue()
    return begun[:-1] + grown[grown.index(b",") :]


def scanned(times: int, size: tuple[int, int] = (64, 64)) -> bytes:
    """A JPEG that goes over its pixels so many times more than it must."""
    target = io.BytesIO()
    Image.new("L", size).save(target, "JPEG", progressive=True)
    content = target.getvalue()
    last = content[content.rindex(b"\xff\xc4") : -2]
    return content[:-2] + last * times + content[-2:]


def several(size: tuple[int, int] = (32, 24)) -> bytes:
    """A red picture and a small blue one in one JPEG."""
    target = io.BytesIO()
    red, blue = Image.new("RGB", size, "red"), Image.new("RGB", (16, 12), "blue")
    red.save(target, "MPO", save_all=True, append_images=[blue])
    return target.getvalue()
