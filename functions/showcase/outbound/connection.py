"""One connection of HTTP/1.1 (RFC 9112) in the event loop, read by httptools, Node's parser."""

import asyncio
from typing import cast

import httptools
from typing_extensions import override

from showcase.outbound.errors import ReadError, ResponseTooLarge
from showcase.responses import MAX_RESPONSE_BYTES, HttpResponse

MAX_HEADER_BYTES = 64 * 1024


class Connection(asyncio.Protocol):
    """Takes one request at a time, and gives its whole answer.

    `keeps_alive` says whether it takes another: never once an answer has failed, is only half read, or was followed by
    what nobody has asked for.
    """

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.keeps_alive = True
        self.idle_since = 0.0  # seconds, as `time.monotonic` counts them
        self._transport: asyncio.WriteTransport | None = None
        self._answer: asyncio.Future[HttpResponse] | None = None

    async def exchange(self, request: bytes) -> HttpResponse:
        """Sends a whole request. Raises: ReadError, ResponseTooLarge."""
        self._begin()
        self._parser = httptools.HttpResponseParser(self)
        self._answer = self.loop.create_future()
        try:
            if self._transport is None:
                raise ReadError
            self._transport.write(request)
            return await self._answer
        except BaseException:
            self.close()
            raise
        finally:
            self._answer = None

    def close(self) -> None:
        """At once: nothing more is sent or read."""
        self.keeps_alive = False
        if self._transport is not None:
            self._transport.abort()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        try:
            if self._answer is None or self._answer.done():
                raise ReadError
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, ReadError, ResponseTooLarge) as error:
            cause = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else error
            self._fail(cause if isinstance(cause, ReadError | ResponseTooLarge) else ReadError())

    @override
    def eof_received(self) -> None:
        self.keeps_alive = False

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.keeps_alive = False
        if self._ends_with_connection and exc is None:
            self._complete()
        self._fail(ReadError())

    def _begin(self) -> None:
        self._headers: dict[str, str] = {}
        self._header_bytes = 0
        self._body = bytearray()
        self._ends_with_connection = False

    def _complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            response = HttpResponse(self._parser.get_status_code(), self._headers, bytes(self._body))
            self._answer.set_result(response)

    def _fail(self, error: ReadError | ResponseTooLarge) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.close()

    # What httptools calls, in this order.

    def on_message_begin(self) -> None:
        if self._answer is None or self._answer.done():
            raise ReadError  # a second answer to one request
        self._begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES:
            raise ResponseTooLarge
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if "content-encoding" in self._headers:
            raise ReadError  # none was asked for
        has_body = self._parser.get_status_code() not in {204, 304}
        self._ends_with_connection = has_body and not self._headers.keys() & {"content-length", "transfer-encoding"}

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > MAX_RESPONSE_BYTES:
            raise ResponseTooLarge

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() >= 200:  # those before are notices: the answer comes yet (RFC 9110, 15.2)
            self.keeps_alive = self._parser.should_keep_alive()
            self._complete()
