"""An HTTP client of the functions whose answers, or failures, a test gives."""

import inspect
from collections.abc import Awaitable, Callable

import httpx
import pyqwest
from showcase.outbound.http_client import HttpClient

Respond = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


def responding_client(respond: Respond) -> HttpClient:
    """Each request goes to `respond`; what it raises, the transport raises."""
    return HttpClient(transport=_Responding(respond))


class _Responding:
    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    async def execute(self, request: pyqwest.Request) -> pyqwest.Response:
        content = await _read(request)
        asked = httpx.Request(request.method, request.url, headers=list(request.headers.items()), content=content)
        found = self._respond(asked)
        answer = await found if inspect.isawaitable(found) else found
        headers = pyqwest.Headers(answer.headers.multi_items())
        return pyqwest.Response(status=answer.status_code, headers=headers, content=answer.content)


async def _read(request: pyqwest.Request) -> bytes:
    if isinstance(request.content, bytes):
        return request.content
    return b"".join([bytes(chunk) async for chunk in request.content])
