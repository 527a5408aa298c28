"""`exportAccount`: the archive, at once where it is small, else later; how far it is; going on with it."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from starlette.responses import JSONResponse, Response

from showcase.account import export, store
from showcase.account.dependencies import Account, account_dependencies
from showcase.account.domain import ExportRow
from showcase.account.schemas import (
    ContinueExportsResponse,
    ExportResponse,
)
from showcase.endpoint import SERVICES, USERS, Call, Endpoint
from showcase.errors import AccountGone, NotFound
from showcase.http import NoFields
from showcase.outbound.retry import Deadline


async def handle_export_account(call: Call[NoFields], account: Account) -> Response:
    """200 with the links where the archive is complete in time, else 202. Raises: AccountGone."""
    settings, user_id = account.settings, call.caller.require_user_id()
    row = await store.begin_export(
        account.database, user_id, settings.account_export_seconds, settings.account_export_again_seconds
    )
    if row is None:
        raise AccountGone
    if row["finished_at"] is None:
        await export.run_exports(account, Deadline.after(settings.account_export_wait_seconds), row["id"])
    answer = await _status(account, user_id)
    status = HTTPStatus.OK if answer.status == "done" else HTTPStatus.ACCEPTED
    return JSONResponse(answer.model_dump(mode="json"), status)


async def handle_get_account_export(call: Call[NoFields], account: Account) -> ExportResponse:
    """Raises: NotFound (`export_not_found`): the caller has no archive."""
    return await _status(account, call.caller.require_user_id())


async def _status(account: Account, user_id: UUID) -> ExportResponse:
    row = await store.get_export(account.database, user_id)
    if row is None:
        raise NotFound("There is no archive of your data: ask for one.", code="export_not_found")
    done = row["finished_at"] is not None
    return ExportResponse(
        id=row["id"],
        status="done" if done else "running",
        waiting_for=row["last_error"],
        requested_at=row["started_at"],
        expires_at=row["expires_at"] if done else None,
        size=sum(part["size"] for part in row["parts"]),
        parts=await _links(account, row) if done else [],
    )


async def _links(account: Account, row: ExportRow) -> Any:
    left = row["expires_at"] - datetime.now(UTC)
    return await export.links(account, row["parts"], max(1, int(left.total_seconds())))


async def handle_continue_account_exports(_: Call[NoFields], account: Account) -> ContinueExportsResponse:
    """Drops what has expired, then makes parts until `account_run_seconds` are over; how many."""
    await store.drop_exports(account.database)
    return ContinueExportsResponse(
        parts=await export.run_exports(account, Deadline.after(account.settings.account_run_seconds))
    )


export_account = Endpoint(
    name="exportAccount",
    summary="All that is kept about the caller, as ZIP files behind links that expire; 202 while they are being made",
    body=NoFields,
    answer=ExportResponse,
    callers=USERS,
    connect=account_dependencies,
    handle=handle_export_account,
    also={202: {"application/json": ExportResponse}},
)

get_account_export = Endpoint(
    name="getAccountExport",
    summary="State of the caller's archive, with its links once it is complete",
    body=NoFields,
    answer=ExportResponse,
    callers=USERS,
    connect=account_dependencies,
    handle=handle_get_account_export,
    problems=(NotFound,),
)

continue_account_exports = Endpoint(
    name="continueAccountExports",
    summary="Continues archives that take longer than a request, and deletes those that have expired; called by cron",
    body=NoFields,
    answer=ContinueExportsResponse,
    callers=SERVICES,
    connect=account_dependencies,
    handle=handle_continue_account_exports,
)
