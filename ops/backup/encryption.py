"""Encryption with age (https://age-encryption.org), as a stream: the `age` tool opens what is encrypted here.

Anyone who encrypts needs public keys only, so that the machine that makes backups cannot read them.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import pyrage

from ops.backup.errors import BackupError, DamagedError

MAGIC = b"age-encryption.org/"


def new_identity() -> tuple[str, str]:
    """A pair of keys: the secret one and its public one."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


@contextmanager
def encrypted(target: BinaryIO, public_keys: Sequence[str]) -> Iterator[BinaryIO]:
    """What is written here goes to `target`, encrypted for the holders of these keys; as it is where there are none."""
    if not public_keys:
        yield target
        return
    try:
        recipients = [pyrage.x25519.Recipient.from_str(key) for key in public_keys]
    except pyrage.RecipientError:
        raise BackupError("BACKUP_RECIPIENTS holds something that is no age public key (age1...).") from None
    reading, writing = os.pipe()

    def encrypt() -> None:
        with os.fdopen(reading, "rb", buffering=0) as source:
            try:
                pyrage.encrypt_io(source, target, recipients)
            except (pyrage.EncryptError, OSError) as error:
                raise BackupError(f"The archive cannot be written: {error}") from error

    with _beside(encrypt), os.fdopen(writing, "wb") as pipe:
        yield pipe


@contextmanager
def decrypted(source: BinaryIO, secret_keys: Sequence[str]) -> Iterator[BinaryIO]:
    """What is in `source`, decrypted where it is encrypted.

    Raises: DamagedError, at the latest at the end; what was read before must not be acted upon until then.
    """
    start = source.read(len(MAGIC))
    source.seek(0)
    if start != MAGIC:
        yield source
        return
    if not secret_keys:
        raise BackupError(
            "The archive is encrypted: set BACKUP_IDENTITY or BACKUP_IDENTITY_FILE to a key that opens it."
        )
    try:
        identities = [pyrage.x25519.Identity.from_str(key) for key in secret_keys]
    except pyrage.IdentityError:
        raise BackupError("BACKUP_IDENTITY is no age secret key (AGE-SECRET-KEY-1...).") from None
    reading, writing = os.pipe()

    def decrypt() -> None:
        with os.fdopen(writing, "wb") as target:
            try:
                pyrage.decrypt_io(source, target, identities)
            except BrokenPipeError:
                raise
            except (pyrage.DecryptError, OSError) as error:
                raise DamagedError(
                    "The archive cannot be decrypted: it is damaged, or cut short, or not for this BACKUP_IDENTITY."
                ) from error

    with _beside(decrypt), os.fdopen(reading, "rb") as pipe:
        yield pipe


@contextmanager
def _beside(work: Callable[[], None]) -> Iterator[None]:
    """Runs `work` in a thread for as long as the block; what went wrong there comes first, being the cause."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 raised below
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    except Exception as error:
        thread.join()
        if failures and not isinstance(failures[0], BrokenPipeError):
            raise failures[0] from error
        raise
    finally:
        thread.join()
    if failures and not isinstance(failures[0], BrokenPipeError):
        raise failures[0]
