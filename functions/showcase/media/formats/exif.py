"""The one thing of an EXIF block that a picture needs: which way up it is (EXIF 2.32, TIFF 6.0)."""

import struct

PREFIX = b"Exif\0\0"  # in JPEG always, in WebP and PNG by mistake
ORIENTATION = 0x0112
_SHORT = 3


def orientation(block: bytes) -> int:
    """1 to 8; 1, upright, also where the block is damaged or says nothing of it."""
    tiff = block.removeprefix(PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return 1
    (directory,) = struct.unpack_from(order + "I", tiff, 4)
    if directory + 2 > len(tiff):
        return 1
    (count,) = struct.unpack_from(order + "H", tiff, directory)
    for start in range(directory + 2, min(directory + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, start)
        if tag == ORIENTATION:
            return value if kind == _SHORT and 1 <= value <= 8 else 1
    return 1
