"""`confirmUpload`: checks a sent file and adds it. `getUpload`: how far that is."""

import asyncio

from starlette.responses import JSONResponse, Response

from showcase.endpoint import USERS, Call, Endpoint
from showcase.errors import Conflict, NotFound
from showcase.media import confirmation, store
from showcase.media.dependencies import Media, media_dependencies
from showcase.media.domain import Kind, Medium
from showcase.media.refusals import refusal
from showcase.media.schemas import (
    ConfirmUploadRequest,
    ConfirmUploadResponse,
    GetUploadRequest,
    Rendition,
    UploadResponse,
)

RETRY_AFTER = "2"  # seconds


async def handle_confirm_upload(call: Call[ConfirmUploadRequest], media: Media) -> ConfirmUploadResponse | Response:
    """The row that the file became; 202 with the status where the check outlasts `wait_seconds`.

    Raises:
        NotFound (`upload_not_found`), Conflict (`upload_busy`, with Retry-After), or why the file is refused.
    """
    asked, user_id = call.body, call.caller.require_user_id()
    upload = await store.lease_upload(media.database, user_id, asked.upload_id, confirmation.LEASE_SECONDS)
    if upload is None:
        raise refusal("upload_not_found")
    if upload.status == "busy":
        raise Conflict(
            "This upload is being checked. Please ask again in a moment.",
            code="upload_busy",
            headers={"Retry-After": RETRY_AFTER},
        )
    if upload.status != "pending":
        return _shown(await confirmation.read(media, upload), upload.kind)
    task = confirmation.begin(media, upload)
    done, _ = await asyncio.wait({task}, timeout=asked.wait_seconds)
    if done:
        return _shown(task.result(), upload.kind)
    task.add_done_callback(confirmation.report_failure)
    headers = {"Location": f"/functions/v1/getUpload?upload_id={upload.id}", "Retry-After": RETRY_AFTER}
    checking = UploadResponse(upload_id=upload.id, kind=upload.kind, status="checking")
    return JSONResponse(checking.model_dump(mode="json"), 202, headers)


def _shown(medium: Medium, kind: Kind) -> ConfirmUploadResponse:
    renditions = [Rendition(**vars(each)) for each in medium.renditions]
    return ConfirmUploadResponse(**{**vars(medium), "kind": kind, "renditions": renditions})


async def handle_get_upload(call: Call[GetUploadRequest], media: Media) -> UploadResponse:
    """Raises: NotFound (`upload_not_found`)."""
    state = await store.get_upload(media.database, call.caller.require_user_id(), call.body.upload_id)
    if state is None:
        raise refusal("upload_not_found")
    return UploadResponse(
        upload_id=call.body.upload_id,
        kind=state.kind,
        status=state.status,
        code=state.reason,
        media=_shown(state.media, state.kind) if state.media else None,
    )


confirm_upload = Endpoint(
    name="confirmUpload",
    summary="Checks a file that was sent, strips its metadata, and adds it to its project; 202 while that takes long",
    body=ConfirmUploadRequest,
    answer=ConfirmUploadResponse,
    callers=USERS,
    connect=media_dependencies,
    handle=handle_confirm_upload,
    problems=(NotFound, Conflict),
    also={202: {"application/json": UploadResponse}},
)

get_upload = Endpoint(
    name="getUpload",
    summary="State of one of the caller's uploads, and the media that it became",
    body=GetUploadRequest,
    answer=UploadResponse,
    callers=USERS,
    connect=media_dependencies,
    handle=handle_get_upload,
    method="GET",
    problems=(NotFound,),
)
