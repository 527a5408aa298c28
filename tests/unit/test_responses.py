"""What a server sends is read up to a limit, whatever it announces, and parsed or refused."""

import gzip
import json
import math
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from showcase.responses import MAX_RESPONSE_BYTES, BoundedClient, ResponseError, parse_json

pytestmark = pytest.mark.anyio

MEBIBYTE = b"\0" * 1024 * 1024
TOO_MUCH = MAX_RESPONSE_BYTES // len(MEBIBYTE) + 1


class Chunks(httpx.AsyncByteStream):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk

    async def aclose(self) -> None:
        self.closed = True


def sending(stream: httpx.AsyncByteStream, **headers: str) -> BoundedClient:
    return BoundedClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=stream)))


def gzipped(mebibytes: int) -> Iterator[bytes]:
    whole = gzip.compress(MEBIBYTE * mebibytes)
    return (whole[at : at + 4096] for at in range(0, len(whole), 4096))


async def test_a_response_over_the_limit_is_refused_and_not_read_to_its_end() -> None:
    def endless() -> Iterator[bytes]:
        for number in range(10 * TOO_MUCH):
            assert number <= TOO_MUCH, "read on"
            yield MEBIBYTE

    stream = Chunks(endless())
    async with sending(stream) as client:
        with pytest.raises(ResponseError):
            await client.get("http://vendor.example")
    assert stream.closed


async def test_the_limit_is_of_the_decoded_bytes() -> None:
    gzip_header = {"Content-Encoding": "gzip"}
    async with sending(Chunks(gzipped(TOO_MUCH)), **gzip_header) as client:
        with pytest.raises(ResponseError):
            await client.get("http://vendor.example")
    async with sending(Chunks(gzipped(1)), **gzip_header) as client:
        response = await client.get("http://vendor.example")
    assert response.content == MEBIBYTE
    assert "content-encoding" not in response.headers
    assert response.headers["content-length"] == str(len(MEBIBYTE))


async def test_a_response_of_another_encoding_than_it_says_is_a_transport_error() -> None:
    async with sending(Chunks(iter([b"plain"])), **{"Content-Encoding": "gzip"}) as client:
        with pytest.raises(httpx.TransportError):
            await client.get("http://vendor.example")


async def test_a_stream_is_its_callers_to_bound() -> None:
    async with sending(Chunks(MEBIBYTE for _ in range(TOO_MUCH))) as client:
        size = 0
        async with client.stream("GET", "http://vendor.example") as response:
            async for chunk in response.aiter_bytes():
                size += len(chunk)
    assert size > MAX_RESPONSE_BYTES


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(values)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b" ", b"{", b"<!doctype html>", b"\xff\xfe", b"NaN", b'{"a": -Infinity}', b"[1e999]", b"1" * 5000),
        *(b"[" * 100_000, b'{"a":' * 100_000, b"[" * 300 + b"]" * 300, b'"\\ud800"', b"{} {}"),
    ],
    ids=lambda content: str(content[:12]),
)
def test_what_is_not_json_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever text
        parse_json(content)


@settings(max_examples=300)
@given(st.binary(max_size=40) | st.text(alphabet='[]{}",:0123456789.eE+-naNtrufls\\', max_size=40).map(str.encode))
def test_any_bytes_are_json_that_can_be_written_again_or_a_value_error(content: bytes) -> None:
    try:
        value = parse_json(content)
    except ValueError:
        return
    assert isinstance(json.dumps(value, allow_nan=False), str)
    assert not (isinstance(value, float) and math.isnan(value))
