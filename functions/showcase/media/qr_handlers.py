"""`generateQrCode`: a code that leads to a project or a profile."""

from uuid import UUID

from showcase.contrast import ENOUGH
from showcase.endpoint import USERS, Call, Endpoint
from showcase.errors import Conflict, NotFound, UnprocessableContent
from showcase.media import qr_codes, qr_image, store
from showcase.media.dependencies import Media, media_dependencies
from showcase.media.domain import QrTarget
from showcase.media.schemas import QrCodeRequest, QrCodeResponse


async def handle_generate_qr_code(call: Call[QrCodeRequest], media: Media) -> QrCodeResponse:
    """Stores the code, unless it is stored already.

    Raises:
        NotFound (`project_not_found`, `image_not_found`), Conflict (`not_published`),
        UnprocessableContent (`low_contrast`, `logo_too_large`).
    """
    asked, user_id = call.body, call.caller.require_user_id()
    if not qr_image.stands_out(asked.dark, asked.light):
        raise UnprocessableContent(
            f"The dark colour must stand out from the light one by {ENOUGH}:1.", code="low_contrast"
        )
    style = asked.model_dump(mode="json", exclude={"project_id"})
    name = qr_codes.name(user_id, asked.project_id, style)
    target = await _target(media, user_id, asked, name)
    link = qr_codes.link(media, target.username, asked.project_id)
    picture, svg = await qr_codes.draw(media, link, style, target.logo)
    if target.stored_link != link:
        # In this order: a row says that its file carries its link.
        await qr_codes.put(media, name, picture)
        await store.record_qr_code(media.database, user_id, asked.project_id, name, link, target.username, style)
    return QrCodeResponse(link=link, png_url=media.storage.public_url(qr_codes.BUCKET, name), svg=svg)


async def _target(media: Media, user_id: UUID, asked: QrCodeRequest, name: str) -> QrTarget:
    target = await store.qr_target(media.database, user_id, asked.project_id, name, asked.logo_image_id)
    if target is None or not target.found:
        raise NotFound("There is no such project of yours.", code="project_not_found")
    if not target.published:
        raise Conflict("Publish the project first: its code would lead nowhere.", code="not_published")
    if asked.logo_image_id and not target.logo:
        raise NotFound("There is no such uploaded image of yours.", code="image_not_found")
    return target


generate_qr_code = Endpoint(
    name="generateQrCode",
    summary="A QR code for one's profile or published project, as PNG and SVG",
    body=QrCodeRequest,
    answer=QrCodeResponse,
    callers=USERS,
    connect=media_dependencies,
    handle=handle_generate_qr_code,
    problems=(NotFound, Conflict),
)
