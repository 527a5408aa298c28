"""A deletion whose process dies right after a step, before that was noted, and is taken up again."""

from collections.abc import Callable

import httpx
import pytest
from pydantic import HttpUrl, SecretStr
from showcase.account import store
from showcase.account.clients import Account, Functions
from showcase.account.deletion import STEPS, Step, go_on
from showcase.account.settings import AccountSettings
from showcase.account.store import Deletion
from showcase.database import Database
from showcase.settings import CoreSettings
from showcase.storage import Storage

from tests.support.household import Member, found
from tests.support.sendgrid import Mail
from tests.support.stack import Stack
from tests.support.stripe import SDK_WARNING

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings(SDK_WARNING)]


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def dying(step: Step) -> Step:
    async def done_and_gone(account: Account, deletion: Deletion) -> None:
        await step(account, deletion)
        raise Killed

    return done_and_gone


def account_of(stack: Stack, mail: Mail, http: httpx.AsyncClient) -> Account:
    settings = CoreSettings(
        supabase_url=HttpUrl(stack.url),
        supabase_publishable_key=SecretStr(stack.publishable_key),
        supabase_secret_key=SecretStr(stack.secret_key),
    )
    functions = Functions(http, f"{mail.functions_urls[0]}/functions/v1", stack.secret_key)
    own = AccountSettings(account_retry_seconds=0, account_lease_seconds=1)
    return Account(Database(http, settings), Storage(http, settings), functions, own)


async def test_killed_after_every_step_it_ends_the_same(stack: Stack, mail: Mail, member: Callable[[], Member]) -> None:
    leaving, staying = member(), member()
    before = found(stack, staying.traces)
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        account = account_of(stack, mail, http)
        asked = await store.request_deletion(account.database, leaving.person.id, leaving.person.username, 900, 0)
        for name in STEPS:
            # As the row has it: the step that was done but not noted is done again, and the next one dies.
            (taken,) = await store.lease(account.database, 1, 0, asked["id"])
            with pytest.raises(Killed):
                await go_on(account, taken, {**STEPS, name: dying(STEPS[name])})
        assert await store.lease(account.database, 1, 0, asked["id"]) == []
        receipt = await store.get_deletion(account.database, asked["id"])
    assert receipt is not None
    assert receipt["status"] == "done"
    assert found(stack, leaving.traces) == {}
    assert found(stack, staying.traces) == before
    assert len([each for each in mail.messages(leaving.person.email) if "deleted" in each["subject"].lower()]) == 1
