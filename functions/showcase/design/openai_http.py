"""The HTTP client of OpenAI's SDK: no redirect is followed, responses are bounded, and long waits go to the caller."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import openai

from showcase.outbound.retry_after import parse_retry_after
from showcase.responses import MAX_RESPONSE_BYTES

LONGEST_WAIT = 5.0  # seconds that the SDK may wait before it asks again; who wants more is reported to the caller


class BoundedClient(openai.DefaultAsyncHttpxClient):
    """Reads at most `MAX_RESPONSE_BYTES` of a response, as `showcase.outbound.http_client` does.

    The SDK raises APIConnectionError for whatever this raises.
    """

    async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """Raises: httpx2.RemoteProtocolError: too large, or an event stream with a content encoding."""
        if stream:
            request.headers["Accept-Encoding"] = "identity"  # so that the bytes received are those that are read
        response = await super().send(request, stream=True, **options)
        if stream:
            if response.headers.get("content-encoding", "identity") != "identity":
                await response.aclose()
                raise httpx2.RemoteProtocolError("encoded event stream", request=request)
            response.stream = _BoundedStream(response.stream)  # type: ignore[arg-type] # an async client's is async
            return response
        try:
            headers, content = await _read_bounded(response)
        finally:
            await response.aclose()
        return httpx2.Response(response.status_code, headers=headers, content=content, request=request)


async def _read_bounded(response: httpx2.Response) -> tuple[list[tuple[str, str]], bytes]:
    """A response's headers and decoded body, for a response that is made of them."""
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MAX_RESPONSE_BYTES:
            raise httpx2.RemoteProtocolError("response too large")
    headers = [(name, value) for name, value in response.headers.multi_items() if name not in _OF_THE_TRANSFER]
    return headers, bytes(content)


# The content is decoded, and may have another length.
_OF_THE_TRANSFER = {"content-encoding", "content-length", "transfer-encoding"}


class _BoundedStream(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MAX_RESPONSE_BYTES:
                raise httpx2.RemoteProtocolError("event stream too large")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def bounded_client() -> BoundedClient:
    """The SDK's default would send the prompt to whatever address a redirect names."""
    return BoundedClient(event_hooks={"response": [_mind_waits]}, follow_redirects=False)


async def _mind_waits(response: httpx2.Response) -> None:
    if (parse_retry_after(response.headers) or 0.0) > LONGEST_WAIT:
        response.headers["x-should-retry"] = "false"  # the SDK's own word for it
