"""Which cancellations are a caller's leaving, and which somebody else's."""

import asyncio
from collections.abc import Awaitable

import pytest
from showcase import disconnect
from showcase.disconnect import until_disconnect
from starlette.requests import ClientDisconnect, Request

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disconnect, "WATCHED_AFTER", 0.0)


class Caller:
    """Hangs up when it is let."""

    def __init__(self) -> None:
        self.left = asyncio.Event()
        self.request = Request({"type": "http", "headers": []}, self._receive)

    async def _receive(self) -> dict[str, object]:
        await self.left.wait()
        return {"type": "http.disconnect"}


def waiting(caller: Caller, work: Awaitable[object]) -> "asyncio.Task[object]":
    async def call() -> object:
        return await until_disconnect(caller.request, work)

    return asyncio.create_task(call())


async def test_who_leaves_ends_the_work() -> None:
    caller, ended = Caller(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.set()

    task = waiting(caller, work())
    await asyncio.sleep(0.01)
    caller.left.set()
    with pytest.raises(ClientDisconnect):
        await task
    assert ended.is_set(), "it has ended before"


async def test_a_cancellation_is_no_hang_up() -> None:
    caller = Caller()
    task = waiting(caller, asyncio.sleep(60))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_nor_is_one_that_comes_with_it() -> None:
    """As where the server is asked to end: the task's own cancellation is not lost."""
    caller, ending = Caller(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ending.set()
            await asyncio.sleep(60)

    task = waiting(caller, work())
    caller.left.set()
    await ending.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_a_deadline_inside_is_its_own() -> None:
    """The work's own time-out stays one, and the caller may leave afterwards."""
    caller = Caller()

    async def work() -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)
        except TimeoutError:
            return "late"
        return "done"

    assert await waiting(caller, work()) == "late"


@pytest.mark.parametrize("steps", range(8))
async def test_a_result_that_comes_as_the_caller_leaves_is_one_or_the_other(steps: int) -> None:
    caller, result = Caller(), asyncio.get_running_loop().create_future()
    task = waiting(caller, result)
    await asyncio.sleep(0.01)
    caller.left.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    if not result.done():
        result.set_result("done")
    await asyncio.wait({task})
    assert not task.cancelled()
    assert isinstance(task.exception(), ClientDisconnect) or task.result() == "done"
