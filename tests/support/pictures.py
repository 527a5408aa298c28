"""Images and videos made for tests: real ones, and ones that pretend."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

PLACE = b"52.2053N"


def image(kind: str = "PNG", size: tuple[int, int] = (32, 24), **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "#336699").save(target, kind, **options)
    return target.getvalue()


def located(kind: str = "JPEG", orientation: int = 6) -> bytes:
    """With the place where it was taken, in EXIF and as text, and lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = PLACE.decode()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 12.0, 19.0)
    return image(kind, exif=exif)


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of few bytes and many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    row = b"\0" + bytes(width // 8)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = zlib.compress(row * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def animation(kind: str = "GIF", frames: int = 3) -> bytes:
    pictures = [Image.new("RGB", (16, 16), (80 * n % 256, 10, 10)) for n in range(frames)]
    target = io.BytesIO()
    pictures[0].save(target, kind, save_all=True, append_images=pictures[1:], duration=50)
    return target.getvalue()


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def video(brand: bytes = b"isom", extra: bytes = b"") -> bytes:
    """The boxes of a film, with the place where it was taken."""
    place = box(b"udta", box(b"\xa9xyz", PLACE))
    moov = box(b"moov", box(b"mvhd", bytes(100)) + box(b"trak", box(b"tkhd", bytes(84)) + place) + place)
    return box(b"ftyp", brand + bytes(4) + b"mp42") + moov + box(b"mdat", b"frames" * 50) + extra


def webm(extra: bytes = b"") -> bytes:
    def element(identifier: str, body: bytes) -> bytes:
        return bytes.fromhex(identifier) + struct.pack(">Q", (1 << 56) | len(body)) + body

    return element("1a45dfa3", element("4282", b"webm")) + element("18538067", bytes(40)) + extra
