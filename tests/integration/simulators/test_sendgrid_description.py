"""The simulator of SendGrid, held against SendGrid's own published description of mail send."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.support.cluster import TestCluster
from tests.support.vendors.descriptions import description_file
from tests.support.vendors.simulators import running_simulator

DESCRIPTION = description_file("sendgrid.mail_v3.json")
GOOD: dict[str, Any] = {
    "personalizations": [{"to": [{"email": "a@example.com", "name": "A"}], "headers": {"X-A": "b"}}],
    "from": {"email": "showcase@example.com"},
    "subject": "Hello",
    "content": [{"type": "text/plain", "value": "Hi"}],
    "categories": ["welcome"],
    "tracking_settings": {"click_tracking": {"enable": False}},
}


@dataclass(frozen=True)
class Asked:
    """A request as openapi-core reads it."""

    body: bytes
    host_url: str = "https://api.sendgrid.com"
    path: str = "/v3/mail/send"
    method: str = "post"
    content_type: str = "application/json"

    @property
    def parameters(self) -> Any:
        datatypes = pytest.importorskip("openapi_core.datatypes")
        structures = pytest.importorskip("werkzeug.datastructures")
        return datatypes.RequestParameters(header=structures.Headers({"authorization": "Bearer x"}))


@dataclass(frozen=True)
class Answered:
    """An answer as openapi-core reads it."""

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


@pytest.fixture(scope="module")
def description() -> Any:
    if not DESCRIPTION.is_file():
        pytest.skip(f"SendGrid's published API description is not at {DESCRIPTION}")
    openapi = pytest.importorskip("openapi_core", reason="openapi-core is not installed")
    text = json.loads(DESCRIPTION.read_text("utf-8"))
    return openapi.OpenAPI.from_dict(text, config=openapi.Config(spec_validator_cls=None))


@pytest.fixture(scope="module")
def sendgrid(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running_simulator("sendgrid", cluster, tmp_path_factory.mktemp("sendgrid")) as client:
        yield client


def send(client: httpx.Client, body: Any) -> httpx.Response:
    return client.post("/v3/mail/send", json=body, headers={"Authorization": "Bearer SG.test"})


def test_it_takes_what_is_described(sendgrid: httpx.Client, description: Any) -> None:
    description.validate_request(Asked(json.dumps(GOOD).encode()))
    assert send(sendgrid, GOOD).status_code == 202


@pytest.mark.parametrize(
    "change",
    [
        {"personalizations": None},
        {"personalizations": [{}]},
        {"personalizations": [{"to": "a@example.com"}]},
        {"from": "showcase@example.com"},
        {"subject": ""},
        {"content": [{"type": "text/plain"}]},
        {"content": [{"type": "", "value": "x"}]},
        {"categories": ["x" * 256]},
        {"ip_pool_name": "x"},
        {"attachments": [{"filename": "a"}]},
    ],
    ids=str,
)
def test_it_refuses_what_is_not(sendgrid: httpx.Client, description: Any, change: dict[str, Any]) -> None:
    exceptions = pytest.importorskip("openapi_core.exceptions")
    with pytest.raises(exceptions.OpenAPIError):
        description.validate_request(Asked(json.dumps(GOOD | change).encode()))
    answer = send(sendgrid, GOOD | change)
    assert answer.status_code == 400
    description.validate_response(Asked(json.dumps(GOOD).encode()), Answered(answer))


@pytest.mark.parametrize("kind", ["bad_credentials", "server_error", "refused"])
def test_its_refusals_are_as_described(sendgrid: httpx.Client, description: Any, kind: str) -> None:
    to = f"{kind}@example.com"
    sendgrid.put("/_simulator/behaviours", json={to: [{"kind": kind}]}).raise_for_status()
    answer = send(sendgrid, GOOD | {"personalizations": [{"to": [{"email": to}]}]})
    assert answer.status_code in {400, 401, 500}
    description.validate_response(Asked(json.dumps(GOOD).encode()), Answered(answer))
