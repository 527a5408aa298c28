"""The Python simulators of the local stack, in one process: each on a port of its own.

Usage: python -m local.simulators github=54331 stripe=54334 ..., with HOST and their own variables in the environment.
"""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from importlib import import_module
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from local.simulators.local_requests import for_local_requests

TICK_SECONDS = 1.0  # how exact the header Date is


def by_port(simulators: Mapping[int, Starlette]) -> ASGIApp:
    """One application that answers on each port as the simulator there, and starts and ends with all of them."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for simulator in simulators.values():
                await stack.enter_async_context(simulator.router.lifespan_context(simulator))
            yield

    whole = Starlette(lifespan=lifespan)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        application = whole if scope["type"] == "lifespan" else simulators[scope["server"][1]]
        await application(scope, receive, send)

    return answer


class Server(uvicorn.Server):
    """Uvicorn's own loop looks ten times a second whether it is to end: much, for a process that mostly waits."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), TICK_SECONDS)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._loop.call_soon_threadsafe(self._ending.set)


async def main() -> None:
    ports = {vendor: int(port) for vendor, _, port in (argument.partition("=") for argument in sys.argv[1:])}
    simulators = {port: import_module(f"local.simulators.{vendor}").create_app() for vendor, port in ports.items()}
    host = os.environ.get("HOST", "127.0.0.1")
    with contextlib.ExitStack() as closing:
        listening = [closing.enter_context(socket.create_server((host, port))) for port in simulators]
        for each in listening:
            # asyncio sets it for sockets that it makes itself alone; else an answer waits 40 ms on a kept connection.
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(for_local_requests(by_port(simulators)), access_log=False)
        await Server(config).serve(sockets=listening)


if __name__ == "__main__":
    asyncio.run(main())
