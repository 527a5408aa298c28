"""Calls to any host, by pyqwest, which binds Rust's reqwest: a twentieth of the processor time of one through httpx.

A call that is cancelled closes its connection. Proxies come from the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY),
the certificates to trust from the system's store, or from SSL_CERT_FILE.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pyqwest

from showcase.outbound import limits
from showcase.outbound.errors import ConnectError, ReadError, ReadTimeout, ResponseTooLarge, TransportError
from showcase.responses import MAX_RESPONSE_BYTES, HttpResponse

# What a call raises where there is no answer. `asyncio.timeout` raises TimeoutError too.
FAILURES = (ConnectionError, TimeoutError, pyqwest.RemoteProtocolError, pyqwest.ReadError, pyqwest.WriteError)


def classify(error: Exception) -> TransportError:
    """One of `FAILURES` as ours. Its text stays behind: it names the address."""
    if isinstance(error, ConnectionError):  # also where connecting took too long
        return ConnectError()
    return ReadTimeout() if isinstance(error, TimeoutError) else ReadError()


def new_transport() -> pyqwest.HTTPTransport:
    """HTTP/1.1 that follows no redirects and keeps no cookies. Its threads do not survive a fork."""
    # One thread for the network: more of them take turns with the interpreter, a fifth of a call's processor time.
    os.environ.setdefault("TOKIO_WORKER_THREADS", "1")
    return pyqwest.HTTPTransport(
        tls_include_system_certs=True,
        http_version=pyqwest.HTTPVersion.HTTP1,
        connect_timeout=limits.CONNECT_TIMEOUT,
        pool_idle_timeout=limits.IDLE_TIMEOUT,
        pool_max_idle_per_host=limits.MAX_IDLE_CONNECTIONS,
        use_system_dns=True,
        follow_redirects=False,
        enable_otel=False,
    )


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


class Network:
    """Whole requests and streams over one transport."""

    def __init__(self, transport: pyqwest.Transport) -> None:
        self.transport = transport
        self._client = pyqwest.Client(transport)

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        content: bytes | AsyncIterator[bytes] | None,
    ) -> HttpResponse:
        """The whole answer. Raises: TransportError, or what `content` raises."""
        upload = None if content is None or isinstance(content, bytes) else _Upload(content)
        body: Any = upload.chunks() if upload else content
        query: Any = dict(params) if params else None
        try:
            async with self._client.stream(method, url, dict(headers), body, params=query) as answer:
                return HttpResponse(answer.status, dict(answer.headers.items()), await _read(answer.content))
        except FAILURES as error:
            raise (upload and upload.error) or classify(error) from error

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, headers: Mapping[str, str], chunk_timeout: float
    ) -> AsyncIterator[HttpStream]:
        """The answer as it comes. Raises: TransportError."""
        async with AsyncExitStack() as stack:
            try:
                answer = await stack.enter_async_context(self._client.stream(method, url, dict(headers)))
            except FAILURES as error:
                raise classify(error) from error
            yield HttpStream(answer.status, dict(answer.headers.items()), answer.content, chunk_timeout)


async def _read(chunks: AsyncIterator[Any]) -> bytes:
    """Raises: ResponseTooLarge."""
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > MAX_RESPONSE_BYTES:
            raise ResponseTooLarge
    return bytes(content)


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
