"""JPEG (ITU-T T.81), its segments: what pictures need is kept, the coded pixels as they are."""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from showcase.media.colours import Colours
from showcase.media.domain import Reason, Refused
from showcase.media.formats import exif, icc
from showcase.media.formats.coded_image import CodedImage

SCANS = 64  # each goes over all pixels, however few bytes it has; ordinary images have about ten
_SEGMENTS = 10_000

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15
_TABLES = {0xC4, 0xCC, 0xDB, 0xDC, 0xDD}  # DHT, DAC, DQT, DNL, DRI
_STANDALONE = {0x00, 0x01, *range(0xD0, 0xD9)}  # nothing follows: stuffing, TEM, RST0 to RST7, SOI
_SHOWN = {0xC0, 0xC1, 0xC2}  # baseline, extended and progressive Huffman coding: what browsers decode
_ICC = b"ICC_PROFILE\0"
_JFIF = b"JFIF\0"
_ADOBE = b"Adobe"
# The end of a scan: a marker that is neither a stuffed 0xFF nor a restart, nor fill.
_NEXT_MARKER = re.compile(rb"(?<=\xff)[\x01-\xcf\xd8-\xfe]")


@dataclass
class _Segments:
    """What has been read so far."""

    density: bytes | None = None
    adobe: bytes | None = None
    exif: bytes | None = None
    icc: dict[int, bytes] = field(default_factory=dict)
    icc_parts: int = 0
    frame: tuple[int, int, int, int] | None = None  # marker, precision, height, width
    scans: int = 0
    coded: list[bytes] = field(default_factory=list)


def strip(content: bytes) -> CodedImage:
    """The first picture of a JPEG file with its JFIF density, Adobe transform and ICC profile alone.

    Raises:
        Refused: its segments are damaged or end too early, or there are too many scans.
    """
    found = _read(content)
    if found.frame is None or not found.scans:
        raise Refused(Reason.DAMAGED)
    marker, precision, height, width = found.frame
    profile = _profile(found.icc, found.icc_parts)
    head = [b"\xff\xd8"]
    if found.density is not None:
        head.append(_segment(_APP0, _JFIF + found.density + b"\0\0"))
    if found.adobe is not None:
        head.append(_segment(_APP14, _ADOBE + found.adobe))
    return CodedImage(
        content=b"".join([*head, *_icc_segments(profile), *found.coded, b"\xff\xd9"]),
        width=width,
        height=height,
        orientation=exif.orientation(found.exif or b""),
        colours=Colours(profile),
        portable=marker in _SHOWN and precision == 8,
    )


def _read(content: bytes) -> _Segments:
    found = _Segments()
    position = 2
    for _ in range(_SEGMENTS):
        # Decoders skip what stands between segments, and fill bytes.
        match = _NEXT_MARKER.search(content, position)
        if match is None:
            raise Refused(Reason.DAMAGED)
        marker, position = content[match.start()], match.end()
        if marker == _EOI:
            return found
        if marker in _STANDALONE:
            continue
        length = int.from_bytes(content[position : position + 2])
        end = position + length
        if length < 2 or end > len(content):
            raise Refused(Reason.DAMAGED)
        body = content[position + 2 : end]
        position = _keep(found, marker, body, content, end)
    raise Refused(Reason.DAMAGED)


def _keep(found: _Segments, marker: int, body: bytes, content: bytes, end: int) -> int:
    """Sorts one segment; where the next may begin."""
    if marker == _SOS:
        return _keep_scan(found, body, content, end)
    if marker in _FRAMES:
        if found.frame is not None or len(body) < 6:
            raise Refused(Reason.DAMAGED)
        found.frame = (marker, *struct.unpack_from(">BHH", body))
    if marker in _FRAMES or marker in _TABLES:
        found.coded.append(_segment(marker, body))
    else:
        _keep_application_data(found, marker, body)
    return end


def _keep_scan(found: _Segments, body: bytes, content: bytes, end: int) -> int:
    found.scans += 1
    if found.scans > SCANS:
        raise Refused(Reason.TOO_MANY_PIXELS)
    match = _NEXT_MARKER.search(content, end)
    if match is None:
        raise Refused(Reason.DAMAGED)
    found.coded.append(_segment(_SOS, body) + content[end : match.start() - 1])
    return match.start() - 1


def _keep_application_data(found: _Segments, marker: int, body: bytes) -> None:
    if marker == _APP0 and body.startswith(_JFIF) and len(body) >= 12:
        found.density = body[5:12]
    elif marker == _APP1 and body.startswith(exif.PREFIX) and found.exif is None:
        found.exif = body
    elif marker == _APP2 and body.startswith(_ICC) and len(body) > 14:
        found.icc[body[12]], found.icc_parts = body[14:], body[13]
    elif marker == _APP14 and body.startswith(_ADOBE) and len(body) >= 12:
        found.adobe = body[5:12]


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body


def _profile(parts: Mapping[int, bytes], count: int) -> bytes | None:
    """Of its numbered parts (ICC.1, annex B.4); None where one is missing."""
    if not parts or sorted(parts) != list(range(1, count + 1)):
        return None
    return icc.checked(b"".join(parts[number] for number in sorted(parts)))


def _icc_segments(profile: bytes | None) -> list[bytes]:
    size = 65519
    parts = [profile[start : start + size] for start in range(0, len(profile), size)] if profile else []
    return [_segment(_APP2, _ICC + bytes([number, len(parts)]) + part) for number, part in enumerate(parts, 1)]
