"""Who calls Auth in these tests, and what they send."""

import base64
import json
import secrets
from typing import Any

import httpx

from tests.support.sign_in import browse, query, register
from tests.support.stack import Stack

AUTH = "/auth/v1"
VERIFIER = "v" * 64
CHALLENGE = "w1TpKUdYE9hUAcNSeeSRFioHDxfUxuHho_JHAfZ_vDM"  # of the verifier, S256


def address() -> str:
    return f"p{secrets.token_hex(6)}@example.com"


def sign_in(stack: Stack, sub: str = "", **more: str) -> dict[str, Any]:
    """The session of a sign-in by the implicit flow: what comes back in the fragment."""
    sub = sub or register(stack, email=address(), name="Some Body")
    start = {"provider": "google", "login_hint": sub, "redirect_to": f"{stack.site_url}/welcome", **more}
    back = browse(str(httpx.URL(f"{stack.url}{AUTH}/authorize", params=start)), stack.site_url)
    assert "error" not in query(back), back
    return query(back.replace("#", "?", 1))


def claims_of(token: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return payload


def bearer(stack: Stack, token: str) -> dict[str, str]:
    return {"apikey": stack.publishable_key, "Authorization": f"Bearer {token}"}


def refresh(stack: Stack, token: str) -> httpx.Response:
    with stack.client() as client:
        return client.post(f"{AUTH}/token?grant_type=refresh_token", json={"refresh_token": token})
