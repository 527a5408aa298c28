"""The simulator of SendGrid, held against SendGrid's own published description of mail send."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.cluster import TestCluster
from tests.support.vendors.described import DescribedAnswer, mail_send, sendgrid_description
from tests.support.vendors.simulators import running_simulator

GOOD: dict[str, Any] = {
    "personalizations": [{"to": [{"email": "a@example.com", "name": "A"}], "headers": {"X-A": "b"}}],
    "from": {"email": "showcase@example.com"},
    "subject": "Hello",
    "content": [{"type": "text/plain", "value": "Hi"}],
    "categories": ["welcome"],
    "tracking_settings": {"click_tracking": {"enable": False}},
}


@pytest.fixture(scope="module")
def description() -> Any:
    return sendgrid_description()


@pytest.fixture(scope="module")
def sendgrid(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running_simulator("sendgrid", cluster, tmp_path_factory.mktemp("sendgrid")) as client:
        yield client


def send(client: httpx.Client, body: Any) -> httpx.Response:
    return client.post("/v3/mail/send", json=body, headers={"Authorization": "Bearer SG.test"})


def test_it_takes_what_is_described(sendgrid: httpx.Client, description: Any) -> None:
    description.validate_request(mail_send(GOOD))
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
        description.validate_request(mail_send(GOOD | change))
    answer = send(sendgrid, GOOD | change)
    assert answer.status_code == 400
    description.validate_response(mail_send(GOOD), DescribedAnswer(answer))


@pytest.mark.parametrize("kind", ["bad_credentials", "server_error", "refused"])
def test_its_refusals_are_as_described(sendgrid: httpx.Client, description: Any, kind: str) -> None:
    to = f"{kind}@example.com"
    sendgrid.put("/_simulator/behaviours", json={to: [{"kind": kind}]}).raise_for_status()
    answer = send(sendgrid, GOOD | {"personalizations": [{"to": [{"email": to}]}]})
    assert answer.status_code in {400, 401, 500}
    description.validate_response(mail_send(GOOD), DescribedAnswer(answer))
