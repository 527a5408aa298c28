"""PostgREST calls of the assistant: reads with the user's own token, writes through two RPCs."""

from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID

from typing_extensions import TypedDict

from showcase.auth import Caller
from showcase.database import Database, checked
from showcase.design.domain import Session, rate_limit_headers
from showcase.design.errors import QuotaExceeded, Unavailable
from showcase.errors import AccountGone
from showcase.supabase_sdk import querying, tables

Row = TypeVar("Row")

_PROJECT = (
    "id,user_id,title,short_summary,description,live_link,github_link,linkedin_link,twitter_link,"
    "project_images(url,position),project_videos(url,position),project_tags(tag),project_technologies(technology)"
)


class _Medium(TypedDict):
    url: str
    position: int


class _Tag(TypedDict):
    tag: str


class _Technology(TypedDict):
    technology: str


class ProjectRow(TypedDict):
    """A project as its page shows it."""

    id: UUID
    user_id: UUID
    title: str
    short_summary: str | None
    description: str | None
    live_link: str | None
    github_link: str | None
    linkedin_link: str | None
    twitter_link: str | None
    project_images: list[_Medium]
    project_videos: list[_Medium]
    project_tags: list[_Tag]
    project_technologies: list[_Technology]


class TemplateRow(TypedDict):
    """A page to start from."""

    id: UUID
    blocks_json: list[dict[str, Any]]


class Block(TypedDict):
    """One of the catalogue's when it was made."""

    type: str
    props: dict[str, Any]


class Output(TypedDict):
    """What a session made."""

    blocks: list[Block]


class SessionRow(TypedDict):
    """An earlier request of the user's; `output_json` is None until it is done."""

    id: UUID
    project_id: UUID | None
    input_json: dict[str, Any] | None
    output_json: Output | None


@dataclass(frozen=True)
class _Begun:
    session_id: UUID
    limit: int
    remaining: int
    resets_in: int


@dataclass(frozen=True)
class _LimitReached:
    refused: Literal["quota_exceeded", "budget_spent"]
    limit: int
    retry_after: int


@dataclass(frozen=True)
class _NoProfile:
    refused: Literal["no_profile"]


class _Finished(TypedDict):
    layout_id: UUID | None


async def get_project(database: Database, caller: Caller, project_id: UUID) -> ProjectRow | None:
    """With its media, tags and technologies; None where the caller cannot see it."""
    return await _get(database, caller, "projects", _PROJECT, project_id, list[ProjectRow])


async def get_template(database: Database, caller: Caller, template_id: UUID) -> TemplateRow | None:
    """None where the caller cannot see it."""
    return await _get(database, caller, "templates", "id,blocks_json", template_id, list[TemplateRow])


async def get_session(database: Database, caller: Caller, session_id: UUID) -> SessionRow | None:
    """None where the caller cannot see it."""
    columns = "id,project_id,input_json,output_json"
    return await _get(database, caller, "ai_sessions", columns, session_id, list[SessionRow])


async def _get(
    database: Database, caller: Caller, table: str, columns: str, row_id: UUID, shape: type[list[Row]]
) -> Row | None:
    """The row, where the caller can see it."""
    query = tables(database, caller).from_(table).select(columns).eq("id", str(row_id)).limit(1)
    with querying():
        found = (await query.execute()).data
    rows: list[Row] = checked(found, shape)
    return rows[0] if rows else None


async def begin(
    database: Database,
    caller: Caller,
    project_id: UUID | None,
    *,
    request: dict[str, Any],
    model: str,
    cost_micros: int,
    ceiling_micros: int,
) -> Session:
    """Counts the request and reserves what it may cost, before any is spent.

    Raises:
        QuotaExceeded: the user's daily quota is used up.
        Unavailable: the service's budget of this month is spent.
    """
    begun: _Begun | _LimitReached | _NoProfile = await database.rpc(
        "begin_design",
        {
            "user_id": str(caller.user_id),
            "project_id": str(project_id) if project_id else None,
            "input": request,
            "model": model,
            "cost_micros": cost_micros,
            "ceiling_micros": ceiling_micros,
        },
        _Begun | _LimitReached | _NoProfile,
    )
    if isinstance(begun, _NoProfile):
        raise AccountGone
    if isinstance(begun, _Begun):
        return Session(begun.session_id, begun.limit, begun.remaining, begun.resets_in)
    wait = begun.retry_after
    if begun.refused == "quota_exceeded":
        raise QuotaExceeded(headers={"Retry-After": str(wait), **rate_limit_headers(begun.limit, 0, wait)})
    detail = "The assistant has reached its limit for this month."
    raise Unavailable(detail, code="budget_spent", headers={"Retry-After": str(wait)})


async def finish(database: Database, session_id: UUID, cost_micros: int, outcome: dict[str, Any]) -> UUID | None:
    """Completes the session and settles its cost, once; the id of the layout where one was stored."""
    parameters = {"session_id": str(session_id), "cost_micros": cost_micros, "outcome": outcome}
    return (await database.rpc("finish_design", parameters, _Finished))["layout_id"]
