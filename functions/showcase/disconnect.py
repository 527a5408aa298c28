"""A caller who hangs up: what nobody waits for any more is cancelled."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar, cast

from starlette.requests import ClientDisconnect, Request

WATCHED_AFTER = 0.05  # seconds

T = TypeVar("T")


async def until_disconnect(request: Request, work: Awaitable[T]) -> T:
    """What `work` returns; where the caller hangs up before, it is cancelled, and has ended.

    Raises: ClientDisconnect, or what `work` raises.
    """
    watch = _HangUpWatch(request, cast("asyncio.Task[Any]", asyncio.current_task()))
    try:
        return await work
    except asyncio.CancelledError:
        if watch.seen and watch.task.uncancel() == 0:
            raise ClientDisconnect from None
        raise
    finally:
        watch.stop()


class _HangUpWatch:
    """Cancels a task once the caller has hung up. Most answers are there before it begins, and cost no watching."""

    def __init__(self, request: Request, task: "asyncio.Task[Any]") -> None:
        self.task, self.seen = task, False
        self._request, self._stopped = request, False
        self._waiting: Any = asyncio.get_running_loop().call_later(WATCHED_AFTER, self._begin)

    def stop(self) -> None:
        self._stopped = True
        self._waiting.cancel()

    def _begin(self) -> None:
        self._waiting = asyncio.create_task(_disconnected(self._request))
        self._waiting.add_done_callback(self._end)

    def _end(self, _: object) -> None:
        if not self._stopped:
            self.seen = self.task.cancel()


async def _disconnected(request: Request) -> None:
    """Returns when the caller hangs up. The body has been read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
