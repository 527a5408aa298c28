"""Stands in for the functions behind the gateway: echoes, streams, stalls, and remembers who left."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


@dataclass
class Upstream:
    """`left` is set once a caller of /functions/v1/events has gone; `received` as each part of an upload arrives."""

    left: threading.Event = field(default_factory=threading.Event)
    received: list[bytes] = field(default_factory=list)

    async def echo(self, request: Request) -> Response:
        body = await request.body()
        headers = [[name.decode(), value.decode("latin-1")] for name, value in request.scope["headers"]]
        answer = {"method": request.method, "path": request.url.path, "query": request.url.query, "headers": headers}
        kept = {"X-Answer": "kept", "Connection": "X-Secret-Hop", "X-Secret-Hop": "1", "Set-Cookie": "a=1"}
        response = JSONResponse({**answer, "body": body.decode("latin-1")}, 201, headers=kept)
        response.headers.append("Set-Cookie", "b=2")
        return response

    async def events(self, request: Request) -> Response:
        async def stream() -> AsyncIterator[bytes]:
            try:
                for number in range(10_000):
                    yield f"data: {number}\n\n".encode()
                    await asyncio.sleep(0.2)
            finally:
                self.left.set()

        return StreamingResponse(stream(), media_type="text/event-stream")

    async def upload(self, request: Request) -> Response:
        async for part in request.stream():
            if part:
                self.received.append(part)
        return JSONResponse({"bytes": sum(map(len, self.received))})

    async def stall(self, request: Request) -> Response:
        await asyncio.sleep(30)
        return Response()

    def app(self) -> Starlette:
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        paths = {"echo": self.echo, "events": self.events, "upload": self.upload, "stall": self.stall}
        return Starlette(routes=[Route(f"/functions/v1/{name}", do, methods=methods) for name, do in paths.items()])


@contextmanager
def running_upstream(port: int) -> Iterator[Upstream]:
    upstream = Upstream()
    config = uvicorn.Config(upstream.app(), port=port, log_level="critical", timeout_graceful_shutdown=0, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield upstream
    finally:
        server.should_exit = True
        thread.join(10)
