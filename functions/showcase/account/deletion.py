"""Deleting an account, step by step. Each step may be repeated, and is recorded when it is done."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from showcase.account import store
from showcase.account.dependencies import Account
from showcase.account.domain import Deletion
from showcase.errors import ApiError
from showcase.outbound.retry import Deadline
from showcase.responses import HttpResponse

FILES_AT_ONCE = 100
# What became of an e-mail, once nothing more is going to happen that needs its user.
SETTLED = {"sent", "delivered", "bounced", "failed", "suppressed"}


class Waiting(Exception):
    """A step cannot go on now; `code` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


Step = Callable[[Account, Deletion], Awaitable[None]]


async def close_billing(account: Account, deletion: Deletion) -> None:
    """Nobody is charged who is gone: without Stripe's word, the deletion waits."""
    answer = await account.functions.call("closeBillingAccount", {"user_id": str(deletion.user_id)})
    if answer is None or answer.status_code != 200:
        raise Waiting("billing_unavailable")


async def remove_files(account: Account, deletion: Deletion) -> None:
    """Through the Storage API, and until Storage's own list is empty."""
    for _ in range(3):
        names: dict[str, list[str]] = {}
        found = False
        async for file in store.files(account.database, deletion.user_id, FILES_AT_ONCE):
            found = True
            batch = names.setdefault(file.bucket, [])
            batch.append(file.name)
            if len(batch) == FILES_AT_ONCE:
                await account.storage.remove(file.bucket, batch)
                batch.clear()
        for bucket, batch in names.items():
            if batch:
                await account.storage.remove(bucket, batch)
        if not found:
            return
    raise Waiting("files_remain")


async def send_deletion_email(account: Account, deletion: Deletion) -> None:
    """While there still is an address to write to. Waits for a lost answer to settle, but not for ever."""
    answer = await account.functions.call(
        "sendNotification",
        {
            "type": "account_deleted",
            "user_id": str(deletion.user_id),
            "data": {"receipt_id": str(deletion.id)},
            "dedupe_key": str(deletion.id),
        },
    )
    if answer is not None and answer.status_code == 404:
        return
    if answer is not None and answer.status_code == 200 and _is_settled(answer):
        return
    if (datetime.now(UTC) - deletion.step_since).total_seconds() < account.settings.account_notice_seconds:
        raise Waiting("notice_pending")


def _is_settled(answer: HttpResponse) -> bool:
    try:
        return answer.json()["status"] in SETTLED
    except (ValueError, LookupError, TypeError):
        return False


async def delete_user(account: Account, deletion: Deletion) -> None:
    """Billing once more: a purchase may have come since."""
    await close_billing(account, deletion)
    await store.delete_account(account.database, deletion)


async def final_sweep(account: Account, deletion: Deletion) -> None:
    """What came in meanwhile."""
    await remove_files(account, deletion)
    await store.finish_deletion(account.database, deletion)


STEPS: Mapping[str, Step] = {
    "billing": close_billing,
    "files": remove_files,
    "notice": send_deletion_email,
    "account": delete_user,
    "rest": final_sweep,
}


async def run_steps(account: Account, deletion: Deletion, steps: Mapping[str, Step] = STEPS) -> bool:
    """From where a deletion is to where it must wait; whether it is done."""
    names = list(STEPS)
    while True:
        try:
            await steps[deletion.step](account, deletion)
        except (Waiting, ApiError) as error:
            wait = account.settings.wait_after(deletion.attempts)
            await store.record(account.database, deletion, deletion.step, error.code, wait)
            return False
        if deletion.step == names[-1]:
            return True
        following = names[names.index(deletion.step) + 1]
        await store.record(account.database, deletion, following, None, None)
        deletion = replace(deletion, step=following, step_since=datetime.now(UTC))


async def continue_all(account: Account) -> tuple[int, int]:
    """How many were taken, and how many are done."""
    deadline = Deadline.after(account.settings.account_run_seconds)
    taken = done = 0
    while deadline.remaining:
        leased = await store.lease(account.database, 1, account.settings.account_lease_seconds)
        if not leased:
            break
        taken += 1
        done += await run_steps(account, leased[0])
    return taken, done
