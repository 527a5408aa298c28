"""An address that Google gives to somebody else opens no account, through Auth's own sign-in."""

import secrets

import psycopg
import pytest

from tests.support import plain_http
from tests.support.sign_in import browse, query, register, signed_in
from tests.support.stack import Stack

# supabase-py hands its parts options that they no longer like.
pytestmark = pytest.mark.filterwarnings("ignore:The '.*' parameter is deprecated:DeprecationWarning")


def user_of(stack: Stack, google_id: str) -> str:
    with signed_in(stack, google_id) as client:
        answer = client.auth.get_user()
        assert answer is not None
        return str(answer.user.id)


def came_back(stack: Stack, google_id: str) -> dict[str, str]:
    """What the app finds in the address to which a sign-in leads."""
    start = {"provider": "google", "login_hint": google_id, "redirect_to": f"{stack.site_url}/welcome"}
    begun = plain_http.get(f"{stack.url}/auth/v1/authorize", params=start)
    return query(browse(begun.headers["location"], stack.site_url))


def test_a_reassigned_address_is_refused_until_its_first_owner_has_another(stack: Stack) -> None:
    old, new = f"p{secrets.token_hex(6)}@example.com", f"p{secrets.token_hex(6)}@example.com"
    first, second = register(stack, email=old), register(stack, email=old)
    account = user_of(stack, first)
    for _ in range(2):
        refused = came_back(stack, second)
        assert refused["error"] == "server_error"
        assert "code" not in refused
    with psycopg.connect(stack.database_url) as connection:
        rows = connection.execute("select provider_id from auth.identities where user_id = %s", (account,)).fetchall()
    assert rows == [(first,)]

    register(stack, sub=first, email=new)
    assert user_of(stack, first) == account
    assert user_of(stack, second) != account


def test_an_operator_frees_an_address(stack: Stack) -> None:
    email = f"p{secrets.token_hex(6)}@example.com"
    first, second = register(stack, email=email), register(stack, email=email)
    account = user_of(stack, first)
    assert "code" not in came_back(stack, second)
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("select private.release_address(%s)", (account,))
    assert user_of(stack, second) != account


def test_an_address_that_moves_between_two_accounts_fails_neither(stack: Stack) -> None:
    one, other = f"p{secrets.token_hex(6)}@example.com", f"p{secrets.token_hex(6)}@example.com"
    first, second = register(stack, email=one), register(stack, email=other)
    accounts = user_of(stack, first), user_of(stack, second)
    register(stack, sub=second, email=f"p{secrets.token_hex(6)}@example.com")
    register(stack, sub=first, email=other)
    assert user_of(stack, first) == accounts[0]
    assert user_of(stack, second) == accounts[1]
