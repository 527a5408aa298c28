"""PNG (W3C, third edition) and APNG, their chunks: what pixels, colours and timing need is kept as it is."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from showcase.media.colours import Colours
from showcase.media.domain import Reason, Refused
from showcase.media.formats import exif, icc
from showcase.media.formats.coded_image import CodedImage

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNKS = 50_000  # encoders write 8 KiB into each, or more
_PIXELS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"}
# Colours, transparency, density: each once, with no more bytes than any of them can have.
_ANCILLARY = {b"tRNS", b"bKGD", b"pHYs", b"cHRM", b"gAMA", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI"}
_ANCILLARY_BYTES = 256


@dataclass(frozen=True)
class _Chunk:
    type: bytes
    body: memoryview
    whole: memoryview  # with its length, type and checksum


def strip(content: bytes) -> CodedImage:
    """The image without text, EXIF, times, private chunks, and what follows its end.

    Raises:
        Refused: its chunks are damaged or end too early.
    """
    chunks = list(_chunks(memoryview(content)))
    header = chunks[0]
    if header.type != b"IHDR" or len(header.body) != 13:
        raise Refused(Reason.DAMAGED)
    width, height = struct.unpack_from(">II", header.body)
    profile = next((_profile(bytes(chunk.body)) for chunk in chunks if chunk.type == b"iCCP"), None)
    begin, *kept = [chunk.whole for chunk in _kept(chunks)]
    plain = b"".join([SIGNATURE, begin, *kept])
    return CodedImage(
        content=b"".join([SIGNATURE, begin, _profile_chunk(profile), *kept]) if profile else plain,
        width=width,
        height=height,
        frames=_frames(chunks),
        orientation=next((exif.orientation(bytes(chunk.body)) for chunk in chunks if chunk.type == b"eXIf"), 1),
        colours=_colours(chunks, profile),
        decodable=plain,  # Pillow refuses images whose profile unpacks to more than a megabyte
    )


def with_colours(content: bytes, source: bytes) -> bytes:
    """The image with what another says of its colours and density."""
    end = len(SIGNATURE) + 25  # of IHDR
    spoken_for = {b"tRNS", *(chunk.type for chunk in _chunks(memoryview(content)))}
    kinds = ({b"iCCP"} | _ANCILLARY) - spoken_for
    added = b"".join(chunk.whole for chunk in _chunks(memoryview(source)) if chunk.type in kinds)
    return content[:end] + added + content[end:]


def _chunks(content: memoryview) -> Iterator[_Chunk]:
    """Those up to the image's end."""
    start = len(SIGNATURE)
    for _ in range(_CHUNKS):
        if start + 12 > len(content):
            raise Refused(Reason.DAMAGED)
        length, kind = struct.unpack_from(">I4s", content, start)
        end = start + 12 + length
        if end > len(content):
            raise Refused(Reason.DAMAGED)
        yield _Chunk(kind, content[start + 8 : end - 4], content[start:end])
        if kind == b"IEND":
            return
        start = end
    raise Refused(Reason.DAMAGED)


def _kept(chunks: Sequence[_Chunk]) -> Iterator[_Chunk]:
    seen: set[bytes] = set()
    for chunk in chunks:
        once = chunk.type in _ANCILLARY and chunk.type not in seen and len(chunk.body) <= _ANCILLARY_BYTES
        seen.add(chunk.type)
        if once or chunk.type in _PIXELS:
            yield chunk


def _frames(chunks: Sequence[_Chunk]) -> int:
    """How many pictures are decoded: those of an animation, and the one that shows where animations do not."""
    types = [chunk.type for chunk in chunks]
    if b"acTL" not in types:
        return 1
    return types.count(b"fcTL") + (b"fcTL" not in types[: types.index(b"IDAT")] if b"IDAT" in types else 0)


def _colours(chunks: Sequence[_Chunk], profile: bytes | None) -> Colours:
    """By cICP, where there is one: it goes before a profile."""
    cicp = next((chunk.body for chunk in chunks if chunk.type == b"cICP" and len(chunk.body) == 4), None)
    return Colours(None, cicp[0], cicp[1]) if cicp else Colours(profile)


def _profile(body: bytes) -> bytes | None:
    """The profile in an iCCP chunk: a name, 0, the method 0, and the compressed profile."""
    _, _, packed = body.partition(b"\0")
    try:
        return icc.checked(zlib.decompressobj().decompress(packed[1:], icc.LARGEST))
    except zlib.error:
        return None


def _profile_chunk(profile: bytes) -> bytes:
    """Packed again: its name and what stood behind the profile are text of the sender's."""
    body = b"iCCPicc\0\0" + zlib.compress(profile)
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
