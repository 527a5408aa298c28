"""ICC profiles (ICC.1:2022): which of them are passed on."""

import struct

_HEADER = 128
LARGEST = 4 * 1024 * 1024  # bytes; printers' profiles have two or three million


def checked(profile: bytes) -> bytes | None:
    """The profile up to its announced size; None for what is none."""
    if len(profile) < _HEADER or profile[36:40] != b"acsp":
        return None
    (size,) = struct.unpack_from(">I", profile)
    return profile[:size] if _HEADER <= size <= min(len(profile), LARGEST) else None
