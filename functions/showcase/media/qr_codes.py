"""Making a QR code once, and again when its link changes."""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from showcase.errors import ApiError, UnprocessableContent
from showcase.media import qr_image, store
from showcase.media.checks.bounded import Job, open_result, run_bounded
from showcase.media.dependencies import Media
from showcase.media.domain import INPUT, OUTPUT, QR_SVG, SHOWN, Reason, Refused, StaleCode
from showcase.media.refusals import refusal
from showcase.observability.telemetry import report
from showcase.storage import FileTooLarge

BUCKET = "qr-codes"
CACHING = "public, max-age=300"  # the address stays when the code is made again
LOGO_SECONDS = 10


def link(media: Media, username: str, project_id: UUID | None) -> str:
    """Where a code leads."""
    filled = _template(media, of_project=project_id is not None).replace("{username}", username)
    return filled.replace("{project_id}", str(project_id))


def _template(media: Media, *, of_project: bool) -> str:
    settings = media.settings
    template = settings.media_project_link if of_project else settings.media_profile_link
    return template.replace("{site}", settings.site)


def name(user_id: UUID, project_id: UUID | None, style: Mapping[str, Any]) -> str:
    """Where a code is stored: in its user's folder, and below that in its project's."""
    return f"{user_id}/{project_id or 'profile'}/{qr_image.style_name(style)}.png"


async def draw(media: Media, link: str, style: Mapping[str, Any], logo: str | None) -> tuple[bytes, str]:
    """The code as PNG and SVG; `logo` is the name of a stored image, which is decoded in a process of its own.

    Raises: UnprocessableContent: the logo is too large, or damaged. ServiceUnavailable: it was not decoded in time.
    """
    try:
        async with media.checks:
            if logo:
                return await _draw_with_logo(media, link, style, logo)
            return await asyncio.to_thread(qr_image.render, link, style, None)
    except FileTooLarge:
        raise _logo_too_large() from None
    except Refused as refused:
        if refused.reason in {Reason.TOO_MANY_PIXELS, Reason.TOO_COMPLEX}:
            raise _logo_too_large() from None
        raise refusal(refused.reason) from None


def _logo_too_large() -> UnprocessableContent:
    return UnprocessableContent("The logo has too many bytes or pixels: take a smaller image.", code="logo_too_large")


async def _draw_with_logo(media: Media, link: str, style: Mapping[str, Any], logo: str) -> tuple[bytes, str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / INPUT).open("wb") as file:
            await media.storage.download(SHOWN, logo, file, media.settings.media_image_bytes)
        await run_bounded(Job.QR_CODE, folder, media.check_limits.within(LOGO_SECONDS), link=link, style=dict(style))
        with open_result(folder / OUTPUT) as picture, open_result(folder / QR_SVG) as svg:
            return picture.read(), svg.read().decode()


async def put(media: Media, name: str, picture: bytes) -> None:
    """Stores a code's PNG, in the place of an earlier one."""
    await media.storage.upload(BUCKET, name, picture, "image/png", CACHING)


async def refresh(media: Media, batch: int) -> int:
    """Makes the codes again whose link is another now, by name or site; how many. What fails is tried again later."""
    made = 0
    profile, project = (_template(media, of_project=of_project) for of_project in (False, True))
    for code in await store.stale_qr_codes(media.database, batch, profile, project):
        try:
            await _refresh_one(media, code)
            made += 1
        except ApiError as error:
            report(error)
    return made


async def _refresh_one(media: Media, code: StaleCode) -> None:
    target = link(media, code.username, code.project_id)
    picture, _ = await draw(media, target, code.style, code.logo)
    await put(media, code.name, picture)
    await store.record_qr_code(
        media.database, code.user_id, code.project_id, code.name, target, code.username, code.style
    )
