"""From a sent file to its row: checked, stored and added once, however often and by how many it is asked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from showcase.errors import ApiError, Conflict, NotFound
from showcase.media import store, validation
from showcase.media.dependencies import Media
from showcase.media.domain import UPLOADS, CheckedFile, ContentType, Medium, Refused, Upload, UploadRefused
from showcase.media.refusals import refusal
from showcase.observability.telemetry import report

LEASE_SECONDS = 120  # for which an upload is checked by one request alone
RENEWAL_SECONDS = 40


def begin(media: Media, upload: Upload) -> "asyncio.Task[Medium]":
    """`run` as a task that goes on when its caller has gone."""
    task = asyncio.create_task(run(media, upload))
    media.confirmations.add(task)
    task.add_done_callback(media.confirmations.discard)
    return task


def report_failure(task: "asyncio.Task[Medium]") -> None:
    """For a task whose outcome nobody waits for: refusals are in the database, the rest is recorded."""
    error = None if task.cancelled() else task.exception()
    if isinstance(error, Exception) and not (isinstance(error, ApiError) and error.status < 500):
        report(error)


async def run(media: Media, upload: Upload) -> Medium:
    """The row that a leased upload becomes. However it ends, the lease is given back: others may try at once.

    Raises:
        ApiError: a refusal, which is final; or what may pass, as `validation.check` and Storage say.
    """
    try:
        async with _renewed_lease(media, upload.id):
            return await _confirm(media, upload)
    except BaseException:
        with suppress(ApiError):
            await asyncio.shield(store.release_upload(media.database, upload.id))
        raise


async def _confirm(media: Media, upload: Upload) -> Medium:
    try:
        checked = await validation.check(media, upload)
    except Refused as refused:
        await store.reject(media.database, upload.id, refused.reason)
        await _discard_sent(media, upload)
        raise refusal(refused.reason) from None
    except NotFound:
        if await store.release_upload(media.database, upload.id):
            raise Conflict("Send the file to upload_url first.", code="not_uploaded") from None
        return await read(media, upload)  # another confirmation has finished meanwhile
    row = await add_row(media, upload, checked)
    await _discard_sent(media, upload)
    if isinstance(row, UploadRefused):
        raise refusal(row.reason)
    return row


async def read(media: Media, upload: Upload) -> Medium:
    """The row of an upload that is over. Raises: ApiError, why there is none."""
    row = await add_row(media, upload, CheckedFile(upload.content_type))
    if isinstance(row, UploadRefused):
        raise refusal(row.reason)
    return row


async def add_row(media: Media, upload: Upload, checked: CheckedFile) -> Medium | UploadRefused:
    """Where the upload is pending; else what it became before."""

    def url(content_type: ContentType, derived: str = "") -> str:
        return media.storage.public_url(upload.bucket, upload.shown_name(content_type, derived))

    renditions = [
        {"url": url(ContentType.WEBP, str(width)), "width": width, "height": height}
        for width, height in checked.renditions
    ]
    poster = url(ContentType.JPEG, "poster") if checked.poster else None
    limits = media.settings.limits(upload.kind)
    return await store.confirm(media.database, upload, url(checked.content_type), limits, checked, renditions, poster)


async def _discard_sent(media: Media, upload: Upload) -> None:
    """Makes room at once; where Storage does not answer, sweepMedia removes the file."""
    with suppress(ApiError):
        await media.storage.remove(UPLOADS, [upload.sent_name])


@asynccontextmanager
async def _renewed_lease(media: Media, upload_id: UUID) -> AsyncIterator[None]:
    """Keeps the lease for as long as the work takes: only a process that died lets it run out."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEWAL_SECONDS)
            with suppress(ApiError):
                await store.renew_lease(media.database, upload_id, LEASE_SECONDS)

    renewal = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewal.cancel()
