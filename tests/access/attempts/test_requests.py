"""Attempts by what a request is made of: keys that a token names, depth, size, paths and headers."""

import base64
import time
from typing import Any

import httpx
import jwt
import pytest

from tests.access.world import World
from tests.support import plain_http
from tests.support.supabase_stack import chosen_stack

SECRET = "chosen by anyone who forges it, and long enough for HS256"
JWK = {"kty": "oct", "k": base64.urlsafe_b64encode(SECRET.encode()).decode()}
# What a verifier would have to take for the key, or for a place where the key is.
NAMED_KEYS: list[dict[str, Any]] = [
    {"jwk": JWK},
    {"jku": "http://127.0.0.1:1/jwks.json"},
    {"x5u": "http://127.0.0.1:1/chain.pem"},
    {"x5c": [base64.b64encode(b"certificate").decode()]},
    {"kid": "../../../../../../dev/null"},
    {"kid": "' union select 'secret"},
    {"kid": "http://127.0.0.1:1/jwks.json"},
    {"crit": ["exp"]},
]
NO_GRAPHQL = pytest.mark.skipif(bool(chosen_stack()), reason="the front of Supabase's own servers serves no GraphQL")
SERVICES = [
    ("GET", "/rest/v1/layouts"),
    ("GET", "/auth/v1/user"),
    ("GET", "/storage/v1/bucket"),
    pytest.param("POST", "/graphql/v1", marks=NO_GRAPHQL),
    ("POST", "/functions/v1/generateQrCode"),
]
BODIES = {
    "deep": b"[" * 200_000 + b"]" * 200_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a long number": b'{"title":' + b"9" * 1_000_000 + b"}",
    "a NUL": b'{"title":"a\\u0000"}',
    "half a surrogate pair": b'{"title":"\\ud800"}',
}
POSTS = [
    *("/rest/v1/projects", "/rest/v1/rpc/get_my_plan", "/auth/v1/token?grant_type=refresh_token", "/auth/v1/otp"),
    *("/storage/v1/object/list/ai-assets", "/storage/v1/bucket", "/functions/v1/getSocialMetrics"),
]
ELSEWHERE = [
    *("/rest/v1/../auth/v1/admin/users", "/rest/v1/%2e%2e/private", "/rest/v1/projects%00", "/rest/v1/private.users"),
    *("/storage/v1/object/public/..%2f..%2f..%2fkeys.json", "/storage/v1/object/public/avatars/..%5c..%5ckeys.json"),
    *("/functions/v1/..%2f..%2fhealth", "/functions/v1//etc/passwd", "/functions/v1/%00", "/_local/../keys.json"),
]
TARGETS = [
    *(
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://evil.example/?{site}",
        "https://evil.example#{site}",
    ),
    *("{site}.evil.example", "{site}@evil.example/", "{site}\\@evil.example", "{site}%2f@evil.example"),
    *("{site}\t.evil.example", "\r\nLocation: https://evil.example"),
]


@pytest.mark.parametrize("header", NAMED_KEYS, ids=str)
@pytest.mark.parametrize(("method", "path"), SERVICES)
def test_a_token_does_not_name_its_own_key(world: World, header: dict[str, Any], method: str, path: str) -> None:
    claims = {"sub": str(world.owner.id), "role": "authenticated", "aud": "authenticated", "exp": int(time.time()) + 60}
    token = jwt.encode(claims, SECRET, "HS256", headers=header)
    headers = {"apikey": world.stack.publishable_key, "Authorization": f"Bearer {token}"}
    with plain_http.Client(base_url=world.stack.url, headers=headers, timeout=30) as client:
        answer = client.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code in {400, 401, 403}, answer.text


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_of_any_shape_is_the_callers_mistake(world: World, path: str, body: bytes) -> None:
    client = world.clients["other"]
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.is_client_error, answer.text
    assert client.get("/rest/v1/projects", params={"limit": "1"}).is_success, "others are served"


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_path_leads_nowhere_else(world: World, path: str) -> None:
    for caller in ("anon", "other"):
        answer = world.clients[caller].get(path)
        assert answer.is_client_error, answer.text
        assert "supabase_secret_key" not in answer.text


def test_a_name_is_no_header(world: World) -> None:
    """Of a download, and of a request."""
    with plain_http.Client(base_url=world.stack.url, headers=world.stack.headers("service"), timeout=30) as service:
        path = f"/storage/v1/object/ai-assets/{world.owner.id}/header.png"
        service.post(path, content=b"png", headers={"Content-Type": "image/png"}).raise_for_status()
        answer = service.get(path, params={"download": 'a"\r\nX-Other: 1\r\n.png'})
        assert answer.is_success
        assert "x-other" not in answer.headers
        answer = service.get("/rest/v1/templates", headers={"X-Request-Id": "a b; X-Other: 1"})
        assert answer.headers["x-request-id"] != "a b; X-Other: 1"


@pytest.mark.parametrize("target", TARGETS)
def test_a_sign_in_does_not_lead_elsewhere(world: World, target: str) -> None:
    """The tokens are in the address where it ends."""
    stack = world.stack
    with plain_http.Client(timeout=30) as browser:
        wanted = target.replace("{site}", stack.site_url)
        begun = browser.get(f"{stack.url}/auth/v1/authorize", params={"provider": "google", "redirect_to": wanted})
        [known, *_] = browser.get(f"{stack.identity_url}/people").json()
        chosen = browser.get(f"{begun.headers['location']}&login_hint={known['sub']}")
        ended = browser.get(chosen.headers["location"])
    end = httpx.URL(ended.headers["location"])
    assert (end.scheme, end.netloc.decode(), end.path) == ("http", stack.site_url.removeprefix("http://"), "/")
    assert "access_token=" in end.fragment
