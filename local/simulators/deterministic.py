"""Numbers that follow from a name: no set-up, the same in every run and on every machine."""

import hashlib


def digits(name: str, aspect: str) -> int:
    """A large number of the name's own; another one for each aspect of it."""
    return int.from_bytes(hashlib.blake2b(f"{aspect}:{name}".encode(), digest_size=6).digest())
