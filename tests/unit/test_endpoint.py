"""The pipeline around handlers, where no front door leads: an answer that breaks off after it has begun."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from showcase.auth import SigningKeys
from showcase.core import Core
from showcase.database import Database
from showcase.endpoint import Call, Endpoint, serve
from showcase.settings import CoreSettings
from starlette.requests import Request
from starlette.responses import StreamingResponse


async def _breaks_off() -> AsyncIterator[str]:
    yield "data: 1\n\n"
    raise ValueError("what nobody should read")


async def _stream(_: Call[bytes], __: None) -> StreamingResponse:
    return StreamingResponse(_breaks_off(), media_type="text/event-stream")


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


_SCOPE = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}


def _core(http: httpx.AsyncClient) -> Core:
    settings = CoreSettings.model_construct()
    return Core(settings, http, Database(http, settings), SigningKeys(http, ""))


@pytest.mark.anyio
async def test_a_stream_that_breaks_off_is_reported_as_its_requests(caplog: pytest.LogCaptureFixture) -> None:
    endpoint = Endpoint(
        name="streams", summary="", body=bytes, answer=None, callers=None, connect=lambda _: None, handle=_stream
    )
    log = logging.getLogger("showcase")
    log.addHandler(caplog.handler)
    try:
        async with httpx.AsyncClient() as client:
            answer = await serve(endpoint, _core(client))(Request(_SCOPE, _nothing))
            assert isinstance(answer, StreamingResponse)
            body = aiter(answer.body_iterator)
            assert await anext(body) == "data: 1\n\n", "what came before was sent"
            with pytest.raises(ValueError, match="nobody"):
                await anext(body)
    finally:
        log.removeHandler(caplog.handler)
    assert {record.getMessage() for record in caplog.records if record.levelno == logging.ERROR} == {"ValueError"}
