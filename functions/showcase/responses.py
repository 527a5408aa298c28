"""What other servers respond: read up to a limit, and parsed as JSON that any part of ours can take."""

import math
from collections.abc import AsyncIterator
from typing import Any, Protocol

import httpx
from pydantic_core import from_json

MAX_RESPONSE_BYTES = 16 * 1024 * 1024  # decoded; the largest is an image of OpenAI's in Base64


class ResponseError(httpx.RemoteProtocolError):
    """A response that cannot be read: too large, or of another encoding than its headers say."""


class BoundedClient(httpx.AsyncClient):
    """A client that reads at most `MAX_RESPONSE_BYTES` of a response; who streams one bounds it in its own way.

    Raises: ResponseError, beside what httpx raises.
    """

    async def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        response = await super().send(request, stream=True, **options)
        if stream:
            return response
        try:
            headers, content = await read_bounded(response)
        except httpx.DecodingError as error:
            raise ResponseError("response not decodable", request=request) from error
        finally:
            await response.aclose()
        return httpx.Response(
            response.status_code, headers=headers, content=content, request=request, extensions=response.extensions
        )


class Readable(Protocol):
    """A response whose body has not been read: of httpx, or of httpx2."""

    @property
    def headers(self) -> Any: ...

    def aiter_bytes(self) -> AsyncIterator[bytes]: ...


async def read_bounded(response: Readable) -> tuple[list[tuple[str, str]], bytes]:
    """A response's headers and decoded body, for a response that is made of them.

    Raises: ResponseError: the body has more than `MAX_RESPONSE_BYTES`.
    """
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MAX_RESPONSE_BYTES:
            raise ResponseError("response too large")
    headers = [(name, value) for name, value in response.headers.multi_items() if name not in _OF_THE_TRANSFER]
    return headers, bytes(content)


# The content is decoded, and may have another length.
_OF_THE_TRANSFER = {"content-encoding", "content-length", "transfer-encoding"}


def parse_json(content: bytes) -> Any:
    """The JSON (RFC 8259) of a response.

    Raises: ValueError: not JSON, nested deeper than some 200 levels, a number out of range, half of a surrogate pair.
    """
    return _finite(from_json(content, allow_inf_nan=False))


def _finite(value: Any) -> Any:
    """1e999 is read as infinity, which no JSON writer of ours takes."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("number out of range")
    if isinstance(value, dict):
        for each in value.values():
            _finite(each)
    elif isinstance(value, list):
        for each in value:
            _finite(each)
    return value
