"""Makes the demo rows of supabase/seed.sql look right: pictures that exist, and a history that meets today's numbers.

The pictures come in as a user's do: a sign-in, createUploadUrl, confirmUpload. It may be interrupted and run again:
each row that still leads to example.com is replaced, one by one.
"""

import base64
import hashlib
import secrets
import sys
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from pydantic_settings import BaseSettings, SettingsConfigDict

from local.tools import demo_pictures

PROJECT = "00000000-0000-4000-8000-000000000101"
GRACE = {
    "name": "Grace Hopper",
    "headline": "I teach machines to read.",
    "location": "New York",
    "links": ["https://github.com/grace"],
}
ADA = {
    "name": "Ada Lovelace",
    "headline": "Notes on what engines could do.",
    "bio": "Mathematician. I write programs for a machine that is not built yet.",
    "location": "London",
    "links": ["https://github.com/ada", "https://ada.example.com"],
}
COMPILER = "00000000-0000-4000-8000-000000000201"
PLACEHOLDER = "https://%.example.com/%"
IMAGES = {
    "engine-front": demo_pictures.engine,
    "engine-mill": demo_pictures.mill,
}
Json = dict[str, Any]


class DemoSettings(BaseSettings):
    """Where the stack is, from the environment."""

    model_config = SettingsConfigDict(frozen=True)

    supabase_url: str
    supabase_publishable_key: str
    supabase_secret_key: str
    site_url: str


@dataclass(frozen=True)
class User:
    """A signed-in demo user."""

    id: str
    api: httpx.Client


def fill_in(settings: DemoSettings) -> bool:
    """Whether there was anything left to do.

    Raises:
        httpx.HTTPError: a part of the stack does not answer, or refuses.
    """
    with _client(settings, settings.supabase_secret_key) as service:
        if not _rows(service, "project_images", project_id=f"eq.{PROJECT}", url=f"like.{PLACEHOLDER}"):
            return False
        _meet_todays_numbers(service)
    with _client(settings, settings.supabase_publishable_key) as client:
        grace = _sign_in(settings, client, "grace@example.com")
        _introduce(grace, GRACE)
        _upload(grace, demo_pictures.portrait("G", "#31446b"), "image/png", avatar=True)
        if not _rows(client, "project_images", project_id=f"eq.{COMPILER}"):
            _upload(grace, demo_pictures.cards(), "image/png", project_id=COMPILER)
    with _client(settings, settings.supabase_publishable_key) as client:
        ada = _sign_in(settings, client, "ada@example.com")
        _introduce(ada, ADA)
        _upload(ada, demo_pictures.portrait("A", "#1f5f4a"), "image/png", avatar=True)
        _replace_media(ada)
    with _client(settings, settings.supabase_secret_key) as service:
        # What plans cost is Stripe's to say: it is asked now, and not first by cron within the hour.
        service.post("/functions/v1/reconcileSubscriptions", json={}).raise_for_status()
    return True


def _introduce(user: User, profile: Json) -> None:
    _patch(user.api, "users", user.id, profile)


def _replace_media(ada: User) -> None:
    for row in _rows(ada.api, "project_videos", project_id=f"eq.{PROJECT}", url=f"like.{PLACEHOLDER}"):
        new = _upload(ada, demo_pictures.film(), "video/webm", project_id=PROJECT)
        _replace(ada, "project_videos", row, new, ("caption",))
    for row in _rows(
        ada.api, "project_images", project_id=f"eq.{PROJECT}", url=f"like.{PLACEHOLDER}", order="position"
    ):
        draw = next(draw for name, draw in IMAGES.items() if name in row["url"])
        new = _upload(ada, draw(), "image/png", project_id=PROJECT)
        for layout in _rows(ada.api, "layouts", project_id=f"eq.{PROJECT}"):
            blocks = _with_address(layout["blocks_json"], row["url"], new["url"])
            _patch(ada.api, "layouts", layout["id"], {"blocks_json": blocks})
        _replace(ada, "project_images", row, new, ("alt_text", "is_cover"))


def _replace(user: User, table: str, row: Json, new: Json, kept: tuple[str, ...]) -> None:
    _patch(user.api, table, new["id"], {name: row[name] for name in kept})
    user.api.delete(f"/rest/v1/{table}", params={"id": f"eq.{row['id']}"}).raise_for_status()


def _with_address(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {name: _with_address(each, old, new) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_address(each, old, new) for each in value]
    return new if value == old else value


def _meet_todays_numbers(service: httpx.Client) -> None:
    """The seeded days grow towards what the platforms answer now, instead of jumping there."""
    answer = service.post("/functions/v1/getSocialMetrics", json={"project_id": PROJECT, "history_days": 30})
    today = {name: each["counts"] for name, each in answer.raise_for_status().json()["platforms"].items()}
    days = _rows(service, "social_metrics", project_id=f"eq.{PROJECT}", order="recorded_at")
    newest = max(row["recorded_at"] for row in days)
    for platform, counts in today.items():
        past = [row for row in days if row["platform"] == platform and row["recorded_at"] < newest]
        for age, row in enumerate(reversed(past), start=1):
            share = 1 - age * 0.012 - (age % 3) * 0.003
            _patch(service, "social_metrics", row["id"], {name: round(n * share) for name, n in (counts or {}).items()})


def _upload(user: User, content: bytes, content_type: str, **target: Any) -> Json:
    announced = user.api.post(
        "/functions/v1/createUploadUrl", json={**target, "content_type": content_type, "size": len(content)}
    )
    upload = announced.raise_for_status().json()
    user.api.put(upload["upload_url"], content=content, headers={"content-type": content_type}).raise_for_status()
    confirmed = user.api.post(
        "/functions/v1/confirmUpload", json={"upload_id": upload["upload_id"], "wait_seconds": 60}
    )
    row: Json = confirmed.raise_for_status().json()
    return row


def follow_redirects(client: httpx.Client, address: str, site: str) -> str:
    """The address at `site` that redirects lead to, as a browser follows them. Raises: httpx.HTTPStatusError."""
    # By the whole host: port 30001 begins as 3000 does.
    while urlsplit(address).netloc != urlsplit(site).netloc:
        answer = client.get(address)
        if not answer.has_redirect_location:
            raise httpx.HTTPStatusError(f"No sign-in: {answer.status_code}", request=answer.request, response=answer)
        address = urljoin(address, answer.headers["location"])
    return address


def _sign_in(settings: DemoSettings, client: httpx.Client, email: str) -> User:
    """As a browser does, by the local provider in Google's place (PKCE)."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "provider": "google",
        "redirect_to": settings.site_url,
        "code_challenge": challenge,
        "code_challenge_method": "s256",
        "login_hint": email,
    }
    address = str(client.build_request("GET", "/auth/v1/authorize", params=query).url)
    code = parse_qs(urlsplit(follow_redirects(client, address, settings.site_url)).query)["code"][0]
    answer = client.post("/auth/v1/token?grant_type=pkce", json={"auth_code": code, "code_verifier": verifier})
    session = answer.raise_for_status().json()
    client.headers["authorization"] = f"Bearer {session['access_token']}"
    return User(session["user"]["id"], client)


def _client(settings: DemoSettings, key: str) -> httpx.Client:
    return httpx.Client(base_url=settings.supabase_url, headers={"apikey": key}, timeout=90, trust_env=False)


def _rows(client: httpx.Client, table: str, **query: str) -> list[Json]:
    rows: list[Json] = client.get(f"/rest/v1/{table}", params=query).raise_for_status().json()
    return rows


def _patch(client: httpx.Client, table: str, row: str, changes: Json) -> None:
    client.patch(f"/rest/v1/{table}", params={"id": f"eq.{row}"}, json=changes).raise_for_status()


if __name__ == "__main__":
    try:
        print("demo content: " + ("filled in" if fill_in(DemoSettings()) else "there already"), flush=True)
    except (httpx.HTTPError, LookupError) as error:  # the demo rows were changed, or something does not answer
        sys.exit(f"demo content: left as it is ({str(error) or type(error).__name__})")
