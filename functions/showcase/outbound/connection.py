"""One connection of HTTP/1.1 (RFC 9112) in the event loop, read by httptools, Node's parser."""

import asyncio
import select
from typing import cast

import httptools
from typing_extensions import override

from showcase.outbound.errors import ConnectError, ReadError, ReadTimeout, ResponseTooLarge, TransportError
from showcase.responses import MAX_RESPONSE_BYTES, HttpResponse

MAX_HEADER_BYTES = 64 * 1024  # of all that is no body: notices, the head, extensions of chunks, trailers
CHUNK_FRAME_BYTES = 5  # more, for each byte of the body: it may come in chunks of one
WITHOUT_BODY = frozenset({204, 304})


class Connection(asyncio.Protocol):
    """Takes one request at a time, and gives its whole answer.

    `keeps_alive` says whether it may take another: never once an answer has failed, is only half read, came before
    its request was sent, or was followed by what nobody has asked for.
    """

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.keeps_alive = True
        self.idle_since = 0.0  # seconds, as `time.monotonic` counts them
        self._transport: asyncio.WriteTransport | None = None
        self._readable = select.poll()
        self._answer: asyncio.Future[HttpResponse] | None = None
        self._begin()

    def is_silent(self) -> bool:
        """Whether nothing waits to be read that the loop has not come to: an end, or what nobody has asked for."""
        return not self._readable.poll(0)

    async def exchange(self, request: bytes, seconds: float) -> HttpResponse:
        """Sends a whole request, whose answer has to be complete in so many seconds.

        Raises: ConnectError (the server has hung up before), ReadTimeout, ReadError, ResponseTooLarge.
        """
        # A timer of its own: asyncio.timeout cancels a task, which takes several times as long to set up.
        timer = self.loop.call_later(seconds, self._fail, ReadTimeout())
        self._begin()
        self._received = 0
        self._parser = httptools.HttpResponseParser(self)
        self._answer = self.loop.create_future()
        try:
            if self._transport is None or not self.keeps_alive:
                raise ConnectError
            self._transport.write(request)
            return await self._answer
        except BaseException:
            self.close()
            raise
        finally:
            timer.cancel()
            self._answer = None

    def close(self) -> None:
        """At once: nothing more is sent or read."""
        self.keeps_alive = False
        if self._transport is not None and not self.loop.is_closed():
            self._transport.abort()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        if not self.keeps_alive:
            self.close()  # as it was asked to during a handshake of TLS, which asyncio may go on with
        self._is_encrypted = transport.get_extra_info("sslcontext") is not None
        self._readable.register(transport.get_extra_info("socket"), select.POLLIN)

    @override
    def data_received(self, data: bytes) -> None:
        try:
            if self._answer is None or self._answer.done():
                raise ReadError
            self._received += len(data)
            self._parser.feed_data(data)
            if self._received > MAX_HEADER_BYTES + (1 + CHUNK_FRAME_BYTES) * len(self._body):
                raise ResponseTooLarge
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, ReadError, ResponseTooLarge) as error:
            cause = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else error
            self._fail(cause if isinstance(cause, ReadError | ResponseTooLarge) else ReadError())

    @override
    def eof_received(self) -> None:
        """Under TLS it is no answer's end: asyncio reports a connection that somebody has cut in the same way."""
        if self._ends_with_connection and not self._is_encrypted:
            self._complete()
        self._fail(ReadError())

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._fail(ReadError())

    def _begin(self) -> None:
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._in_head = True
        self._ends_with_connection = False

    def _complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            response = HttpResponse(self._parser.get_status_code(), self._headers, bytes(self._body))
            self._answer.set_result(response)

    def _fail(self, error: TransportError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.close()

    # What httptools calls, in this order.

    def on_message_begin(self) -> None:
        if self._answer is None or self._answer.done():
            raise ReadError  # a second answer to one request
        self._begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # trailers are not merged into it (RFC 9110, 6.5.1)
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._headers.get("content-encoding", "identity").lower() != "identity":
            raise ReadError  # none was asked for
        self._in_head = False
        is_delimited = self._headers.keys() & {"content-length", "transfer-encoding"}
        self._ends_with_connection = self._may_have_body() and not is_delimited

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > MAX_RESPONSE_BYTES:
            raise ResponseTooLarge

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() >= 200:  # those before are notices: the answer comes yet (RFC 9110, 15.2)
            self.keeps_alive = self._is_in_step() and self._parser.should_keep_alive()
            self._complete()

    def _may_have_body(self) -> bool:
        status = self._parser.get_status_code()
        return status >= 200 and status not in WITHOUT_BODY

    def _is_in_step(self) -> bool:
        """Whether what comes next is about the next request: this one was sent, and no body follows that must not."""
        is_sent = self._transport is not None and not self._transport.get_write_buffer_size()
        announces = "transfer-encoding" in self._headers or self._headers.get("content-length", "0") != "0"
        return is_sent and (self._may_have_body() or not announces)
