"""What a sign-in must not do: lead elsewhere, be used twice, or be by anything but Google."""

import secrets

import psycopg
import pytest

from tests.support import plain_http
from tests.support.node import run_script
from tests.support.sign_in import begin, browse, python_client, query, register
from tests.support.stack import Stack

# supabase-py hands its parts options that they no longer like.
pytestmark = pytest.mark.filterwarnings("ignore:The '.*' parameter is deprecated:DeprecationWarning")


def address() -> str:
    return f"p{secrets.token_hex(6)}@example.com"


def test_without_an_address_one_is_sent_back_with_the_reason(stack: Stack) -> None:
    sub = register(stack, name="No Address")
    start = {"provider": "google", "login_hint": sub, "redirect_to": f"{stack.site_url}/welcome"}
    address = plain_http.get(f"{stack.url}/auth/v1/authorize", params=start).headers["location"]
    back = query(browse(address, stack.site_url))
    assert "email" in back["error_description"]
    assert "code" not in back


@pytest.mark.parametrize("path", ["/welcome", "/a/b?c=d", ""])
def test_a_sign_in_returns_only_where_it_may(stack: Stack, path: str) -> None:
    sub = register(stack, email=address())
    for wanted, lands in (
        (f"{stack.site_url}{path}", stack.site_url + path),
        ("http://localhost:3000/there", "http://localhost:3000/there"),
        (f"https://evil.example{path}", stack.site_url),
        ("http://127.0.0.1:3000.evil.example/", stack.site_url),
    ):
        start = {"provider": "google", "login_hint": sub, "redirect_to": wanted, "code_challenge": "x" * 43}
        begun = plain_http.get(f"{stack.url}/auth/v1/authorize", params={**start, "code_challenge_method": "s256"})
        landed = browse(begun.headers["location"], lands)
        assert query(landed)["code"]


def test_a_code_is_good_once_and_only_with_its_verifier(stack: Stack) -> None:
    with python_client(stack) as client, stack.client() as thief:
        code = begin(client, stack, register(stack, email=address()))
        stolen = {"auth_code": code, "code_verifier": "v" * 64}
        assert thief.post("/auth/v1/token?grant_type=pkce", json=stolen).json()["error_code"] == "bad_code_verifier"
        client.auth.exchange_code_for_session({"auth_code": code})
        assert thief.post("/auth/v1/token?grant_type=pkce", json=stolen).json()["error_code"] == "flow_state_not_found"


def test_every_other_way_in_is_refused(stack: Stack) -> None:
    before = count_accounts(stack, "somebody@example.com")
    refusals = run_script("refused_sign_ins.mjs", url=stack.url, key=stack.publishable_key)
    assert len(refusals) == 8
    assert {name: refusal["session"] for name, refusal in refusals.items()} == dict.fromkeys(refusals)
    codes = {name: (refusal["status"], refusal["code"]) for name, refusal in refusals.items()}
    assert codes == {
        "signUp": (400, "email_provider_disabled"),
        "password": (422, "email_provider_disabled"),
        "anonymous": (422, "anonymous_provider_disabled"),
        "emailCode": (422, "email_provider_disabled"),
        "phoneCode": (400, "phone_provider_disabled"),
        "verify": (403, "otp_expired"),
        "reset": (400, "email_provider_disabled"),
        "idToken": (400, "validation_failed"),
    }
    assert count_accounts(stack, "somebody@example.com") == before == 0


@pytest.mark.parametrize("provider", ["github", "apple", "azure", "nonsense"])
def test_other_providers_are_refused(stack: Stack, provider: str) -> None:
    answer = plain_http.get(f"{stack.url}/auth/v1/authorize", params={"provider": provider})
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "validation_failed"


def test_an_identity_that_is_not_googles_is_refused_by_the_database(stack: Stack) -> None:
    insert = """
        insert into auth.users (id, email, raw_app_meta_data, raw_user_meta_data)
        values (gen_random_uuid(), %s, %s, %s)
    """
    with psycopg.connect(stack.database_url) as connection, pytest.raises(psycopg.DatabaseError, match="Google only"):
        connection.execute(insert, (address(), '{"provider": "github"}', '{"sub": "1"}'))


def count_accounts(stack: Stack, email: str) -> int:
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute("select count(*) from auth.users where email = %s", (email,)).fetchone()
        assert row is not None
        return int(row[0])
