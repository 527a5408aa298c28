"""`createUploadUrl`: announces a file for a project or a profile. `sweepMedia`: removes what nothing shows."""

from urllib.parse import parse_qs, urlsplit

from showcase.endpoint import SERVICES, USERS, Call, Endpoint
from showcase.errors import Conflict, NotFound, UnprocessableContent
from showcase.media import qr_codes, store, sweep
from showcase.media.dependencies import Media, media_dependencies
from showcase.media.domain import UPLOADS, Orphans, Reason, UploadRefused
from showcase.media.refusals import refusal
from showcase.media.schemas import (
    CreateUploadUrlRequest,
    CreateUploadUrlResponse,
    SweepRequest,
    SweepResponse,
)

STALE_CODES = 50  # made again in one run


async def handle_create_upload_url(call: Call[CreateUploadUrlRequest], media: Media) -> CreateUploadUrlResponse:
    """Announces the upload, and signs an address for its file.

    Raises:
        NotFound, Forbidden, Conflict (`too_many`), UnprocessableContent (`empty_file`, `file_too_large`),
        StorageQuotaExceeded.
    """
    asked, settings = call.body, media.settings
    kind = asked.kind
    if not asked.size:
        raise refusal(Reason.EMPTY)
    if asked.size > settings.largest(kind):
        raise UnprocessableContent(f"The file may have at most {settings.largest(kind)} bytes.", code="file_too_large")
    upload = await store.create_upload(
        media.database,
        call.caller.require_user_id(),
        asked.project_id,
        kind,
        asked.content_type,
        asked.size,
        settings.limits(kind),
        settings.media_upload_seconds,
    )
    if isinstance(upload, UploadRefused):
        raise refusal(upload.reason)
    url = await media.storage.sign_upload(UPLOADS, upload.sent_name)
    return CreateUploadUrlResponse(
        upload_id=upload.id,
        upload_url=url,
        bucket=UPLOADS,
        path=upload.sent_name,
        token=parse_qs(urlsplit(url).query)["token"][0],
        kind=kind,
        expires_at=upload.expires_at,
    )


async def handle_sweep_media(call: Call[SweepRequest], media: Media) -> SweepResponse:
    """Expires uploads, removes files and makes stale QR codes again; with `orphans`, looks for those as well."""
    found = Orphans(orphans=0, missing=[])
    corrected = 0
    expired = await store.expire_uploads(media.database)
    if call.body.orphans:
        found = await store.queue_orphans(media.database, media.settings.media_orphan_seconds)
        corrected = await store.reconcile_usage(media.database)
    swept = await sweep.drain(media)
    refreshed = await qr_codes.refresh(media, STALE_CODES)
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
    summary="An address that takes an image or a video for one's own project, or a picture of one's profile",
    body=CreateUploadUrlRequest,
    answer=CreateUploadUrlResponse,
    callers=USERS,
    connect=media_dependencies,
    handle=handle_create_upload_url,
    problems=(NotFound, Conflict),
)

sweep_media = Endpoint(
    name="sweepMedia",
    summary="Removes files that nothing shows any more; called by cron",
    body=SweepRequest,
    answer=SweepResponse,
    callers=SERVICES,
    connect=media_dependencies,
    handle=handle_sweep_media,
)
