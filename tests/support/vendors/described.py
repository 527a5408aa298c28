"""Messages as openapi-core reads them, to hold them against a vendor's description."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from tests.support.vendors.descriptions import description_file


@dataclass(frozen=True)
class DescribedRequest:
    """A request: openapi-core's protocol of the same name."""

    host_url: str
    path: str
    method: str
    body: bytes | None = None
    query: str = ""

    @property
    def content_type(self) -> str:
        return "application/json" if self.body else ""

    @property
    def parameters(self) -> Any:
        datatypes = pytest.importorskip("openapi_core.datatypes")
        structures = pytest.importorskip("werkzeug.datastructures")
        query = structures.ImmutableMultiDict(parse_qsl(self.query))
        return datatypes.RequestParameters(query=query, header=structures.Headers({"authorization": "Bearer x"}))


@dataclass(frozen=True)
class DescribedAnswer:
    """An answer, as httpx has it."""

    answer: httpx.Response

    @property
    def data(self) -> bytes:
        return self.answer.content

    @property
    def status_code(self) -> int:
        return self.answer.status_code

    @property
    def content_type(self) -> str:
        return str(self.answer.headers.get("content-type", "")).partition(";")[0]

    @property
    def headers(self) -> Any:
        return self.answer.headers


def mail_send(body: Any) -> DescribedRequest:
    """A request to SendGrid's mail send."""
    return DescribedRequest("https://api.sendgrid.com", "/v3/mail/send", "post", json.dumps(body).encode())


def sendgrid_description() -> Any:
    """SendGrid's description, which checks requests and answers; skips the test where it is missing."""
    file = description_file("sendgrid.mail_v3.json")
    if not file.is_file():
        pytest.skip(f"SendGrid's published API description is not at {file}")
    openapi = pytest.importorskip("openapi_core", reason="openapi-core is not installed")
    text = json.loads(file.read_text("utf-8"))
    return openapi.OpenAPI.from_dict(text, config=openapi.Config(spec_validator_cls=None))
