"""What a request is about: read as the caller, so that it can only be what they may see."""

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from showcase.auth import Caller
from showcase.database import Database
from showcase.design import store
from showcase.design.content import Content, of_project
from showcase.design.hero_images import BUCKET
from showcase.design.schemas import DesignRequest
from showcase.errors import Forbidden, NotFound

_GENERATED = f"/storage/v1/object/sign/{BUCKET}/"


@dataclass(frozen=True)
class DesignContext:
    """The content, the page to start from, and the design to refine with the picture that was made for it."""

    content: Content
    project_id: UUID | None = None
    start: Sequence[Any] | None = None
    refine: Sequence[Any] | None = None
    picture: dict[str, str] | None = None


async def find(database: Database, caller: Caller, body: DesignRequest) -> DesignContext:
    """Raises: NotFound and Forbidden, for what the caller cannot see or has no business to design."""
    session, template = await asyncio.gather(
        _nothing() if body.session_id is None else store.get_session(database, caller, body.session_id),
        _nothing() if body.template_id is None else store.get_template(database, caller, body.template_id),
    )
    if body.template_id is not None and template is None:
        raise NotFound("There is no such template.", code="template_not_found")
    if body.session_id is not None and (session is None or not session["output_json"]):
        raise NotFound("There is no such design of yours.", code="session_not_found")
    content, project_id = await _content(database, caller, body, session)
    output = session["output_json"] if session else None
    refine, picture = _without_picture(output["blocks"]) if output else (None, None)
    return DesignContext(content, project_id, template["blocks_json"] if template else None, refine, picture)


async def _content(
    database: Database, caller: Caller, body: DesignRequest, session: store.SessionRow | None
) -> tuple[Content, UUID | None]:
    """What the request says, else what the earlier design was about."""
    if body.content is not None:
        return body.content, None
    project_id = body.project_id
    if project_id is None and session is not None and session["project_id"]:
        project_id = session["project_id"]
    if project_id is not None:
        return await _project(database, caller, project_id), project_id
    try:
        return Content.model_validate(((session and session["input_json"]) or {}).get("content")), None
    except ValidationError:
        raise NotFound("The project of this design is gone.", code="project_not_found") from None


async def _project(database: Database, caller: Caller, project_id: UUID) -> Content:
    project = await store.get_project(database, caller, project_id)
    if project is None:
        raise NotFound("There is no such project, or you cannot see it.", code="project_not_found")
    if project["user_id"] != caller.user_id:
        raise Forbidden("Only the project's owner can have it designed.", code="not_the_owner")
    return of_project(project)


def _without_picture(blocks: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str] | None]:
    """The signed address of a picture is no business of the model's; it comes back to the hero afterwards."""
    blocks = deepcopy(blocks)
    image = blocks[0]["props"].get("image") if blocks and blocks[0]["type"] == "hero" else None
    if not isinstance(image, dict) or not str(image.get("url")).startswith(_GENERATED):
        return blocks, None
    blocks[0]["props"]["image"] = None
    return blocks, image


async def _nothing() -> None:
    return None
