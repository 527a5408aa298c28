"""Sign in as a browser does: follow the redirects from /authorize to the app's address."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from supabase.lib.client_options import SyncClientOptions

from local.tools.demo_content import follow_redirects
from supabase import Client, create_client
from tests.support import plain_http
from tests.support.stack import Stack


def register(stack: Stack, **claims: Any) -> str:
    """Somebody new at the identity provider; their Google id."""
    sub = str(claims.pop("sub", "")) or f"9{secrets.randbelow(10**20):020d}"
    plain_http.post(f"{stack.identity_url}/people", json={"sub": sub, **claims}).raise_for_status()
    return sub


def browse(address: str, site: str) -> str:
    """The address at the app that the redirects lead to."""
    with plain_http.Client() as browser:
        return follow_redirects(browser, address, site)


def query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@contextmanager
def python_client(stack: Stack, token: str | None = None) -> Iterator[Client]:
    """supabase-py, as somebody who has signed in already if there is a token."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # One HTTP client for all its parts, since only that one can be closed.
    with plain_http.Client(timeout=30) as http:
        options = SyncClientOptions(flow_type="pkce", auto_refresh_token=False, httpx_client=http, headers=headers)
        yield create_client(stack.url, stack.publishable_key, options)


def begin(client: Client, stack: Stack, hint: str, redirect_to: str | None = None) -> str:
    """Sign in up to the code that comes back to the app."""
    options = {"redirect_to": redirect_to or f"{stack.site_url}/welcome", "query_params": {"login_hint": hint}}
    start = client.auth.sign_in_with_oauth({"provider": "google", "options": options})  # type: ignore[typeddict-item]
    return query(browse(start.url, stack.site_url))["code"]


@contextmanager
def signed_in(stack: Stack, hint: str) -> Iterator[Client]:
    """A supabase-py client that has signed in with Google."""
    with python_client(stack) as client:
        client.auth.exchange_code_for_session({"auth_code": begin(client, stack, hint)})
        yield client
