"""GIF (GIF89a), its blocks: frames, their delays and the loop are kept as they are."""

import struct
from dataclasses import dataclass, field

from showcase.media.domain import Reason, Refused
from showcase.media.formats.coded_image import CodedImage

_SUB_BLOCKS = 200_000  # encoders fill each with 255 bytes
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL, _APPLICATION, _PLAIN_TEXT = 0xF9, 0xFF, 0x01
_LOOPS = {b"NETSCAPE2.0", b"ANIMEXTS1.0"}


@dataclass
class _Blocks:
    """What has been read so far; a graphic control extension belongs to the image that comes next."""

    content: bytes
    position: int
    sub_blocks: int = 0
    control: bytes = b""
    kept: list[bytes] = field(default_factory=list)
    frames: int = 0
    first_extent: tuple[int, int] = (0, 0)
    largest_frame: int = 0


def strip(content: bytes) -> CodedImage:
    """The image without comments, texts, other applications' blocks, and what follows its end.

    Raises:
        Refused: its blocks are damaged or end too early.
    """
    if len(content) < 13:
        raise Refused(Reason.DAMAGED)
    width, height, packed = struct.unpack_from("<HHB", content, 6)
    blocks = _Blocks(content, 13 + _table_bytes(packed))
    while True:
        kind = _byte(blocks)
        if kind == _EXTENSION:
            _read_extension(blocks)
        elif kind == _IMAGE:
            _read_image(blocks)
        elif kind == _TRAILER or blocks.frames:
            break  # browsers, too, end at whatever is no block once there is a frame
        else:
            raise Refused(Reason.DAMAGED)
    if not blocks.frames:
        raise Refused(Reason.DAMAGED)
    head = content[: 13 + _table_bytes(packed)]
    return CodedImage(
        content=b"".join([head, *blocks.kept, bytes([_TRAILER])]),
        # As browsers do: a first frame that is larger enlarges the canvas.
        width=max(width, blocks.first_extent[0]),
        height=max(height, blocks.first_extent[1]),
        frames=blocks.frames,
        largest_frame=blocks.largest_frame,
    )


def _table_bytes(packed: int) -> int:
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def _byte(blocks: _Blocks) -> int:
    """The next byte; an end without a trailer is one."""
    if blocks.position >= len(blocks.content):
        return _TRAILER
    blocks.position += 1
    return blocks.content[blocks.position - 1]


def _skip_sub_blocks(blocks: _Blocks) -> None:
    content, position, end = blocks.content, blocks.position, len(blocks.content)
    while position < end:
        size = content[position]
        position += 1 + size
        blocks.sub_blocks += 1
        if size == 0:
            blocks.position = position
            return
        if blocks.sub_blocks > _SUB_BLOCKS:
            break
    raise Refused(Reason.DAMAGED)


def _read_extension(blocks: _Blocks) -> None:
    label = _byte(blocks)
    start = blocks.position
    _skip_sub_blocks(blocks)
    body = blocks.content[start : blocks.position]
    if label == _GRAPHIC_CONTROL and len(body) >= 6 and body[0] == 4:
        blocks.control = bytes([_EXTENSION, label]) + body[:5] + b"\0"
    elif label == _PLAIN_TEXT:
        blocks.control = b""
    elif label == _APPLICATION and body[1:12] in _LOOPS and body[12:14] == b"\3\1":
        blocks.kept.append(bytes([_EXTENSION, label]) + body[:16] + b"\0")


def _read_image(blocks: _Blocks) -> None:
    """A descriptor, its colours, the size of the first codes, and the coded pixels."""
    start = blocks.position
    descriptor = blocks.content[start : start + 9]
    if len(descriptor) < 9:
        raise Refused(Reason.DAMAGED)
    left, top, width, height, packed = struct.unpack("<HHHHB", descriptor)
    blocks.position = start + 9 + _table_bytes(packed) + 1
    _skip_sub_blocks(blocks)
    blocks.kept += [blocks.control, bytes([_IMAGE]) + blocks.content[start : blocks.position]]
    blocks.control = b""
    blocks.frames += 1
    extent = left + width, top + height
    blocks.first_extent = blocks.first_extent if blocks.frames > 1 else extent
    blocks.largest_frame = max(blocks.largest_frame, extent[0] * extent[1])
