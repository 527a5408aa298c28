"""Google is the way in: from /authorize to a session, with both client libraries, and to a profile."""

import secrets
from typing import cast

import pytest

from tests.support import plain_http
from tests.support.node import run_script
from tests.support.sign_in import register, signed_in
from tests.support.stack import Stack

# supabase-py hands its parts options that they no longer like.
pytestmark = pytest.mark.filterwarnings("ignore:The '.*' parameter is deprecated:DeprecationWarning")

LONG = "e" * 300


def own_row(stack: Stack, google_id: str) -> dict[str, str]:
    """What a user who signs in sees of their own profile."""
    with signed_in(stack, google_id) as client:
        answer = client.auth.get_user()
        assert answer is not None
        return cast(
            "dict[str, str]", client.table("users").select("*").eq("id", answer.user.id).single().execute().data
        )


def address() -> str:
    return f"p{secrets.token_hex(6)}@example.com"


def test_supabase_js_signs_in_refreshes_and_signs_out(stack: Stack) -> None:
    email = address()
    sub = register(stack, email=email, name="Some Body", picture="https://example.com/p.png")
    answer = run_script(
        "sign_in.mjs",
        url=stack.url,
        key=stack.publishable_key,
        hint=sub,
        redirectTo=f"{stack.site_url}/welcome",
        site=stack.site_url,
    )
    assert answer["landed"] == f"{stack.site_url}/welcome"
    assert answer["user"]["email"] == email
    assert answer["user"]["app_metadata"] == {"provider": "google", "providers": ["google"]}
    assert answer["own"]["data"] == {
        "id": answer["user"]["id"],
        "email": email,
        "google_id": sub,
        "username": email.partition("@")[0],
        "avatar_url": "https://example.com/p.png",
        "tier": "free",
    }
    first, second = answer["tokens"]
    assert first
    assert second
    assert first != second
    assert answer["signOutError"] is None
    assert answer["afterwards"] == "AuthSessionMissingError"


def test_supabase_py_signs_in_refreshes_and_signs_out(stack: Stack) -> None:
    email = address()
    sub = register(stack, email=email, name="Some Body")
    with signed_in(stack, sub) as client:
        session = client.auth.get_session()
        assert session is not None
        assert session.user.email == email
        assert session.user.user_metadata["sub"] == sub
        assert session.user.created_at.tzinfo is not None
        refreshed = client.auth.refresh_session().session
        assert refreshed is not None
        assert refreshed.refresh_token != session.refresh_token
        client.auth.sign_out()
    headers = {"apikey": stack.publishable_key, "Authorization": f"Bearer {refreshed.access_token}"}
    assert plain_http.get(f"{stack.url}/auth/v1/user", headers=headers).status_code == 403


def test_the_users_of_the_chooser_page_can_sign_in(stack: Stack) -> None:
    start = plain_http.get(f"{stack.url}/auth/v1/authorize", params={"provider": "google"})
    page = plain_http.get(start.headers["location"])
    assert page.headers["content-type"].startswith("text/html")
    assert "Katherine Johnson" in page.text
    assert "Žofia" in page.text
    for someone in plain_http.get(f"{stack.identity_url}/people").json():
        if someone["sub"].startswith("1000000000000000000"):
            row = own_row(stack, someone["sub"])
            assert row["google_id"] == someone["sub"]


def test_the_first_sign_in_makes_the_profile_and_later_ones_update_it(stack: Stack) -> None:
    email, moved = address(), address()
    sub = register(stack, email=email, name="Some Body", picture="https://example.com/1.png")
    first = own_row(stack, sub)
    register(stack, sub=sub, email=moved, name="Some Body", picture="https://example.com/2.png")
    second = own_row(stack, sub)
    assert (first["email"], first["avatar_url"]) == (email, "https://example.com/1.png")
    assert (second["email"], second["avatar_url"]) == (moved, "https://example.com/2.png")
    assert {k: first[k] for k in ("id", "username", "tier")} == {k: second[k] for k in ("id", "username", "tier")}


def test_the_same_local_part_gives_different_usernames(stack: Stack) -> None:
    local = f"p{secrets.token_hex(6)}"
    users = [register(stack, email=f"{local}@{domain}") for domain in ("example.com", "example.org", "example.net")]
    names = [own_row(stack, sub)["username"] for sub in users]
    assert names[0] == local
    assert len(set(names)) == 3
    assert all(name.startswith(local) for name in names)


@pytest.mark.parametrize(
    "odd",
    [
        {"name": "Žofia Łętowska 🌸 نور 山田"},
        {"name": LONG},
        {"name": ""},
        {"name": "<script>alert(1)</script> & \"quotes\" 'n' \\ backslash"},
        {"name": "Some Body", "picture": f"https://example.com/{LONG}{LONG}.png"},
        {"name": "Some Body", "picture": "https://example.com/" + "p" * 3000},
        {"name": "Some Body", "picture": "not a url"},
        {"name": "Some Body", "picture": "https://example.com/žofia.png"},
        {},
    ],
    ids=[
        "unicode",
        "300",
        "empty",
        "markup",
        "long-picture",
        "endless-picture",
        "no-url",
        "unicode-picture",
        "nothing",
    ],
)
def test_odd_names_and_pictures_still_sign_in(stack: Stack, odd: dict[str, str]) -> None:
    email = address()
    sub = register(stack, email=email, **odd)
    row = own_row(stack, sub)
    assert (row["email"], row["google_id"]) == (email, sub)


@pytest.mark.parametrize(
    "local",
    ["žofia.łętowska+λ{}", "{}" + "x" * 180, "UPPER.Case{}", "o'brien+{}", "{}___---", "---{}"],
    ids=["unicode", "long", "upper", "quote", "trailing", "leading"],
)
def test_odd_addresses_still_sign_in(stack: Stack, local: str) -> None:
    email = f"{local.format(secrets.token_hex(4))}@example.com"
    row = own_row(stack, register(stack, email=email, name="Some Body"))
    assert row["email"] == email.lower()
    assert row["username"]
