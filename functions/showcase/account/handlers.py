"""`deleteAccount` and what belongs to it: how far it is, taking it back, going on with it."""

from uuid import UUID

from showcase.account import deletion, store
from showcase.account.dependencies import Account, account_dependencies
from showcase.account.domain import DeletionRefused, Receipt
from showcase.account.schemas import (
    ContinueResponse,
    DeleteRequest,
    DeletionResponse,
    StatusRequest,
)
from showcase.endpoint import EVERYONE, SERVICES, USERS, Call, Endpoint
from showcase.errors import AccountGone, ApiError, Conflict, Forbidden, NotFound, UnprocessableContent
from showcase.http import NoFields


async def handle_delete_account(call: Call[DeleteRequest], account: Account) -> DeletionResponse:
    """Requests the deletion, and runs its steps at once where there is no grace period.

    Raises:
        UnprocessableContent (`wrong_username`), Forbidden (`sign_in_again`), AccountGone.
    """
    settings = account.settings
    row = await store.request_deletion(
        account.database,
        call.caller.require_user_id(),
        call.body.username,
        settings.account_recent_sign_in_seconds,
        settings.account_grace_seconds,
    )
    if isinstance(row, DeletionRefused):
        raise _refusal(row.reason)
    receipt = row["id"]
    for taken in await store.lease(account.database, 1, settings.account_lease_seconds, receipt):
        await deletion.run_steps(account, taken)
    return await _status(account, receipt)


def _refusal(reason: str) -> ApiError:
    match reason:
        case "wrong_username":
            return UnprocessableContent("Type your username exactly as it is.", code="wrong_username")
        case "sign_in_again":
            return Forbidden("Sign in again, then delete your account.", code="sign_in_again")
        case _:
            return AccountGone()


async def handle_get_account_deletion(call: Call[StatusRequest], account: Account) -> DeletionResponse:
    """Raises: NotFound (`receipt_not_found`)."""
    return await _status(account, call.body.receipt_id)


async def handle_cancel_account_deletion(call: Call[NoFields], account: Account) -> DeletionResponse:
    """Raises: Conflict (`nothing_to_cancel`): none was requested, or it has begun."""
    row = await store.cancel_deletion(account.database, call.caller.require_user_id())
    if row is None:
        raise Conflict("There is no deletion that can still be taken back.", code="nothing_to_cancel")
    return _receipt(row)


async def _status(account: Account, receipt: UUID) -> DeletionResponse:
    row = await store.get_deletion(account.database, receipt)
    if row is None:
        raise NotFound("There is no such receipt.", code="receipt_not_found")
    return _receipt(row)


def _receipt(row: Receipt) -> DeletionResponse:
    return DeletionResponse(
        receipt_id=row["id"],
        status=row["status"],
        step=row["step"],
        waiting_for=row["last_error"],
        requested_at=row["requested_at"],
        due_at=row["due_at"],
        finished_at=row["finished_at"],
    )


async def handle_continue_account_deletions(_: Call[NoFields], account: Account) -> ContinueResponse:
    """How many deletions a run leased, and how many of those are done."""
    taken, done = await deletion.continue_all(account)
    return ContinueResponse(taken=taken, done=done)


delete_account = Endpoint(
    name="deleteAccount",
    summary="Deletes the caller's account: subscriptions, files, everything; answers with a receipt",
    body=DeleteRequest,
    answer=DeletionResponse,
    callers=USERS,
    connect=account_dependencies,
    handle=handle_delete_account,
)

get_account_deletion = Endpoint(
    name="getAccountDeletion",
    summary="State of a deletion, for anyone who has its receipt",
    body=StatusRequest,
    answer=DeletionResponse,
    callers=EVERYONE,
    connect=account_dependencies,
    handle=handle_get_account_deletion,
    problems=(NotFound,),
)

cancel_account_deletion = Endpoint(
    name="cancelAccountDeletion",
    summary="Cancels the caller's deletion during its grace period",
    body=NoFields,
    answer=DeletionResponse,
    callers=USERS,
    connect=account_dependencies,
    handle=handle_cancel_account_deletion,
    problems=(Conflict,),
)

continue_account_deletions = Endpoint(
    name="continueAccountDeletions",
    summary="Continues deletions that had to wait; called by cron",
    body=NoFields,
    answer=ContinueResponse,
    callers=SERVICES,
    connect=account_dependencies,
    handle=handle_continue_account_deletions,
)
