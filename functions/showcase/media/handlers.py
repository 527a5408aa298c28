"""`createUploadUrl`, `confirmUpload`: files for projects. `sweepMedia`: removes what nothing shows."""

from contextlib import suppress

from showcase.endpoint import PEOPLE, SERVICES, Call, Endpoint
from showcase.errors import ApiError, Conflict, Forbidden, NotFound, UnprocessableContent
from showcase.media import codes, store, sweep, validation
from showcase.media.clients import Media, connect
from showcase.media.domain import DETAILS, SHOWN, UPLOADS, CheckedFile, Reason, Refused, Upload
from showcase.media.schemas import (
    ConfirmUploadRequest,
    ConfirmUploadResponse,
    CreateUploadUrlRequest,
    CreateUploadUrlResponse,
    SweepRequest,
    SweepResponse,
)
from showcase.storage_failures import StorageQuotaExceeded

STALE_CODES = 50  # made again in one run
LEASE_SECONDS = 120  # for which an upload is checked by one request alone


async def handle_create(call: Call[CreateUploadUrlRequest], media: Media) -> CreateUploadUrlResponse:
    asked, settings = call.body, media.settings
    kind = asked.content_type.kind
    if asked.size > settings.largest(kind):
        raise UnprocessableContent(f"The file may have at most {settings.largest(kind)} bytes.", code="file_too_large")
    row = await store.create_upload(
        media.database,
        call.caller.person(),
        asked.project_id,
        asked.content_type,
        asked.size,
        settings.limits(kind),
        settings.media_upload_seconds,
    )
    if "id" not in row:
        raise refusal(row["reason"])
    upload = store.upload(row)
    url = await media.storage.sign_upload(UPLOADS, upload.sent_name)
    return CreateUploadUrlResponse(upload_id=upload.id, upload_url=url, kind=kind, expires_at=row["expires_at"])


async def handle_confirm(call: Call[ConfirmUploadRequest], media: Media) -> ConfirmUploadResponse:
    found = await store.take_upload(media.database, call.caller.person(), call.body.upload_id, LEASE_SECONDS)
    if found is None:
        raise refusal("upload_not_found")
    upload, status = found
    if status == "busy":
        raise Conflict(
            "This upload is being checked. Please ask again in a moment.",
            code="upload_busy",
            headers={"Retry-After": "2"},
        )
    checked = await _check(media, upload) if status == "pending" else None
    shown = checked or CheckedFile(upload.content_type)  # confirmed before: its row has all that
    url = media.storage.public_url(SHOWN, upload.shown_name(shown.content_type))
    kind = upload.content_type.kind
    row = await store.confirm(media.database, upload, url, media.settings.limits(kind), shown.width, shown.height)
    if status == "pending":
        await _discard_sent(media, upload)
    if "id" not in row:
        raise refusal(row["reason"])
    return ConfirmUploadResponse(**{"width": None, "height": None, **row, "kind": kind})


async def _check(media: Media, upload: Upload) -> CheckedFile | None:
    try:
        return await validation.check(media, upload)
    except Refused as refused:
        await store.reject(media.database, upload.id, refused.reason)
        await _discard_sent(media, upload)
        raise refusal(refused.reason) from None
    except NotFound:
        # Another confirmation may have finished it meanwhile: then its file is gone, and its row tells.
        if not await store.release_upload(media.database, upload.id):
            return None
        raise Conflict("Send the file to upload_url first.", code="not_uploaded") from None
    except ApiError:
        await store.release_upload(media.database, upload.id)
        raise


async def _discard_sent(media: Media, upload: Upload) -> None:
    """Makes room at once; where Storage does not answer, sweepMedia removes the file."""
    with suppress(ApiError):
        await media.storage.remove(UPLOADS, [upload.sent_name])


def refusal(reason: str) -> ApiError:
    """What the database or the checks say, as the caller sees it."""
    match reason:
        case "project_not_found":
            return NotFound("There is no such project, or you cannot see it.", code=reason)
        case "upload_not_found":
            return NotFound("There is no such upload of yours, or what it became is gone.", code=reason)
        case "not_the_owner":
            return Forbidden("Only the project's owner can add to it.", code=reason)
        case "storage_quota_exceeded":
            return StorageQuotaExceeded()
        case "too_many":
            return Conflict("The project has as many of these as your plan allows.", code=reason)
    return UnprocessableContent(DETAILS[Reason(reason)], code=reason)


async def handle_sweep(call: Call[SweepRequest], media: Media) -> SweepResponse:
    found = {"orphans": 0, "missing": []}
    corrected = 0
    expired = await store.expire_uploads(media.database)
    if call.body.orphans:
        found = dict(await store.queue_orphans(media.database, media.settings.media_orphan_seconds))
        corrected = await store.reconcile_usage(media.database)
    swept = await sweep.drain(media)
    refreshed = await codes.refresh(media, STALE_CODES)
    return SweepResponse(
        removed=swept.removed,
        failed=swept.failed,
        remaining=await store.count_removals(media.database),
        refreshed_qr_codes=refreshed,
        expired_uploads=expired,
        orphans=found["orphans"],
        missing=found["missing"],
        corrected_quotas=corrected,
    )


create_upload_url = Endpoint(
    name="createUploadUrl",
    summary="An address that takes an image or a video for one's own project",
    body=CreateUploadUrlRequest,
    answer=CreateUploadUrlResponse,
    callers=PEOPLE,
    connect=connect,
    handle=handle_create,
    problems=(NotFound, Conflict),
)

confirm_upload = Endpoint(
    name="confirmUpload",
    summary="Checks a file that was sent, strips its metadata, and adds it to its project",
    body=ConfirmUploadRequest,
    answer=ConfirmUploadResponse,
    callers=PEOPLE,
    connect=connect,
    handle=handle_confirm,
    problems=(NotFound, Conflict),
)

sweep_media = Endpoint(
    name="sweepMedia",
    summary="Removes files that nothing shows any more; called by cron",
    body=SweepRequest,
    answer=SweepResponse,
    callers=SERVICES,
    connect=connect,
    handle=handle_sweep,
)
