"""Sessions and refresh tokens: rotation, reuse, ends."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from tests.auth.callers import AUTH, CHALLENGE, VERIFIER, bearer, claims_of, refresh, sign_in
from tests.support import plain_http
from tests.support.sign_in import browse, query, register
from tests.support.stack import Stack


def execute(stack: Stack, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def age(stack: Stack, token: str, seconds: int) -> None:
    """Makes a refresh token one that was used so long ago."""
    execute(
        stack,
        "update auth.refresh_tokens set updated_at = now() - make_interval(secs => %s) where token = %s",
        seconds,
        token,
    )


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


def test_a_refresh_gives_new_tokens_of_the_same_session(stack: Stack) -> None:
    first = sign_in(stack)
    answer = refresh(stack, first["refresh_token"])
    second = answer.json()
    assert answer.status_code == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert claims_of(second["access_token"])["session_id"] == claims_of(first["access_token"])["session_id"]
    assert 3590 < second["expires_in"] <= 3600
    assert second["token_type"] == "bearer"
    assert second["user"]["id"] == claims_of(first["access_token"])["sub"]


def test_an_answer_that_got_lost_is_given_again(stack: Stack) -> None:
    """The parent of the active token is good at any time: the client may not have stored the new one."""
    first = sign_in(stack)["refresh_token"]
    second = refresh(stack, first).json()["refresh_token"]
    age(stack, first, 3600)
    assert refresh(stack, first).json()["refresh_token"] == second


def test_an_older_token_is_good_for_ten_seconds(stack: Stack) -> None:
    first = sign_in(stack)["refresh_token"]
    second = refresh(stack, first).json()["refresh_token"]
    refresh(stack, second)
    age(stack, first, 5)
    assert refresh(stack, first).status_code == 200


def test_an_older_token_ends_its_family_after_that(stack: Stack) -> None:
    first = sign_in(stack)["refresh_token"]
    second = refresh(stack, first).json()["refresh_token"]
    third = refresh(stack, second).json()["refresh_token"]
    age(stack, first, 11)
    assert code_of(refresh(stack, first)) == (400, "refresh_token_already_used")
    age(stack, third, 11)
    assert code_of(refresh(stack, third)) == (400, "refresh_token_already_used")


def test_refreshes_at_the_same_time_all_succeed(stack: Stack) -> None:
    token = sign_in(stack)["refresh_token"]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: refresh(stack, token), range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    given = {answer.json()["refresh_token"] for answer in answers}
    assert len(given) == 1, "the first makes a token, the others are given it"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"refresh_token": "aaaaaaaaaaaa"}, 400, "refresh_token_not_found"),
        ({"refresh_token": "short"}, 400, "refresh_token_not_found"),
        ({"refresh_token": 7}, 400, "bad_json"),
        ({"refresh_token": "a\u0000aaaaaaaaaa"}, 400, "bad_json"),
        ([], 400, "bad_json"),
    ],
)
def test_what_is_no_refresh_token_is_refused(stack: Stack, body: Any, status: int, code: str) -> None:
    with stack.client() as client:
        answer = client.post(f"{AUTH}/token?grant_type=refresh_token", json=body)
        assert code_of(answer) == (status, code)
        missing = client.post(f"{AUTH}/token?grant_type=refresh_token", json={})
        assert missing.json() == {"error": "invalid_request", "error_description": "refresh_token required"}
        assert client.post(f"{AUTH}/token?grant_type=refresh_token", content=b"{").json()["error_code"] == "bad_json"


def test_a_session_ends_at_its_time(stack: Stack) -> None:
    session = sign_in(stack)
    claims = claims_of(session["access_token"])
    execute(stack, "update auth.sessions set not_after = now() where id = %s", claims["session_id"])
    assert code_of(refresh(stack, session["refresh_token"])) == (400, "session_expired")


@pytest.mark.parametrize(
    ("scope", "ended"), [("local", [0]), ("others", [1, 2]), ("global", [0, 1, 2]), ("", [0, 1, 2])]
)
def test_signing_out_ends_the_sessions_of_its_scope(stack: Stack, scope: str, ended: list[int]) -> None:
    sub = register(stack, email=f"{scope or 'none'}-out@example.com")
    sessions = [sign_in(stack, sub) for _ in range(3)]
    own = bearer(stack, sessions[0]["access_token"])
    answer = plain_http.post(f"{stack.url}{AUTH}/logout", params={"scope": scope} if scope else {}, headers=own)
    assert (answer.status_code, answer.content) == (204, b"")
    for number, session in enumerate(sessions):
        user = plain_http.get(f"{stack.url}{AUTH}/user", headers=bearer(stack, session["access_token"]))
        again = refresh(stack, session["refresh_token"])
        if number in ended:
            assert code_of(user) == (403, "session_not_found")
            assert code_of(again) == (400, "refresh_token_not_found")
        else:
            assert (user.status_code, again.status_code) == (200, 200)


def test_an_unknown_scope_is_refused(stack: Stack) -> None:
    own = bearer(stack, sign_in(stack)["access_token"])
    answer = plain_http.post(f"{stack.url}{AUTH}/logout?scope=some", headers=own)
    assert (answer.status_code, answer.json()["msg"]) == (400, 'Unsupported logout scope "some"')


def test_a_code_is_exchanged_once_even_at_the_same_time(stack: Stack) -> None:
    sub = register(stack, email="once@example.com")
    start = {"provider": "google", "login_hint": sub, "redirect_to": f"{stack.site_url}/welcome"}
    start |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    code = query(browse(str(httpx.URL(f"{stack.url}{AUTH}/authorize", params=start)), stack.site_url))["code"]

    def exchange(_: int) -> int:
        with stack.client() as client:
            body = {"auth_code": code, "code_verifier": VERIFIER}
            return client.post(f"{AUTH}/token?grant_type=pkce", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(exchange, range(4))) == [200, 404, 404, 404]
