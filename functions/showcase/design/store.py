"""PostgREST calls of the assistant: reads with the user's own token, writes through two RPCs."""

from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from showcase.auth import Caller
from showcase.database import Database, checked
from showcase.design.domain import Session, rate_limit_headers
from showcase.design.errors import QuotaExceeded, Unavailable
from showcase.errors import AccountGone
from showcase.supabase_sdk import querying, tables

_PROJECT = (
    "id,user_id,title,short_summary,description,live_link,github_link,linkedin_link,twitter_link,"
    "project_images(url,position),project_videos(url,position),project_tags(tag),project_technologies(technology)"
)


class _Finished(TypedDict):
    layout_id: UUID | None


async def get_project(database: Database, caller: Caller, project_id: UUID) -> dict[str, Any] | None:
    """With its media, tags and technologies; None where the caller cannot see it."""
    return await _get(database, caller, "projects", _PROJECT, project_id)


async def get_template(database: Database, caller: Caller, template_id: UUID) -> dict[str, Any] | None:
    """None where the caller cannot see it."""
    return await _get(database, caller, "templates", "id,blocks_json", template_id)


async def get_session(database: Database, caller: Caller, session_id: UUID) -> dict[str, Any] | None:
    """None where the caller cannot see it."""
    columns = "id,user_id,project_id,input_json,output_json,status"
    return await _get(database, caller, "ai_sessions", columns, session_id)


async def _get(database: Database, caller: Caller, table: str, columns: str, id_: UUID) -> dict[str, Any] | None:
    """The row, where the caller can see it."""
    query = tables(database, caller).from_(table).select(columns).eq("id", str(id_)).limit(1)
    with querying():
        rows: list[dict[str, Any]] = checked((await query.execute()).data, list[dict[str, Any]])
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
    answer = await database.rpc(
        "begin_design",
        {
            "user_id": str(caller.user_id),
            "project_id": str(project_id) if project_id else None,
            "input": request,
            "model": model,
            "cost_micros": cost_micros,
            "ceiling_micros": ceiling_micros,
        },
        dict[str, Any],
    )
    match answer.get("refused"):
        case None:
            return Session(UUID(answer["session_id"]), answer["limit"], answer["remaining"], answer["resets_in"])
        case "quota_exceeded":
            wait = answer["retry_after"]
            raise QuotaExceeded(headers={"Retry-After": str(wait), **rate_limit_headers(answer["limit"], 0, wait)})
        case "budget_spent":
            headers = {"Retry-After": str(answer["retry_after"])}
            detail = "The assistant has reached its limit for this month."
            raise Unavailable(detail, code="budget_spent", headers=headers)
        case _:
            raise AccountGone


async def finish(database: Database, session_id: UUID, cost_micros: int, outcome: dict[str, Any]) -> UUID | None:
    """Completes the session and settles its cost, once; the id of the layout where one was stored."""
    parameters = {"session_id": str(session_id), "cost_micros": cost_micros, "outcome": outcome}
    return (await database.rpc("finish_design", parameters, _Finished))["layout_id"]
