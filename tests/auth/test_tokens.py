"""Access tokens: what they say, which keys verify them, and that every part of the gateway takes the same ones."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.auth.callers import AUTH, bearer, claims_of, sign_in
from tests.support import plain_http
from tests.support.stack import Stack
from tests.support.users import User

JWKS = f"{AUTH}/.well-known/jwks.json"
PROJECT = {"project_id": "00000000-0000-4000-8000-0000000000ff"}  # none: 404 for anyone who may ask
QUERY = {"query": "{ __typename }"}


def public_jwk(stack: Stack) -> dict[str, Any]:
    keys: list[dict[str, Any]] = plain_http.get(stack.url + JWKS).json()["keys"]
    return keys[0]


def statuses(stack: Stack, token: str) -> dict[str, int]:
    """What each part answers to a token."""
    with plain_http.Client(base_url=stack.url, headers=bearer(stack, token), timeout=30) as client:
        return {
            "auth": client.get(f"{AUTH}/user").status_code,
            "rest": client.get("/rest/v1/users?select=id").status_code,
            "graphql": client.post("/graphql/v1", json=QUERY).status_code,
            "storage": client.post("/storage/v1/object/list/ai-assets", json={"prefix": ""}).status_code,
            "functions": client.post("/functions/v1/getSocialMetrics", json=PROJECT).status_code,
        }


def test_claims_are_those_of_a_hosted_project(stack: Stack) -> None:
    session = sign_in(stack)
    token = session["access_token"]
    claims = claims_of(token)
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": public_jwk(stack)["kid"], "typ": "JWT"}
    assert list(claims) == [
        *("iss", "sub", "aud", "exp", "iat", "email", "phone", "app_metadata", "user_metadata", "role", "aal", "amr"),
        *("session_id", "is_anonymous"),
    ]
    assert claims["iss"] == f"{stack.url}{AUTH}"
    assert claims["exp"] - claims["iat"] == 3600
    assert (claims["aud"], claims["role"], claims["phone"]) == ("authenticated", "authenticated", "")
    assert (claims["aal"], claims["is_anonymous"]) == ("aal1", False)
    assert [method["method"] for method in claims["amr"]] == ["oauth"]
    assert claims["app_metadata"] == {"provider": "google", "providers": ["google"]}
    assert claims["user_metadata"]["email_verified"] is True


def test_anybody_may_verify_a_token_with_the_published_key(stack: Stack) -> None:
    token = sign_in(stack)["access_token"]
    key = jwt.PyJWKClient(stack.url + JWKS).get_signing_key_from_jwt(token)
    assert jwt.decode(token, key, ["ES256"], audience="authenticated")["role"] == "authenticated"
    assert "d" not in public_jwk(stack)
    assert public_jwk(stack)["alg"] == "ES256"


def test_every_part_takes_what_auth_signs(stack: Stack) -> None:
    answers = statuses(stack, sign_in(stack)["access_token"])
    assert answers == {"auth": 200, "rest": 200, "graphql": 200, "storage": 200, "functions": 404}


def test_the_shared_secret_is_still_accepted(stack: Stack, user: User) -> None:
    """Its session is none of Auth's, and so Auth alone refuses it."""
    answers = statuses(stack, user.token)
    assert answers == {"auth": 403, "rest": 200, "graphql": 200, "storage": 200, "functions": 404}


def as_secret(claims: dict[str, Any], key: bytes) -> str:
    """A token of HS256 whose secret is a public key: what must not be taken for the private one's signature."""

    def part(value: Any) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    text = part({"alg": "HS256", "typ": "JWT"}) + b"." + part(claims)
    signature = base64.urlsafe_b64encode(hmac.new(key, text, hashlib.sha256).digest()).rstrip(b"=")
    return (text + b"." + signature).decode()


FORGERIES = ["another key", "another key of the same id", "no id", "another curve's", "public key as secret", "cut"]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_other_key_signs(stack: Stack, forgery: str) -> None:
    good = sign_in(stack)["access_token"]
    claims = claims_of(good) | {"exp": int(time.time()) + 600}
    jwk = public_jwk(stack)
    other, wide = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
    public = jwt.PyJWK(jwk).key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    token = {
        "another key": jwt.encode(claims, other, "ES256", {"kid": "mine"}),
        "another key of the same id": jwt.encode(claims, other, "ES256", {"kid": jwk["kid"]}),
        "no id": jwt.encode(claims, other, "ES256"),
        "another curve's": jwt.encode(claims, wide, "ES384", {"kid": jwk["kid"]}),
        "public key as secret": as_secret(claims, public),
        "cut": good[:-8],
    }[forgery]
    refused = statuses(stack, token)
    assert {name: status for name, status in refused.items() if status not in {400, 401, 403}} == {}
    assert refused["storage"] in {400, 403}
