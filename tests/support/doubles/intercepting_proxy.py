"""Stands between the functions and the gateway: counts what crosses, and stops it where a test says."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Literal

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support import plain_http

Where = Literal["before", "within", "after"]


@dataclass
class InterceptingProxy:
    """`calls` by the name of the database function; a call that is stopped never gets its answer.

    Calls to Storage go by method and bucket: `DELETE project-media`.
    """

    target: str
    url: str = ""
    over: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    stops: dict[tuple[str, Where], threading.Event] = field(default_factory=dict)

    def stop(self, name: str, where: Where) -> threading.Event:
        """Stops the next call of this name before, within or after its being passed on; set once that has happened."""
        self.stops[name, where] = reached = threading.Event()
        return reached

    async def _forward(self, request: Request) -> Response:
        name = _name(request)
        if "/rest/v1/" in request.url.path:
            self.calls[name] += 1
        if reached := self.stops.pop((name, "before"), None):
            return await self._never(reached)
        within = self.stops.pop((name, "within"), None)
        body = self._cut(request, within) if within else await request.body()
        headers = {k: v for k, v in request.headers.items() if k not in {"host", "content-length", "transfer-encoding"}}
        client: httpx.AsyncClient = request.app.state.client
        target = f"{self.target}{request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
        try:
            answer = await client.request(request.method, target, content=body, headers=headers)
        except ClientDisconnect:
            return Response(status_code=503)
        if reached := self.stops.pop((name, "after"), None):
            return await self._never(reached)
        kept = {k: v for k, v in answer.headers.items() if k in {"content-type", "content-range"}}
        return Response(answer.content, answer.status_code, kept)

    async def _cut(self, request: Request, reached: threading.Event) -> AsyncIterator[bytes]:
        """The first piece of a body, and no more: anyone who receives it is left waiting until the sender is gone."""
        async for piece in request.stream():
            if piece:
                yield piece
                break
        reached.set()
        while not self.over and not await request.is_disconnected():  # noqa: ASYNC110  # set by another thread
            await asyncio.sleep(0.02)
        raise ClientDisconnect

    async def _never(self, reached: threading.Event) -> Response:
        reached.set()
        while not self.over:  # noqa: ASYNC110  # set by another thread
            await asyncio.sleep(0.05)
        return Response(status_code=503)

    def app(self) -> Starlette:
        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            async with plain_http.AsyncClient(timeout=30, trust_env=False) as app.state.client:
                yield

        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return Starlette(routes=[Route("/{path:path}", self._forward, methods=methods)], lifespan=lifespan)


def _name(request: Request) -> str:
    path = request.url.path.split("/")
    return f"{request.method} {path[4]}" if path[1:4] == ["storage", "v1", "object"] else path[-1]


@contextmanager
def running_proxy(target: str) -> Iterator[InterceptingProxy]:
    crossing = InterceptingProxy(target)
    config = uvicorn.Config(crossing.app(), port=0, log_level="critical", loop="asyncio", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    crossing.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield crossing
    finally:
        crossing.over = server.should_exit = True
        thread.join(10)
