"""Pictures as cameras and programs make them, and ones that are made to keep their readers busy."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image

from tests.support.files.films import box
from tests.support.files.pictures import chunk, heic, scanned

SIZE = (4000, 3000)


def photograph(size: tuple[int, int] = SIZE, grain: int = 14) -> Image.Image:
    """Soft shapes under a sensor's noise."""
    shapes = Image.effect_noise((size[0] // 16, size[1] // 16), 80).resize(size, Image.Resampling.BICUBIC)
    return Image.blend(shapes.convert("RGB"), Image.effect_noise(size, grain).convert("RGB"), 0.35)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def portrait() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(photograph(), "JPEG", quality=85, exif=exif)


def gain_mapped() -> bytes:
    """24.5 MP, and a smaller picture behind it."""
    small = Image.new("RGB", (1428, 1071), "grey")
    return saved(photograph((5712, 4284)), "MPO", save_all=True, append_images=[small], quality=85)


def recording(kind: str = "GIF", frames: int = 40, **options: Any) -> bytes:
    """Of a screen: in each frame a small part is another."""
    screen = photograph((1120, 840)).quantize(64).convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE)
    pictures = [screen.copy() for _ in range(frames)]
    for number, picture in enumerate(pictures):
        picture.paste(number, (20 * number, 100, 20 * number + 90, 190))
    return saved(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=80, loop=0, **options)


HONEST: Mapping[str, Callable[[], bytes]] = {
    "JPEG, 12 MP": lambda: saved(photograph(), "JPEG", quality=85),
    "JPEG, 12 MP, portrait": portrait,
    "JPEG, 12 MP, progressive": lambda: saved(photograph(), "JPEG", quality=85, progressive=True),
    "JPEG with a gain map, 24.5 MP": gain_mapped,
    "PNG, 12 MP": lambda: saved(photograph(grain=4), "PNG"),
    "AVIF, 12 MP": lambda: saved(photograph(), "AVIF", quality=70, speed=9),
    "WebP, 12 MP": lambda: saved(photograph(), "WEBP", quality=80, method=0),
    "GIF, 40 frames of 0.94 MP": recording,
    "WebP, 40 frames of 0.94 MP": lambda: recording("WEBP", method=0),
    "APNG, 40 frames of 0.94 MP": lambda: recording("PNG"),
    "HEIC, 12 MP": lambda: heic(photograph()),
}


def exif_of_many_entries() -> bytes:
    entries = b"".join(struct.pack("<HHII", 1 + n % 200, 7, 60_000, 8) for n in range(5_000))
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 65_535) + entries


def jpeg_with(segments: bytes, size: tuple[int, int] = SIZE) -> bytes:
    content = saved(Image.new("RGB", size, "grey"), "JPEG")
    return content[:2] + segments + content[2:]


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body


def png_with(*chunks: bytes, size: tuple[int, int] = SIZE) -> bytes:
    content = saved(Image.new("RGB", size, "grey"), "PNG")
    return content[:33] + b"".join(chunks) + content[33:]


def packed_zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


def png_of_small_chunks() -> bytes:
    """Its pixels in one byte each."""
    header = struct.pack(">IIBBBBB", *SIZE, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes((SIZE[0] + 1) * SIZE[1]), 9)
    chunks = b"".join(chunk(b"IDAT", data[n : n + 1]) for n in range(len(data)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunks + chunk(b"IEND", b"")


def gif_of_small_blocks(blocks: int) -> bytes:
    content = saved(Image.new("P", (1000, 1000)), "GIF")
    start = content.index(b",", 13) + 11
    data = b""
    while content[start]:
        data += content[start + 1 : start + 1 + content[start]]
        start += 1 + content[start]
    small = b"".join(bytes([1, value]) for value in data)
    return content[: content.index(b",", 13) + 11] + small + b"\1\0" * (blocks - len(data)) + b"\0;"


def many_frames(kind: str, **options: Any) -> bytes:
    """As many as there may be, each on the largest canvas for that."""
    canvas = Image.new("P", (365, 365))
    pictures = [canvas.copy() for _ in range(300)]
    for number, picture in enumerate(pictures):
        picture.putpixel((number, number), 1 + number % 200)
    return saved(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=20, **options)


def avif_of_many_extents(extents: int) -> bytes:
    """Items whose places take no bytes in the table that lists them."""
    content = saved(Image.new("RGB", (64, 64)), "AVIF", speed=10)
    start = content.index(b"iloc") - 4
    end = start + int.from_bytes(content[start : start + 4])
    item = struct.pack(">HHH", 9, 0, extents)
    return content[:start] + box(b"iloc", bytes(6) + struct.pack(">H", 10_000) + item * 10_000) + content[end:]


CRAFTED: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "JPEG of 64 scans, 12 MP": ("JPEG, 12 MP, progressive", lambda: scanned(54, SIZE)),
    "JPEG of 65 scans": ("JPEG, 12 MP, progressive", lambda: scanned(100, SIZE)),
    "JPEG of 9,000 segments": ("JPEG, 12 MP", lambda: jpeg_with(segment(0xFE, b"comment") * 9_000)),
    "JPEG of 2,000,000 segments": ("JPEG, 12 MP", lambda: jpeg_with(segment(0xFE, b"") * 2_000_000)),
    "JPEG with 9 MB of fill": ("JPEG, 12 MP", lambda: jpeg_with(b"\xff" * 9_000_000)),
    "JPEG with EXIF of 65,535 entries": ("JPEG, 12 MP", lambda: jpeg_with(segment(0xE1, exif_of_many_entries()))),
    "PNG with EXIF of 65,535 entries": ("PNG, 12 MP", lambda: png_with(chunk(b"eXIf", exif_of_many_entries() * 100))),
    "PNG whose text unpacks to 2 GB": ("PNG, 12 MP", lambda: png_with(chunk(b"zTXt", b"\0\0" + packed_zeros(2000)))),
    "PNG whose profile unpacks to 2 GB": (
        "PNG, 12 MP",
        lambda: png_with(chunk(b"iCCP", b"\0\0" + packed_zeros(2000))),
    ),
    "PNG in chunks of one byte": ("PNG, 12 MP", png_of_small_chunks),
    "PNG of 800,000 chunks": ("PNG, 12 MP", lambda: png_with(chunk(b"tEXt", b"") * 800_000)),
    "APNG of 300 frames": ("APNG, 40 frames of 0.94 MP", lambda: many_frames("PNG")),
    "GIF of 300 frames": ("GIF, 40 frames of 0.94 MP", lambda: many_frames("GIF")),
    "GIF in blocks of one byte": ("GIF, 40 frames of 0.94 MP", lambda: gif_of_small_blocks(190_000)),
    "GIF of 5,000,000 blocks": ("GIF, 40 frames of 0.94 MP", lambda: gif_of_small_blocks(5_000_000)),
    "WebP of 300 frames": ("WebP, 40 frames of 0.94 MP", lambda: many_frames("WEBP", method=0)),
    "AVIF of 100,000,000 extents": ("AVIF, 12 MP", lambda: avif_of_many_extents(10_000)),
}
