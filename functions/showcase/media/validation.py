"""From what was sent to what may be shown."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from showcase.errors import ServiceUnavailable
from showcase.media.checks.bounded import Job, Limits, open_result, run_bounded
from showcase.media.dependencies import Media
from showcase.media.domain import (
    HEAD,
    INPUT,
    POSTER,
    UPLOADS,
    CheckedFile,
    ContentType,
    Kind,
    Reason,
    Refused,
    Upload,
    rendition_name,
    sniff,
)
from showcase.storage import CHUNK, FileTooLarge

POSTER_SECONDS = 10
CACHING = "public, max-age=31536000, immutable"  # an upload's name is never used again


async def check(media: Media, upload: Upload) -> CheckedFile:
    """Reads what was sent, and stores it clean where it is shown.

    Doing it twice leaves the same file.

    Raises:
        Refused: the file does not pass.
        NotFound: nothing has been sent yet.
        ServiceUnavailable: too many checks at once, or one that was interrupted.
    """
    async with media.check_slot(upload.user_id):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            await _download(media, upload, folder)
            checked = await _run(media, upload, folder)
            await _store(media, upload, folder, checked)
    return checked


async def _download(media: Media, upload: Upload, folder: Path) -> None:
    with (folder / INPUT).open("w+b") as file:
        try:
            size = await media.storage.download(UPLOADS, upload.sent_name, file, upload.size)
        except FileTooLarge:
            raise Refused(Reason.TOO_LARGE) from None
        if not size:
            raise Refused(Reason.EMPTY)
        file.seek(0)
        sniffed = sniff(file.read(HEAD))
        if sniffed is None or sniffed.container is not upload.content_type.container:
            raise Refused(Reason.WRONG_TYPE)


async def _run(media: Media, upload: Upload, folder: Path) -> CheckedFile:
    limits, content_type = media.check_limits, upload.content_type
    if content_type.kind is Kind.VIDEO:
        await run_bounded(Job.VIDEO, folder, limits, content_type=content_type)
        return CheckedFile(content_type, poster=await _draw_poster(folder, content_type, limits))
    pixels = media.settings.media_image_pixels
    found = await run_bounded(Job.IMAGE, folder, limits, content_type=content_type, pixels=pixels)
    renditions = tuple((each["width"], each["height"]) for each in found["renditions"])
    checked = CheckedFile(ContentType(found["content_type"]), found["width"], found["height"], renditions)
    return checked.as_avatar() if upload.kind is Kind.AVATAR else checked


async def _draw_poster(folder: Path, content_type: ContentType, limits: Limits) -> bool:
    """In a process of its own: a film that a decoder cannot take, or not in time, is a film without a poster."""
    try:
        return bool(await run_bounded(Job.POSTER, folder, limits.within(POSTER_SECONDS), content_type=content_type))
    except (Refused, ServiceUnavailable):
        return False


async def _store(media: Media, upload: Upload, folder: Path, checked: CheckedFile) -> None:
    files = [(checked.source, upload.shown_name(checked.content_type), checked.content_type)]
    for width, _ in checked.renditions:
        files.append((rendition_name(width), upload.shown_name(ContentType.WEBP, str(width)), ContentType.WEBP))
    if checked.poster:
        files.append((POSTER, upload.shown_name(ContentType.JPEG, "poster"), ContentType.JPEG))
    for name, shown_name, content_type in files:
        with open_result(folder / name) as file:
            await media.storage.upload(upload.bucket, shown_name, _chunks(file), content_type, CACHING)


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk
