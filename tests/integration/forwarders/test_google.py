"""Forwarders that show Google ID tokens, minted from a service account's key, to handlers with an address each."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.cluster import TestCluster
from tests.support.doubles.backend_stub import BackendStub, Reply, Seen, Stage, running_stage
from tests.support.doubles.forwarders import Edge, running_forwarders, signed_in

ACCOUNT = "forwarders@project.iam.gserviceaccount.com"


@dataclass
class Google:
    """Its token endpoint: checks what it is asked with, and gives what is wanted."""

    url: str
    key: rsa.RSAPrivateKey
    asked: list[str] = field(default_factory=list)  # for which audience
    seconds: int = 3600  # that a token is good for
    status: int = 200

    def reply(self, seen: Seen) -> Reply:
        form = parse_qs(seen.body.decode())
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        claims = jwt.decode(form["assertion"][0], self.key.public_key(), ["RS256"], audience=self.url)
        assert (claims["iss"], claims["sub"]) == (ACCOUNT, ACCOUNT)
        assert claims["exp"] - claims["iat"] <= 3600
        self.asked.append(claims["target_audience"])
        expires = int(time.time()) + self.seconds
        token = jwt.encode({"aud": claims["target_audience"], "exp": expires, "n": len(self.asked)}, "x" * 32)
        return self.status, [("Content-Type", "application/json")], json.dumps({"id_token": token}).encode()


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def token_stage() -> Iterator[Stage]:
    with running_stage() as stage:
        yield stage


@pytest.fixture
def google(token_stage: Stage, key: rsa.RSAPrivateKey) -> Iterator[Google]:
    google = Google(f"{token_stage.url}/token", key)
    with token_stage.backend_stub() as endpoint:
        endpoint.reply = google.reply
        yield google


@pytest.fixture
def edge(cluster: TestCluster, stage: Stage, google: Google) -> Iterator[Edge]:
    """New for each test: tokens are kept."""
    pem = google.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {"type": "service_account", "client_email": ACCOUNT, "private_key_id": "1", "token_uri": google.url}
    settings = {
        "FUNCTIONS_BACKEND_URL": f"{stage.url}/{{function}}/",
        "FUNCTIONS_BACKEND_AUTH": "google",
        "GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps({**account, "private_key": pem.decode()}),
    }
    with running_forwarders(cluster, **settings) as edge:
        yield edge


@pytest.fixture
def client(edge: Edge) -> Iterator[httpx.Client]:
    with edge.client() as client:
        yield client


def shown(seen: Seen) -> dict[str, object]:
    """The token that the backend was shown."""
    scheme, _, token = seen.headers["x-serverless-authorization"].partition(" ")
    assert scheme == "Bearer"
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_the_token_is_for_the_handler_and_the_caller_keeps_theirs(
    backend: BackendStub, stage: Stage, google: Google, client: httpx.Client
) -> None:
    forged = {"X-Serverless-Authorization": "Bearer forged", "X-Functions-Backend-Secret": "forged"}
    client.post("aiDesignAssistant", content=b"{}", headers={"Authorization": signed_in(), **forged})
    client.post("webhooks/stripe", content=b"{}")
    design, stripe = backend.seen
    assert design.target == "/ai-design-assistant/functions/v1/aiDesignAssistant"
    assert stripe.target == "/webhooks-stripe/functions/v1/webhooks/stripe"
    assert design.headers["authorization"] == signed_in()
    assert "authorization" not in stripe.headers
    assert google.asked == [f"{stage.url}/ai-design-assistant", f"{stage.url}/webhooks-stripe"]
    assert [shown(design)["aud"], shown(stripe)["aud"]] == google.asked
    assert "x-functions-backend-secret" not in design.headers


def test_a_token_is_asked_for_once_by_however_many(backend: BackendStub, google: Google, client: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: client.get("health").status_code, range(24)))
    assert answers == [200] * 24
    assert len(google.asked) == 1
    assert len({seen.headers["x-serverless-authorization"] for seen in backend.seen}) == 1


def test_a_token_that_is_about_to_expire_is_replaced(
    backend: BackendStub, google: Google, client: httpx.Client
) -> None:
    google.seconds = 200
    client.get("health")
    google.seconds = 3600
    for _ in range(3):
        client.get("health")
    assert [shown(seen)["n"] for seen in backend.seen] == [1, 2, 2, 2]


def test_nobody_has_tokens_asked_for_by_what_they_call(google: Google, client: httpx.Client, edge: Edge) -> None:
    """Each would be kept for an hour; and nobody fills the log."""
    for path in ("health/other", "webhooks/another", "webhooks"):
        assert client.post(path, content=b"{}").status_code == 404
    assert google.asked == []
    assert "not_found" not in edge.log.read_text()


@pytest.mark.parametrize("broken", ["status", "token"])
def test_without_a_token_nothing_is_sent(
    backend: BackendStub, google: Google, client: httpx.Client, edge: Edge, broken: str
) -> None:
    """And the next one tries again."""
    good = (google.status, google.seconds)
    google.status = 500 if broken == "status" else 200
    google.key = google.key if broken == "status" else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    answer = client.get("health")
    assert (answer.status_code, answer.json()["code"]) == (502, "backend_unreachable")
    assert backend.seen == []
    if broken == "status":
        assert "Google's token endpoint answered 500" in edge.log.read_text()
        google.status, google.seconds = good
        assert client.get("health").status_code == 200
