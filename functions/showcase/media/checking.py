"""From what was sent to what may be shown."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import IO

from showcase.media import images, videos
from showcase.media.clients import Media
from showcase.media.domain import SHOWN, UPLOADS, Kind, Reason, Refused, Upload, sniff
from showcase.storage import CHUNK, FileTooLarge

CACHING = "public, max-age=31536000, immutable"  # an upload's name is never used again

Size = tuple[int, int] | None


async def check(media: Media, upload: Upload) -> Size:
    """Reads what was sent, and stores it clean where it is shown; width and height where it is an image.

    Doing it twice leaves the same file.

    Raises:
        Refused: the file does not pass.
        NotFound: nothing has been sent yet.
    """
    with tempfile.TemporaryFile() as file:
        try:
            size = await media.storage.download(UPLOADS, upload.sent_name, file, upload.size)
        except FileTooLarge:
            raise Refused(Reason.TOO_LARGE) from None
        if not size:
            raise Refused(Reason.EMPTY)
        file.seek(0)
        if sniff(file.read(64)) is not upload.content_type:
            raise Refused(Reason.WRONG_TYPE)
        if upload.content_type.kind is Kind.IMAGE:
            return await _show_image(media, upload, file)
        await asyncio.to_thread(videos.clean, file, upload.content_type)
        file.seek(0)
        await media.storage.upload(SHOWN, upload.shown_name, _chunks(file), upload.content_type, CACHING)
        return None


async def _show_image(media: Media, upload: Upload, file: IO[bytes]) -> Size:
    file.seek(0)
    async with media.turn(upload.user_id), media.decoders:
        picture = await asyncio.to_thread(
            images.cleaned,
            file.read(),
            upload.content_type,
            media.settings.media_image_pixels,
            media.settings.media_image_bytes,
        )
    await media.storage.upload(SHOWN, upload.shown_name, picture.content, upload.content_type, CACHING)
    return picture.width, picture.height


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk
