"""The signed-in user by HTTP: who is asked, what is refused, and how an address is changed."""

from typing import Any

import httpx
import psycopg
import pytest

from tests.auth.callers import AUTH, address, bearer, claims_of, refresh, sign_in
from tests.support import plain_http
from tests.support.sign_in import register
from tests.support.stack import Stack

VERSION = {"X-Supabase-Api-Version": "2024-01-01"}


def call(stack: Stack, method: str, path: str, session: dict[str, Any], **body: Any) -> httpx.Response:
    headers = bearer(stack, session["access_token"])
    return plain_http.request(method, stack.url + AUTH + path, headers=headers, json=body or None, timeout=30)


def administrate(stack: Stack, method: str, path: str, **body: Any) -> httpx.Response:
    with stack.client("service") as client:
        return client.request(method, AUTH + path, json=body or None)


def profile_address(stack: Stack, user: str) -> str:
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute("select email from private.users where id = %s", (user,)).fetchone()
    assert row is not None
    return str(row[0])


def test_an_error_has_the_form_of_the_version_that_is_asked_for(stack: Stack) -> None:
    headers = {"apikey": stack.publishable_key, "Authorization": "Bearer a.b.c"}
    first = plain_http.get(f"{stack.url}{AUTH}/user", headers=headers)
    assert first.status_code == 403
    assert set(first.json()) == {"code", "error_code", "msg"}
    assert (first.json()["code"], first.json()["error_code"]) == (403, "bad_jwt")
    assert first.headers["x-sb-error-code"] == "bad_jwt"
    second = plain_http.get(f"{stack.url}{AUTH}/user", headers=headers | VERSION)
    assert (set(second.json()), second.json()["code"]) == ({"code", "message"}, "bad_jwt")
    assert second.headers["x-supabase-api-version"] == "2024-01-01"
    older = plain_http.get(f"{stack.url}{AUTH}/user", headers=headers | {"X-Supabase-Api-Version": "2023-12-31"})
    assert older.json() == first.json()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "unknown"),
        ("GET", "/user/nothing", 404, "unknown"),
        ("DELETE", "/token", 404, "unknown"),
        ("POST", "/token", 400, "invalid_credentials"),
        ("POST", "/token?grant_type=guess", 400, "invalid_credentials"),
        ("POST", "/token?grant_type=toString", 400, "invalid_credentials"),
        ("POST", "/passkeys/authentication/options", 404, "passkey_disabled"),
        ("POST", "/sso", 404, "saml_provider_disabled"),
        ("GET", "/oauth/authorize", 404, "feature_disabled"),
        ("GET", "/factors", 404, "unknown"),
        ("POST", "/factors", 403, "bad_jwt"),
        ("GET", "/admin/users", 403, "not_admin"),
        ("GET", "/admin/nothing", 404, "unknown"),
    ],
)
def test_every_refusal_is_json(stack: Stack, method: str, path: str, status: int, code: str) -> None:
    with stack.client() as client:
        answer = client.request(method, AUTH + path, json={"factor_type": "totp"} if method == "POST" else None)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


@pytest.mark.parametrize(
    "query",
    [
        "/verify?token=a&token=b&type=recovery",
        "/authorize?provider=google&code_challenge=a&code_challenge_method=s256&code_challenge_method=plain",
        "/authorize?provider=google&provider=github",
        "/callback?state=a&state=b",
        "/callback?state=00000000-0000-4000-8000-0000000000ff&code=x",
        "/callback",
    ],
)
def test_odd_queries_fail_on_purpose(stack: Stack, query: str) -> None:
    answer = plain_http.get(f"{stack.url}{AUTH}{query}")
    if answer.has_redirect_location:
        assert answer.headers["location"].startswith(stack.site_url)
        assert "error" in answer.headers["location"]
    else:
        assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")


@pytest.mark.parametrize("size", [1024 * 1024, 1024 * 1024 + 1])
def test_a_body_has_a_limit(stack: Stack, size: int) -> None:
    session = sign_in(stack)
    body = b'{"data": {}}'.ljust(size)
    answer = plain_http.put(f"{stack.url}{AUTH}/user", headers=bearer(stack, session["access_token"]), content=body)
    assert answer.status_code == (200 if size == 1024 * 1024 else 413)
    if answer.status_code == 413:
        assert answer.json()["error_code"] == "request_entity_too_large"


def test_metadata_is_merged_and_null_removes(stack: Stack) -> None:
    session = sign_in(stack)
    call(stack, "PUT", "/user", session, data={"colour": "blue", "size": 1})
    user = call(stack, "PUT", "/user", session, data={"colour": None, "name": "Another"}).json()
    assert "colour" not in user["user_metadata"]
    assert (user["user_metadata"]["size"], user["user_metadata"]["name"]) == (1, "Another")
    renewed = refresh(stack, session["refresh_token"]).json()
    assert claims_of(renewed["access_token"])["user_metadata"]["name"] == "Another"
    unstorable = call(stack, "PUT", "/user", session, data={"name": "a\u0000b"})
    assert (unstorable.status_code, unstorable.json()["error_code"]) == (400, "bad_json")
    refused = call(stack, "PUT", "/user", session, app_metadata={"role": "admin"})
    assert (refused.status_code, refused.json()["error_code"]) == (403, "not_admin")


