"""The generated picture: what is taken for one, and where it is kept.

It is stored as the user, in their own folder: Storage's policies decide.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

from showcase.auth import Caller
from showcase.core import Core
from showcase.design.errors import InvalidImage
from showcase.errors import ApiError
from showcase.observability.telemetry import log
from showcase.storage import Storage

BUCKET = "ai-assets"
LARGEST = 10 * 1024 * 1024  # bytes, as the bucket takes them
SMALLEST = 64
CACHING = "max-age=31536000"  # a name is never used again


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
    """Returns the path below the project's origin that shows the picture for so many days.

    Raises: ApiError: what Storage refused, or its absence.
    """
    storage = Storage(core.http, core.settings, caller)
    await storage.upload(BUCKET, image.name, image.data, image.kind, CACHING)
    parts = urlsplit(await storage.sign_download(BUCKET, image.name, days * 86_400))
    return f"{parts.path}?{parts.query}"


async def remove(core: Core, caller: Caller, image: NewImage) -> None:
    """Where the design came to nothing. A file that stays is in its owner's own folder: not worth an error."""
    try:
        await Storage(core.http, core.settings, caller).remove(BUCKET, [image.name])
    except ApiError as error:
        log.warning("design image not removed: %s", error.code)
