"""Who gets in: keys, tokens, roles and web pages, as with a hosted project; and serving changes nobody's privileges."""

from typing import Any, LiteralString

import jwt
import psycopg
import pytest

from tests.support import plain_http
from tests.support.stack import Caller, Stack
from tests.support.users import User, access_token

# Everything that says who may do what: on schemas, relations, columns, functions, types, and on what is made later.
PRIVILEGES: LiteralString = """
select kind, name, acl::text from (
  select 'schema' as kind, nspname::text as name, nspacl as acl from pg_namespace
  union all select 'relation', oid::regclass::text, relacl from pg_class where relkind not in ('i', 't')
  union all select 'column', attrelid::regclass || '.' || attname, attacl from pg_attribute where attacl is not null
  union all select 'function', oid::regprocedure::text, proacl from pg_proc
  union all
    select 'default', concat(defaclrole::regrole, ' ', defaclnamespace::regnamespace, ' ', defaclobjtype), defaclacl
    from pg_default_acl
) as privileges order by 1, 2
"""


def privileges(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(PRIVILEGES).fetchall()


def test_serving_requests_changes_no_privilege(stack: Stack, database: str, user: User) -> None:
    callers: tuple[Caller, ...] = ("anon", user, "service")
    for caller in callers:
        with stack.client(caller) as client:
            assert client.get("/rest/v1/projects").status_code == 200
            client.post("/rest/v1/projects", json={"title": "x"})
            client.get("/storage/v1/bucket")
            client.get("/auth/v1/user")
    assert privileges(stack.database_url) == privileges(database)


PATHS = ["/rest/v1/projects", "/auth/v1/settings", "/storage/v1/bucket", "/storage/v1/object/ai-assets/x"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", [None, "sb_publishable_wrong", "sb_secret_wrong"])
def test_without_a_known_key_nothing_is_served(stack: Stack, path: str, key: str | None) -> None:
    headers = {"apikey": key, "Authorization": f"Bearer {key}"} if key else {}
    answer = plain_http.get(stack.url + path, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["message"] == ("Invalid API key" if key else "No API key found in request")


def test_the_keys_stand_for_their_roles(stack: Stack) -> None:
    for headers in ({"apikey": stack.secret_key}, stack.headers("service")):
        answer = plain_http.get(f"{stack.url}/rest/v1/users?select=email", headers=headers)
        assert all(row["email"] for row in answer.json())
        assert answer.json()
    for headers in ({"apikey": stack.publishable_key}, stack.headers("anon")):
        answer = plain_http.get(f"{stack.url}/rest/v1/users?select=email", headers=headers)
        assert {row["email"] for row in answer.json()} == {None}


def test_the_secret_key_is_refused_in_a_browser(stack: Stack) -> None:
    headers = {**stack.headers("service"), "User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
    assert plain_http.get(f"{stack.url}/rest/v1/projects", headers=headers).status_code == 401


@pytest.mark.parametrize("fault", ["expired", "signature", "role", "garbage"])
def test_a_bad_token_is_no_visitor(stack: Stack, user: User, fault: str) -> None:
    issuer = f"{stack.url}/auth/v1"
    token = {
        "expired": access_token(stack.jwt_secret, issuer, user.id, seconds=-60),
        "signature": access_token("another secret of sufficient length", issuer, user.id),
        "role": jwt.encode({"role": "postgres", "exp": 4102444800}, stack.jwt_secret, algorithm="HS256"),
        "garbage": "nonsense",
    }[fault]
    headers = {"apikey": stack.publishable_key, "Authorization": f"Bearer {token}"}
    # The signature of a role that may not be assumed is good: PostgREST 16.2 forbids it (42501), as recorded.
    expected = 403 if fault == "role" else 401
    assert plain_http.get(f"{stack.url}/rest/v1/projects", headers=headers).status_code == expected


@pytest.mark.parametrize("path", ["/rest/v1/projects", "/auth/v1/user", "/storage/v1/object/list/ai-assets"])
def test_any_web_page_may_call(stack: Stack, path: str) -> None:
    asked = "authorization,apikey,content-type,x-client-info,x-anything"
    preflight = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": asked,
    }
    answer = plain_http.options(stack.url + path, headers=preflight)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == asked
    # Refusals too: the page is to see why.
    refused = plain_http.get(stack.url + path, headers={"Origin": "https://app.example"})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in refused.headers


def test_nobody_is_an_administrator(stack: Stack) -> None:
    """A request from this machine is one like any other."""
    assert plain_http.get(f"{stack.url}/rest/v1/projects").status_code == 401
    for path in ("/", "/_system/info", "/studio", "/rest/v2/projects"):
        assert plain_http.get(stack.url + path).status_code == 404


def test_requests_are_told_apart_by_an_id(stack: Stack) -> None:
    for path in ("/rest/v1/projects", "/auth/v1/settings", "/nowhere"):
        given = plain_http.get(stack.url + path, headers={"X-Request-Id": "abc-123"})
        assert given.headers["x-request-id"] == "abc-123"
        made = plain_http.get(stack.url + path, headers={"X-Request-Id": "not\tone"})
        assert made.headers["x-request-id"] not in {"", "not\tone"}