def test_a_confirmed_address_is_the_users_until_google_names_one(stack: Stack) -> None:
    """Both addresses are asked, as config.toml says; no mail is sent here, so an operator gets the links."""
    old, new = address(), address()
    sub = register(stack, email=old)
    session = sign_in(stack, sub)
    user = claims_of(session["access_token"])["sub"]
    asked = call(stack, "PUT", "/user", session, email=new).json()
    assert (asked["email"], asked["new_email"]) == (old, new)
    links = [
        administrate(stack, "POST", "/admin/generate_link", type=kind, email=old, new_email=new).json()
        for kind in ("email_change_current", "email_change_new")
    ]
    first = plain_http.get(links[0]["action_link"])
    assert first.status_code == 303
    assert "Confirmation+link+accepted" in first.headers["location"]
    second = plain_http.get(links[1]["action_link"])
    assert second.headers["location"].startswith(f"{stack.site_url}#access_token=")
    assert profile_address(stack, user) == new
    changed = call(stack, "GET", "/user", session).json()
    assert (changed["email"], changed["app_metadata"]["providers"]) == (new, ["google", "email"])
    assert "error_code=otp_expired" in plain_http.get(links[1]["action_link"]).headers["location"]

    again = claims_of(sign_in(stack, sub)["access_token"])
    assert (again["sub"], profile_address(stack, user)) == (user, old)


def test_an_address_that_an_operator_sets_is_taken(stack: Stack) -> None:
    old, new = address(), address()
    sub = register(stack, email=old)
    user = claims_of(sign_in(stack, sub)["access_token"])["sub"]
    answer = administrate(stack, "PUT", f"/admin/users/{user}", email=new, email_confirm=True)
    assert (answer.status_code, answer.json()["email"]) == (200, new)
    assert profile_address(stack, user) == new


def test_an_address_of_another_user_is_refused(stack: Stack) -> None:
    taken = address()
    sign_in(stack, register(stack, email=taken))
    answer = call(stack, "PUT", "/user", sign_in(stack), email=taken)
    assert (answer.status_code, answer.json()["error_code"]) == (422, "email_exists")


def test_a_link_of_an_operator_signs_in_once(stack: Stack) -> None:
    email = address()
    sign_in(stack, register(stack, email=email))
    link = administrate(stack, "POST", "/admin/generate_link", type="magiclink", email=email).json()
    with stack.client() as client:
        body = {"type": "email", "email": email, "token": link["email_otp"]}
        session = client.post(f"{AUTH}/verify", json=body)
        assert session.status_code == 200
        assert claims_of(session.json()["access_token"])["amr"][0]["method"] == "otp"
        again = client.post(f"{AUTH}/verify", json=body)
        assert (again.status_code, again.json()["error_code"]) == (403, "otp_expired")


def test_a_banned_user_gets_nothing(stack: Stack) -> None:
    session = sign_in(stack)
    user = claims_of(session["access_token"])["sub"]
    assert "banned_until" in administrate(stack, "PUT", f"/admin/users/{user}", ban_duration="1h30m").json()
    assert call(stack, "GET", "/user", session).json()["error_code"] == "user_banned"
    assert refresh(stack, session["refresh_token"]).json()["error_code"] == "user_banned"
    assert "banned_until" not in administrate(stack, "PUT", f"/admin/users/{user}", ban_duration="none").json()
    assert call(stack, "GET", "/user", session).status_code == 200


def test_users_are_listed_in_pages(stack: Stack) -> None:
    newest = [claims_of(sign_in(stack)["access_token"])["sub"] for _ in range(3)]
    with stack.client("service") as client:
        seen: list[str] = []
        for page in (1, 2):
            answer = client.get(f"{AUTH}/admin/users?page={page}&per_page=2")
            seen += [user["id"] for user in answer.json()["users"]]
            assert int(answer.headers["x-total-count"]) >= 3
            assert f"page={page + 1}" in answer.headers["link"]
        assert len(set(seen)) == 4
        assert set(newest) & set(seen)
        for query in ("page=0", "page=x", "per_page=-1", "sort=email", "sort=created_at+up"):
            assert client.get(f"{AUTH}/admin/users?{query}").json()["error_code"] == "validation_failed"


def test_what_operators_do_is_in_the_log(stack: Stack) -> None:
    user = claims_of(sign_in(stack)["access_token"])["sub"]
    administrate(stack, "PUT", f"/admin/users/{user}", user_metadata={"x": 1})
    entries = administrate(stack, "GET", "/admin/audit?query=action:user_modified&per_page=50").json()
    assert user in {entry["payload"].get("traits", {}).get("user_id") for entry in entries}
    assert administrate(stack, "GET", "/admin/audit?query=colour:x").json()["error_code"] == "validation_failed"
