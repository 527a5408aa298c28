"""Tokens signed by a project's own keys, against a real server that publishes them."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from showcase import signing_keys
from showcase.auth import ANONYMOUS, SERVICE, Caller, Kind, authenticate
from showcase.errors import ApiError, ServiceUnavailable, Unauthorized
from showcase.outbound.http_client import HttpClient
from showcase.settings import CoreSettings
from showcase.signing_keys import SigningKeys

from tests.support.doubles.replay import Answer, odd_answers
from tests.support.doubles.responding import responding_client

pytestmark = pytest.mark.anyio

SECRET = "a shared secret of at least thirty-two bytes"
USER = uuid4()


@dataclass
class Publisher:
    """The keys that a project publishes, and how often it was asked for them."""

    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    asked: int = 0
    url: str = ""

    def add(self, key_id: str) -> None:
        self.keys[key_id] = ec.generate_private_key(ec.SECP256R1())

    def token(self, key_id: str, **claims: Any) -> str:
        payload = {"sub": str(USER), "role": "authenticated", "exp": time.time() + 60, **claims}
        return jwt.encode(payload, self.keys[key_id], algorithm="ES256", headers={"kid": key_id})

    def document(self) -> bytes:
        algorithm = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)
        keys = {name: json.loads(algorithm.to_jwk(key.public_key())) for name, key in self.keys.items()}
        return json.dumps({"keys": [{**key, "kid": name, "alg": "ES256"} for name, key in keys.items()]}).encode()


@contextmanager
def publishing(publisher: Publisher) -> Iterator[Publisher]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher.asked += 1
            body = publisher.document()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        publisher.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield publisher
        finally:
            server.shutdown()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing(Publisher()) as publisher:
        publisher.add("first")
        yield publisher


def settings(url: str, **other: Any) -> CoreSettings:
    return CoreSettings(
        supabase_url=url, supabase_publishable_key="sb_publishable_x", supabase_secret_key="sb_secret_x", **other
    )


async def ask(publisher: Publisher, tokens: list[str]) -> list[Any]:
    """What each token, sent one after the other to one process, says about its bearer."""
    outcomes: list[Any] = []
    keys = SigningKeys(HttpClient(), f"{publisher.url}/keys")
    for token in tokens:
        try:
            headers = {"authorization": f"Bearer {token}"}
            outcomes.append(await authenticate(headers, settings(publisher.url), keys))
        except ApiError as error:
            outcomes.append(error)
    return outcomes


async def test_a_user_is_known_by_a_published_key_that_is_fetched_once(publisher: Publisher) -> None:
    callers = await ask(publisher, [publisher.token("first") for _ in range(5)])
    assert {(caller.kind, caller.user_id) for caller in callers} == {(Kind.USER, USER)}
    assert publisher.asked == 1
    assert publisher.token("first") not in repr(callers[0])


async def test_unknown_key_ids_do_not_make_us_ask_each_time(publisher: Publisher) -> None:
    stranger = Publisher()
    stranger.add("stranger")
    outcomes = await ask(publisher, [stranger.token("stranger") for _ in range(20)])
    assert {type(outcome) for outcome in outcomes} == {Unauthorized}
    assert publisher.asked == 1


async def test_a_token_that_was_verified_ends_with_its_time_and_with_its_key(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, token = time.time(), publisher.token("first")
    keys = SigningKeys(HttpClient(), f"{publisher.url}/keys")

    async def outcome() -> Any:
        try:
            return await authenticate({"authorization": f"Bearer {token}"}, settings(publisher.url), keys)
        except Unauthorized as error:
            return error.code

    assert (await outcome()).user_id == USER
    with monkeypatch.context() as later:
        later.setattr(time, "time", lambda: now + 3600)
        assert await outcome() == "token_expired"
    assert (await outcome()).user_id == USER
    publisher.keys.clear()
    monkeypatch.setattr(signing_keys, "KEYS_LIVE_FOR", 0.0)
    assert await outcome() == "invalid_token"


async def test_only_so_many_tokens_are_remembered(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_keys, "MAX_VERIFIED", 2)
    keys = SigningKeys(HttpClient(), f"{publisher.url}/keys")
    for number in range(4):
        token = publisher.token("first", session=number)
        await authenticate({"authorization": f"Bearer {token}"}, settings(publisher.url), keys)
        assert len(keys.verified) <= 2


async def test_a_key_of_the_right_name_but_of_others_is_refused(publisher: Publisher) -> None:
    impostor = Publisher()
    impostor.add("first")
    assert [type(o) for o in await ask(publisher, [impostor.token("first")])] == [Unauthorized]


@pytest.mark.parametrize(
    "claims",
    [
        {"role": "supabase_admin"},
        {"role": None},
        {"sub": "somebody"},
        {"sub": None},
        {"exp": 1},
        {"nbf": time.time() + 3600},
        {"iat": time.time() + 3600},
    ],
)
async def test_claims_that_are_no_users_are_refused(publisher: Publisher, claims: dict[str, Any]) -> None:
    token = publisher.token("first", **claims)
    assert [type(o) for o in await ask(publisher, [token])] == [Unauthorized]


async def test_a_legacy_service_key_is_the_service(publisher: Publisher) -> None:
    assert await ask(publisher, [publisher.token("first", role="service_role")]) == [SERVICE]


async def test_unsigned_tokens_and_shared_secrets_that_were_not_set_are_refused(publisher: Publisher) -> None:
    claims = {"sub": str(USER), "role": "service_role", "exp": time.time() + 60}
    unsigned = jwt.encode(claims, "", algorithm="none")
    by_public_key = jwt.encode(claims, publisher.document().hex(), algorithm="HS256", headers={"kid": "first"})
    assert [type(o) for o in await ask(publisher, [unsigned, by_public_key])] == [Unauthorized, Unauthorized]


async def test_a_project_that_publishes_no_keys_knows_nobody_by_one_and_is_asked_once(publisher: Publisher) -> None:
    token = publisher.token("first")
    publisher.keys.clear()
    assert [type(o) for o in await ask(publisher, [token] * 5)] == [Unauthorized] * 5
    assert publisher.asked == 1


async def test_without_any_key_and_without_auth_nobody_can_be_told(publisher: Publisher) -> None:
    token = publisher.token("first")
    keys = SigningKeys(HttpClient(), "http://127.0.0.1:1/keys")
    with pytest.raises(ServiceUnavailable):
        await authenticate({"authorization": f"Bearer {token}"}, settings(publisher.url), keys)


async def check(headers: dict[str, str]) -> Any:
    keys = SigningKeys(HttpClient(), "http://127.0.0.1:1/keys")
    return await authenticate(headers, settings("http://127.0.0.1:1", supabase_jwt_secret=SECRET), keys)


async def test_whatever_is_published_in_the_place_of_keys_is_no_failure_of_ours(publisher: Publisher) -> None:
    headers = {"authorization": f"Bearer {publisher.token('first')}"}
    for name, odd in odd_answers(Answer(200, "application/json", publisher.document())).items():
        published = httpx.Response(odd.status, content=odd.body)
        keys = SigningKeys(responding_client(lambda _, published=published: published), "http://auth/keys")  # type: ignore[misc]
        try:
            found = str((await authenticate(headers, settings("http://auth"), keys)).user_id)
        except (ServiceUnavailable, Unauthorized) as error:
            found = error.code
        assert found in {str(USER), "auth_unavailable", "invalid_token"}, name


async def test_project_keys_are_told_apart() -> None:
    assert await check({}) is ANONYMOUS
    assert await check({"authorization": "Bearer sb_publishable_x"}) is ANONYMOUS
    assert await check({"authorization": "Basic sb_secret_x"}) is ANONYMOUS
    assert await check({"authorization": "Bearer sb_secret_x"}) is SERVICE
    assert await check({"apikey": "sb_secret_x"}) is SERVICE
    assert await check({"apikey": "sb_secret_x "}) is ANONYMOUS


async def test_only_a_signed_in_user_has_a_user_id() -> None:
    assert Caller(Kind.USER, USER, "token").require_user_id() == USER
    for nobody in (ANONYMOUS, SERVICE):
        with pytest.raises(Unauthorized):
            nobody.require_user_id()


@hypothesis_settings(max_examples=150)
@given(st.text(min_size=1).map(str.strip).filter(bool))
def test_no_text_makes_somebody(text: str) -> None:
    """Whatever stands in the header is nobody, or refused as a client's fault or as Auth's absence; never a crash."""
    import asyncio

    try:
        caller = asyncio.run(check({"authorization": f"Bearer {text}"}))
    except (Unauthorized, ServiceUnavailable):
        return
    assert caller is ANONYMOUS
