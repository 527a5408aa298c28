"""WebP (RFC 9649), its chunks: coded pixels, colours and timing are kept as they are."""

import struct
from collections.abc import Iterator, Sequence

from showcase.media.colours import Colours
from showcase.media.domain import Reason, Refused
from showcase.media.formats import exif, icc
from showcase.media.formats.coded_image import CodedImage

_CHUNKS = 5_000
_FRAME = {b"ALPH", b"VP8 ", b"VP8L"}
_ICC_FLAG, _EXIF_FLAG, _XMP_FLAG = 0x20, 0x08, 0x04

Chunk = tuple[bytes, bytes]


def strip(content: bytes) -> CodedImage:
    """The image without EXIF, XMP, unknown chunks, and what follows its end.

    Raises:
        Refused: its chunks are damaged or end too early.
    """
    size = int.from_bytes(content[4:8], "little")
    chunks = list(_chunks(content[12 : 8 + size]))
    if not chunks or chunks[0][0] not in {b"VP8X", b"VP8 ", b"VP8L"}:
        raise Refused(Reason.DAMAGED)
    profile = next((icc.checked(body) for kind, body in chunks if kind == b"ICCP"), None)
    if chunks[0][0] == b"VP8X":
        kept = [_clean(chunk, profile) for chunk in chunks if chunk[0] in {*_FRAME, b"VP8X", b"ANIM", b"ANMF"}]
        kept[1:1] = [(b"ICCP", profile)] if profile else []
    else:
        profile, kept = None, chunks[:1]  # the simple format is one chunk
    body = b"WEBP" + b"".join(_chunk(*chunk) for chunk in kept)
    width, height = _canvas(chunks)
    return CodedImage(
        content=b"RIFF" + struct.pack("<I", len(body)) + body,
        width=width,
        height=height,
        frames=max(1, sum(kind == b"ANMF" for kind, _ in kept)),
        orientation=next((exif.orientation(body) for kind, body in chunks if kind == b"EXIF"), 1),
        colours=Colours(profile),
        lossless=not any(kind == b"VP8 " for kind, _ in _bitstreams(kept)),
    )


def _chunks(content: bytes) -> Iterator[Chunk]:
    start = 0
    for _ in range(_CHUNKS):
        if start + 8 > len(content):
            return
        kind, size = struct.unpack_from("<4sI", content, start)
        if start + 8 + size > len(content):
            raise Refused(Reason.DAMAGED)
        yield kind, content[start + 8 : start + 8 + size]
        start += 8 + size + size % 2
    raise Refused(Reason.DAMAGED)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _clean(chunk: Chunk, profile: bytes | None) -> Chunk:
    kind, body = chunk
    if kind == b"VP8X" and len(body) >= 10:
        flags = body[0] & ~(_EXIF_FLAG | _XMP_FLAG | _ICC_FLAG) | (_ICC_FLAG if profile else 0)
        return kind, bytes([flags]) + body[1:10]
    if kind == b"ANIM":
        return kind, body[:6]
    if kind == b"ANMF":
        return kind, body[:16] + b"".join(_chunk(*inner) for inner in _chunks(body[16:]) if inner[0] in _FRAME)
    return chunk


def _bitstreams(chunks: Sequence[Chunk]) -> Iterator[Chunk]:
    """Of the image, or of each frame."""
    for kind, body in chunks:
        yield from _chunks(body[16:]) if kind == b"ANMF" else [(kind, body)]


def _canvas(chunks: Sequence[Chunk]) -> tuple[int, int]:
    """Width and height as the first chunk has them (RFC 9649, 2.5 to 2.7)."""
    kind, body = chunks[0]
    if len(body) < 10:
        raise Refused(Reason.DAMAGED)
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        packed = int.from_bytes(body[1:5], "little")
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF
