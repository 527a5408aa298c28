"""grant_type=id_token: a session for an ID token that an app got from Google itself (One Tap, native sign-in)."""

import base64
import hashlib
import json
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.auth.callers import AUTH, address, claims_of, sign_in
from tests.support import plain_http
from tests.support.sign_in import query, register
from tests.support.stack import Stack

NONCE = "a nonce of the app"
HASHED = hashlib.sha256(NONCE.encode()).hexdigest()


def from_google(stack: Stack, sub: str, *, client_id: str = "local", nonce: str = "") -> dict[str, str]:
    """What the provider gives an app: an ID token and an access token."""
    asked = {
        "client_id": client_id,
        "redirect_uri": f"{stack.site_url}/app",
        "response_type": "code",
        "login_hint": sub,
    }
    asked |= {"scope": "openid email profile", "state": "s"} | ({"nonce": nonce} if nonce else {})
    back = plain_http.get(f"{stack.identity_url}/authorize", params=asked).headers["location"]
    grant = {"grant_type": "authorization_code", "code": query(back)["code"], "redirect_uri": asked["redirect_uri"]}
    tokens: dict[str, str] = plain_http.post(
        f"{stack.identity_url}/token", data=grant | {"client_id": client_id}
    ).json()
    return tokens


def exchange(stack: Stack, **body: Any) -> httpx.Response:
    with stack.client() as client:
        return client.post(f"{AUTH}/token?grant_type=id_token", json=body)


def test_an_id_token_opens_the_account_of_its_subject(stack: Stack) -> None:
    sub = register(stack, email=address(), name="Some Body")
    first = claims_of(sign_in(stack, sub)["access_token"])
    session = exchange(stack, provider="google", id_token=from_google(stack, sub)["id_token"])
    assert session.status_code == 200
    assert claims_of(session.json()["access_token"])["sub"] == first["sub"]


def test_it_makes_an_account_like_any_sign_in(stack: Stack) -> None:
    email = address()
    tokens = from_google(stack, register(stack, email=email), nonce=HASHED)
    body = {"provider": "google", "id_token": tokens["id_token"], "access_token": tokens["access_token"]}
    session = exchange(stack, **body, nonce=NONCE).json()
    assert (session["user"]["email"], session["user"]["app_metadata"]["provider"]) == (email, "google")


@pytest.mark.parametrize(
    ("nonce", "given", "error"),
    [
        (HASHED, "", "invalid request"),
        ("", NONCE, "invalid request"),
        (HASHED, "another", "invalid nonce"),
        (NONCE, NONCE, "invalid nonce"),  # the provider is to be given the hash
    ],
)
def test_the_nonce_has_to_be_the_apps(stack: Stack, nonce: str, given: str, error: str) -> None:
    tokens = from_google(stack, register(stack, email=address()), nonce=nonce)
    answer = exchange(stack, provider="google", id_token=tokens["id_token"], nonce=given)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_token_for_another_app_is_refused(stack: Stack) -> None:
    tokens = from_google(stack, register(stack, email=address()), client_id="another-app")
    answer = exchange(stack, provider="google", id_token=tokens["id_token"])
    assert answer.json()["error_description"] == "Unacceptable audience in id_token: [another-app]"


def forged(claims: dict[str, Any]) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, key, "RS256", {"kid": "mine"})


def unsigned(claims: dict[str, Any]) -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none"}, claims)
    ]
    return ".".join([*parts, ""])


@pytest.mark.parametrize("make", [forged, unsigned, lambda _: "x.y.z"], ids=["another key", "no signature", "no token"])
def test_what_google_did_not_sign_is_refused(stack: Stack, make: Any) -> None:
    good = from_google(stack, register(stack, email=address()))["id_token"]
    answer = exchange(stack, provider="google", id_token=make(claims_of(good)))
    assert answer.json() == {"error": "invalid request", "error_description": "Bad ID token"}


def test_other_providers_are_refused(stack: Stack) -> None:
    for body in ({"provider": "apple"}, {"provider": "nonsense"}, {"issuer": "https://evil.example", "client_id": "x"}):
        assert exchange(stack, id_token="x.y.z", **body).json()["error_code"] == "validation_failed"
    assert exchange(stack, provider="google").json()["error_description"] == "id_token required"
    assert exchange(stack, id_token="x").json()["error_description"] == "provider or client_id and issuer required"


def test_a_second_google_account_cannot_be_linked(stack: Stack) -> None:
    session = sign_in(stack)
    tokens = from_google(stack, register(stack, email=address()))
    with stack.client() as client:
        answer = client.post(
            f"{AUTH}/token?grant_type=id_token",
            json={"provider": "google", "id_token": tokens["id_token"], "link_identity": True},
            headers={"Authorization": f"Bearer {session['access_token']}"},
        )
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        "This address belongs to the account of another Google account.",
    )
