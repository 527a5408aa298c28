"""The pipeline around handlers, where no front door leads: an answer that breaks off after it has begun."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from showcase.backend_auth import require_backend_secret
from showcase.core import Core
from showcase.database import Database
from showcase.endpoint import Call, Endpoint, serve
from showcase.outbound.http_client import HttpClient
from showcase.settings import CoreSettings
from showcase.signing_keys import SigningKeys
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse


async def _breaks_off() -> AsyncIterator[str]:
    yield "data: 1\n\n"
    raise ValueError("what nobody should read")


async def _stream(_: Call[bytes], __: None) -> StreamingResponse:
    return StreamingResponse(_breaks_off(), media_type="text/event-stream")


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


NOT_SET: dict[str, Any] = {}
_SCOPE = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}


def _core() -> Core:
    settings, http = CoreSettings.model_construct(**NOT_SET), HttpClient()
    return Core(settings, http, Database(http, settings), SigningKeys(http, ""))


@contextmanager
def listening(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Our log goes nowhere else."""
    log = logging.getLogger("showcase")
    log.addHandler(caplog.handler)
    try:
        yield
    finally:
        log.removeHandler(caplog.handler)


@pytest.mark.anyio
async def test_a_stream_that_breaks_off_is_reported_as_its_requests(caplog: pytest.LogCaptureFixture) -> None:
    endpoint = Endpoint(
        name="streams", summary="", body=bytes, answer=None, callers=None, connect=lambda _: None, handle=_stream
    )
    with listening(caplog):
        answer = await serve(endpoint, _core())(Request(_SCOPE, _nothing))
        assert isinstance(answer, StreamingResponse)
        body = aiter(answer.body_iterator)
        assert await anext(body) == "data: 1\n\n", "what came before was sent"
        with pytest.raises(ValueError, match="nobody"):
            await anext(body)
    assert {record.getMessage() for record in caplog.records if record.levelno == logging.ERROR} == {"ValueError"}


@pytest.mark.anyio
async def test_who_is_refused_at_the_gate_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Else nothing would say why everybody is refused, where the forwarders have another secret."""

    async def never(_: Request) -> Response:
        raise AssertionError

    settings = CoreSettings.model_construct(**NOT_SET, functions_backend_secrets=SecretStr("s" * 32))
    shown = [(b"x-functions-backend-secret", b"another"), (b"x-request-id", b"asked-1")]
    with listening(caplog):
        answer = await require_backend_secret(never, settings)(Request({**_SCOPE, "headers": shown}, _nothing))
    assert answer.status_code == 403
    said = {(record.getMessage(), vars(record)["fields"]["request_id"]) for record in caplog.records}
    assert said == {("not_from_gateway 403", "asked-1")}
