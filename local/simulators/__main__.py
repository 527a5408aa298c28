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

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send


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


async def main() -> None:
    ports = {vendor: int(port) for vendor, _, port in (argument.partition("=") for argument in sys.argv[1:])}
    simulators = {port: import_module(f"local.simulators.{vendor}").create_app() for vendor, port in ports.items()}
    host = os.environ.get("HOST", "127.0.0.1")
    with contextlib.ExitStack() as closing:
        listening = [closing.enter_context(socket.create_server((host, port))) for port in simulators]
        config = uvicorn.Config(by_port(simulators), access_log=False)
        await uvicorn.Server(config).serve(sockets=listening)


if __name__ == "__main__":
    asyncio.run(main())
