"""The generated picture: what is taken for one, and where it is kept.

It is stored as the user, in their own folder: Storage's policies decide.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from showcase.auth import Caller
from showcase.core import Core
from showcase.design.errors import InvalidImage
from showcase.errors import ServiceUnavailable
from showcase.observability.telemetry import log, timed
from showcase.supabase_sdk import session

BUCKET = "ai-assets"
LARGEST = 10 * 1024 * 1024  # bytes, as the bucket takes them
SMALLEST = 64


@dataclass(frozen=True)
class NewImage:
    """A picture and where it goes: known before it is stored, so that it can be removed whatever happens."""

    name: str
    kind: str
    data: bytes


def new_image(caller: Caller, data: bytes) -> NewImage:
    """Raises: InvalidImage."""
    kind = media_type(data)
    return NewImage(f"{caller.user_id}/designs/{uuid4()}.{kind.removeprefix('image/')}", kind, data)


def media_type(data: bytes) -> str:
    """What the first bytes say it is.

    Raises:
        InvalidImage: not one of the kinds that the bucket takes, or of an unlikely size.
    """
    if not SMALLEST <= len(data) <= LARGEST:
        raise InvalidImage
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    raise InvalidImage


async def store(core: Core, caller: Caller, image: NewImage, days: int) -> str:
    """Returns the path below the project's origin that shows the picture for so many days."""
    bucket = _bucket(core, caller)
    with _storage_failures(), timed("storage"):
        await bucket.upload(image.name, image.data, {"content-type": image.kind, "cache-control": "31536000"})
        signed = await bucket.create_signed_url(image.name, days * 86_400)
    parts = urlsplit(signed["signedURL"])
    return f"{parts.path}?{parts.query}"


async def remove(core: Core, caller: Caller, image: NewImage) -> None:
    """Where the design came to nothing. A file that stays is in its owner's own folder: not worth an error."""
    try:
        await _bucket(core, caller).remove([image.name])
    except Exception as error:  # noqa: BLE001 - storage3 raises whatever httpx and pydantic do
        log.warning("design image not removed: %s", type(error).__name__)


def _bucket(core: Core, caller: Caller) -> Any:
    from storage3 import AsyncStorageClient  # a fifth of a second that only those pay who want an image

    headers = {
        "apikey": core.settings.supabase_publishable_key.get_secret_value(),
        "Authorization": f"Bearer {caller.token}",
    }
    client = AsyncStorageClient(f"{core.settings.origin}/storage/v1/", headers, http_client=session(core.http))
    return client.from_(BUCKET)


@contextmanager
def _storage_failures() -> Iterator[None]:
    from storage3.exceptions import StorageApiError

    try:
        yield
    except (StorageApiError, httpx.TransportError) as error:
        raise ServiceUnavailable("The image could not be stored right now.", code="storage_unavailable") from error
