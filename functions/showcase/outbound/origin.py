"""The project's own servers, reached in the event loop: most calls of a function are one to PostgREST.

pyqwest gives each call to a thread and takes it back, which costs three times what the call does. Here are whole
requests and whole answers alone: what streams, what goes elsewhere or through a proxy is `transport.py`'s.
"""

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode, urlsplit

from showcase.outbound import limits
from showcase.outbound.connection import Connection
from showcase.outbound.errors import ConnectError
from showcase.responses import HttpResponse

if TYPE_CHECKING:
    from aiohappyeyeballs import AddrInfoType

METHODS = frozenset({"DELETE", "GET", "PATCH", "POST", "PUT"})  # HEAD's answer announces a body that never comes
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
HAPPY_EYEBALLS_DELAY = 0.25  # seconds until a host's next address is tried beside the first (RFC 8305)


class Origin:
    """Connections to one origin (RFC 6454): idle ones are kept for a few seconds, the latest is used first."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._root = f"{self._url.scheme}://{self._url.netloc}"
        self._idle: list[Connection] = []
        self._proxied = any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES)

    def takes(self, method: str, url: str) -> bool:
        """Whether such a request is to this origin, and needs nothing that only `transport.py` has."""
        return url.startswith(f"{self._root}/") and method in METHODS and not self._proxied

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        content: bytes | None,
        seconds: float,
    ) -> HttpResponse:
        """The answer to a request that `takes` takes, within so many seconds. Cancelled, it closes its connection.

        Raises:
            TransportError: there is none.
            ValueError: the address or a header has what may not stand there.
        """
        deadline = time.monotonic() + seconds
        request = self._head(method, url, headers, params, content) + (content or b"")
        connection = self._kept() or await self._connect(min(seconds, limits.CONNECT_TIMEOUT))
        response = await connection.exchange(request, deadline - time.monotonic())
        self._keep(connection)
        return response

    def _head(
        self, method: str, url: str, headers: Mapping[str, str], params: Mapping[str, str] | None, content: bytes | None
    ) -> bytes:
        target = url[len(self._root) :]
        if params:
            target += ("&" if "?" in target else "?") + urlencode(params)
        written = "".join((target, *headers, *headers.values()))
        if not written.isprintable() or not target.isascii() or " " in target:
            raise ValueError("a character that may not stand in the head of a request")
        fields = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        length = "" if content is None and method == "GET" else f"content-length: {len(content or b'')}\r\n"
        return f"{method} {target} HTTP/1.1\r\nhost: {self._url.netloc}\r\n{fields}{length}\r\n".encode("latin-1")

    def _kept(self) -> Connection | None:
        loop, oldest = asyncio.get_running_loop(), time.monotonic() - limits.IDLE_TIMEOUT
        while self._idle:
            connection = self._idle.pop()
            is_young = connection.loop is loop and connection.idle_since > oldest
            if connection.keeps_alive and is_young and connection.is_silent():
                return connection
            connection.close()
        return None

    def _keep(self, connection: Connection) -> None:
        if connection.keeps_alive and len(self._idle) < limits.MAX_IDLE_CONNECTIONS:
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
        else:
            connection.close()

    async def _connect(self, seconds: float) -> Connection:
        """Raises: ConnectError."""
        host, port = str(self._url.hostname), self._url.port or (443 if self._url.scheme == "https" else 80)
        loop, connection = asyncio.get_running_loop(), Connection()
        try:
            async with asyncio.timeout(seconds):
                tls = self._tls
                addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                await loop.create_connection(
                    lambda: connection,
                    sock=await _first_to_answer(addresses),
                    ssl=tls,
                    server_hostname=host if tls else None,
                    ssl_handshake_timeout=limits.CONNECT_TIMEOUT if tls else None,
                )
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError | TimeoutError | UnicodeError):  # of names, addresses and certificates
                raise ConnectError from error
            raise
        return connection

    @cached_property
    def _tls(self) -> ssl.SSLContext | None:
        """Trusts the system's certificate authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR alone."""
        if self._url.scheme != "https":
            return None
        # OpenSSL reads them by itself, but for one that is set it goes on to trust the system's other.
        file, folder = (os.environ.get(f"SSL_CERT_{name}") or None for name in ("FILE", "DIR"))
        context = ssl.create_default_context(cafile=file, capath=folder)
        context.set_alpn_protocols(["http/1.1"])
        return context


async def _first_to_answer(addresses: Sequence["AddrInfoType"]) -> socket.socket:
    from aiohappyeyeballs import start_connection  # by the first request alone

    task = cast("asyncio.Task[object]", asyncio.current_task())
    cancelled = task.cancelling()
    connected = await start_connection(addresses, happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY)
    if task.cancelling() > cancelled:  # lost: findings/aiohappyeyeballs_lost_cancellation.sh
        connected.close()
        raise asyncio.CancelledError
    return connected
