"""Outbound HTTP: the one client of a process. Requests and answers as httpx names them."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyqwest

from showcase.observability.tracing import PropagateTraceContext
from showcase.outbound.transport import FAILURES, ConnectError, ResponseTooLarge, classify, new_transport
from showcase.responses import MAX_RESPONSE_BYTES, parse_json

TIMEOUT = 10.0  # seconds
POOL_TIMEOUT = 10.0  # seconds
MAX_CONNECTIONS = 200


@dataclass(frozen=True)
class HttpResponse:
    """An answer that has been read in full. Names of headers are in lower case."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        """2xx."""
        return 200 <= self.status_code < 300

    def json(self) -> Any:
        """Raises: ValueError, as `parse_json` does."""
        return parse_json(self.content)


@dataclass(frozen=True)
class HttpStream:
    """An answer whose body comes in chunks, for each of which there are `timeout` seconds."""

    status_code: int
    headers: Mapping[str, str]
    content: AsyncIterator[Any]
    timeout: float

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises: TransportError, where the body does not come to its end."""
        while True:
            try:
                async with asyncio.timeout(self.timeout):
                    chunk = await anext(self.content, None)
            except FAILURES as error:
                raise classify(error) from error
            if chunk is None:
                return
            yield bytes(chunk)

    async def read(self) -> HttpResponse:
        """All that is left. Raises: TransportError."""
        return HttpResponse(self.status_code, self.headers, await _read(self.chunks()))


class HttpClient:
    """Follows no redirects, keeps no cookies, tries nothing again; a call that is cancelled closes its connection.

    `timeout` (seconds) holds for requests without one of their own; `transport` takes the network's place in tests.
    """

    def __init__(
        self,
        user_agent: str = "showcase",
        trace_context: PropagateTraceContext | None = None,
        transport: pyqwest.Transport | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self._user_agent = user_agent
        self._trace_context = trace_context
        self._transport = transport
        self._timeout = timeout
        self._connections = asyncio.Semaphore(MAX_CONNECTIONS)

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
        bounded: bool = True,
    ) -> HttpResponse:
        """Sends `content`, or `json` as JSON. The answer has to be complete within `timeout` seconds.

        `bounded=False` reads it whatever its size, for a third of the processor time: for servers of the project's own.

        Raises:
            TransportError: there is no answer.
            Exception: what `content` raises.
        """
        sent = self._headers(url, headers)
        if json is not None:
            sent["content-type"] = "application/json"
            content = encode(json)
        upload = None if content is None or isinstance(content, bytes) else _Upload(content)
        body: Any = upload.chunks() if upload else content
        query: Any = dict(params) if params else None
        await self._acquire()
        try:
            async with asyncio.timeout(self._timeout if timeout is None else timeout):
                if not bounded:
                    whole = await self._client.execute(method, url, sent, body, params=query)
                    return HttpResponse(whole.status, dict(whole.headers.items()), whole.content)
                async with self._client.stream(method, url, sent, body, params=query) as answer:
                    return HttpResponse(answer.status, dict(answer.headers.items()), await _read(answer.content))
        except FAILURES as error:
            raise (upload and upload.error) or classify(error) from error
        finally:
            self._connections.release()

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,  # noqa: ASYNC109
    ) -> AsyncIterator[HttpStream]:
        """The answer as it comes: its head, and each chunk, within `timeout` seconds. Raises: TransportError."""
        await self._acquire()
        async with AsyncExitStack() as stack:
            stack.callback(self._connections.release)
            try:
                async with asyncio.timeout(timeout):
                    sent = self._headers(url, headers)
                    answer = await stack.enter_async_context(self._client.stream(method, url, sent))
            except FAILURES as error:
                raise classify(error) from error
            yield HttpStream(answer.status, dict(answer.headers.items()), answer.content, timeout)

    @cached_property
    def transport(self) -> pyqwest.Transport:
        """Made by the first call: the server that loads the code forks before it serves."""
        return self._transport or new_transport()

    @cached_property
    def _client(self) -> pyqwest.Client:
        return pyqwest.Client(self.transport)

    def _headers(self, url: str, given: Mapping[str, str] | None) -> dict[str, str]:
        return self.own_headers(url) | {name.lower(): value for name, value in (given or {}).items()}

    def own_headers(self, url: str) -> dict[str, str]:
        """What every request to that address carries."""
        traced = self._trace_context.headers(url) if self._trace_context else {}
        return {"user-agent": self._user_agent, **traced}

    async def _acquire(self) -> None:
        if not self._connections.locked():
            await self._connections.acquire()  # at once
            return
        try:
            async with asyncio.timeout(POOL_TIMEOUT):
                await self._connections.acquire()
        except TimeoutError as error:
            raise ConnectError from error


async def _read(chunks: AsyncIterator[Any]) -> bytes:
    """Raises: ResponseTooLarge."""
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > MAX_RESPONSE_BYTES:
            raise ResponseTooLarge
    return bytes(content)


def encode(value: object) -> bytes:
    """Compact JSON. Raises: ValueError, for NaN and infinity."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


class _Upload:
    """A streamed body; pyqwest ends the request where it raises, and keeps the error to itself."""

    def __init__(self, content: AsyncIterator[bytes]) -> None:
        self._content = content
        self.error: Exception | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._content:
                yield chunk
        except Exception as error:
            self.error = error
            raise
