"""Outbound HTTP: the one client of a process. Requests and answers as httpx names them."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from showcase.observability.tracing import propagated
from showcase.outbound import limits
from showcase.outbound.errors import ConnectError, ReadTimeout
from showcase.outbound.origin import Origin
from showcase.responses import HttpResponse

if TYPE_CHECKING:
    import pyqwest

    from showcase.outbound.transport import HttpStream, Network


class HttpClient:
    """Follows no redirects, keeps no cookies, tries nothing again; a call that is cancelled closes its connection.

    `project` is the URL of the Supabase project, without a trailing slash: nobody else learns of traces. `timeout`
    (seconds) holds for requests without one of their own; `transport` takes the network's place in tests.
    """

    def __init__(
        self,
        user_agent: str = "showcase",
        project: str | None = None,
        transport: "pyqwest.Transport | None" = None,
        timeout: float = limits.TIMEOUT,
    ) -> None:
        self._user_agent = user_agent
        self._project = project
        self._origin = Origin(project) if project and not transport else None
        self._transport = transport
        self._timeout = timeout
        self._connections = asyncio.Semaphore(limits.MAX_CONNECTIONS)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: object = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - each request has its own, whatever the caller's deadline
    ) -> HttpResponse:
        """Sends `content`, or `json` as JSON. The answer has to be complete within `timeout` seconds.

        Raises:
            TransportError: there is no answer.
            Exception: what `content` raises.
        """
        sent = self._headers(url, headers)
        if json is not None:
            sent["content-type"] = "application/json"
            content = encode(json)
        seconds = self._timeout if timeout is None else timeout
        await self._acquire()
        try:
            if self._origin and self._origin.takes(method, url) and (content is None or isinstance(content, bytes)):
                return await self._origin.request(method, url, sent, params, content, seconds)
            async with asyncio.timeout(seconds):
                return await self._network.request(method, url, sent, params, content)
        except TimeoutError as error:
            raise ReadTimeout from error
        finally:
            self._connections.release()

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = limits.TIMEOUT,  # noqa: ASYNC109
    ) -> AsyncIterator["HttpStream"]:
        """The answer as it comes: its head, and each chunk, within `timeout` seconds. Raises: TransportError."""
        await self._acquire()
        async with AsyncExitStack() as stack:
            stack.callback(self._connections.release)
            sent = self._headers(url, headers)
            try:
                async with asyncio.timeout(timeout):
                    answer = await stack.enter_async_context(self._network.stream(method, url, sent, timeout))
            except TimeoutError as error:
                raise ReadTimeout from error
            yield answer

    @property
    def transport(self) -> "pyqwest.Transport":
        """The network below it."""
        return self._network.transport

    @cached_property
    def _network(self) -> "Network":
        """Made by the first call that needs it: the server that loads the code forks before it serves."""
        from showcase.outbound.transport import Network, new_transport

        return Network(self._transport or new_transport())

    def _headers(self, url: str, given: Mapping[str, str] | None) -> dict[str, str]:
        return self.own_headers(url) | {name.lower(): value for name, value in (given or {}).items()}

    def own_headers(self, url: str) -> dict[str, str]:
        """What every request to that address carries."""
        traced = propagated() if self._project and url.startswith(f"{self._project}/") else {}
        return {"user-agent": self._user_agent, **traced}

    async def _acquire(self) -> None:
        if not self._connections.locked():
            await self._connections.acquire()  # at once
            return
        try:
            async with asyncio.timeout(limits.POOL_TIMEOUT):
                await self._connections.acquire()
        except TimeoutError as error:
            raise ConnectError from error


def encode(value: object) -> bytes:
    """Compact JSON. Raises: ValueError, for NaN and infinity."""
    return _ENCODER.encode(value).encode()


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
