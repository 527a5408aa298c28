"""Where a sign-in may return to: the site, this machine, and the patterns of additional_redirect_urls."""

import httpx
import psycopg
import pytest

from tests.auth.callers import AUTH
from tests.support import plain_http
from tests.support.stack import Stack

SITE = "http://127.0.0.1:3000"
ALLOWED = [
    SITE,
    f"{SITE}/",
    f"{SITE}/a/b?c=d",
    "http://127.0.0.1:5173/welcome",  # RFC 8252, 7.3: any port of a loopback address
    "http://127.0.0.1/",
    "http://[::1]:4321/",
    "http://localhost:3000",
    "http://localhost:3000/deep/er.html?x=1",
    "http://localhost:5173",
    "http://localhost:5173/welcome",
    "http://localhost:8080/",
    "http://localhost:54321/x",
]
REFUSED = [
    "https://evil.example/",
    "http://127.0.0.1:3000.evil.example/",
    "http://localhost:5173.evil.example/",
    "http://localhost:5173@evil.example/",
    "http://localhost:5173@evil/",
    "http://localhost.evil.example:5173/",
    "http://evil.example/http://localhost:5173/",
    "http://192.168.0.7:3000/",
    "http://10.0.0.1/",
    "//evil.example/",
    "/welcome",
    "javascript:alert(1)",
    "http://localhost:51\\73/",
    "http:\\\\evil.example\\",
    "http://localhost:80a0/",
    "http://2130706434/",
    "nonsense",
    "",
]


def returns_to(stack: Stack, redirect_to: str, **headers: str) -> str:
    """Where a sign-in that asks to return there would."""
    params = {"provider": "google", "redirect_to": redirect_to}
    begun = plain_http.get(f"{stack.url}{AUTH}/authorize", params=params, headers=headers)
    state = httpx.URL(begun.headers["location"]).params["state"]
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute("select referrer from auth.flow_state where id = %s", (state,)).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize("address", ALLOWED)
def test_a_sign_in_returns_where_it_may(stack: Stack, address: str) -> None:
    assert returns_to(stack, address) == address


@pytest.mark.parametrize("address", REFUSED)
def test_a_sign_in_returns_to_the_site_instead(stack: Stack, address: str) -> None:
    assert returns_to(stack, address) == stack.site_url


def test_without_a_good_address_it_returns_to_the_page_it_came_from(stack: Stack) -> None:
    page = f"{stack.site_url}/projects"
    assert returns_to(stack, "https://evil.example/", Referer=page) == page
    assert returns_to(stack, "", Referer="https://evil.example/") == stack.site_url
