"""Reads an archive to its end: every checksum, and that what it says of itself is true."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from ops.backup.archive import MANIFEST, opened, parts
from ops.backup.encryption import decrypted
from ops.backup.errors import BackupError, DamagedError
from ops.backup.manifest import FORMAT, Manifest


def verify(path: Path, secret_keys: Sequence[str]) -> Manifest:
    """Raises: BackupError, DamagedError."""
    with opened(path) as archive:
        return verify_open(archive, secret_keys)


def verify_open(archive: BinaryIO, secret_keys: Sequence[str]) -> Manifest:
    archive.seek(0)
    text, files, names = b"", 0, set[str]()
    with decrypted(archive, secret_keys) as stream:
        for part in parts(stream):
            if part.name == MANIFEST:
                text = part.read()
            elif part.name.startswith("files/"):
                files += not part.name.endswith(".json")
            elif part.name.startswith("schema/"):
                names.add(part.name)
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise DamagedError("The archive is no backup, or one of another version of this program.") from error
    if manifest.format != FORMAT:
        raise BackupError(f"The archive has format {manifest.format}: this program reads format {FORMAT}.")
    if files != manifest.files or names != {"schema/before.sql", "schema/after.sql"}:
        raise DamagedError("The archive does not hold what its manifest says.")
    return manifest
