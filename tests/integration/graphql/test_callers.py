"""Who asks GraphQL: what the schema tells whom, keys and tokens, and callers at the same time."""

from collections.abc import Callable

import httpx
import pytest

from tests.integration.graphql.queries import ask, reported
from tests.support import plain_http
from tests.support.stack import Stack
from tests.support.users import User, access_token

INTROSPECTION = ["{ __schema { types { name } } }", '{ __type(name: "User") { fields { name } } }']


@pytest.mark.parametrize("query", INTROSPECTION)
def test_the_schema_is_not_listed(anon: httpx.Client, owner: httpx.Client, service: httpx.Client, query: str) -> None:
    assert "introspection" in reported(ask(anon, query))
    assert "introspection" in reported(ask(owner, query))
    assert "errors" not in ask(service, query), "tools ask with the secret key"


def test_names_are_not_told_by_the_way(anon: httpx.Client) -> None:
    assert reported(ask(anon, "{ projectCollectio { edges { cursor } } }")) == (
        'Cannot query field "projectCollectio" on type "Query".'
    )


def test_a_visitor_knows_of_no_write_and_no_handlers_function(anon: httpx.Client, owner: httpx.Client) -> None:
    assert "mutation" in reported(ask(anon, "mutation { deleteFromProjectCollection { affectedCount } }")).lower()
    for client in (anon, owner):
        assert "Cannot query field" in reported(ask(client, "{ countDueNotifications }"))
        assert "Cannot query field" in reported(ask(client, "{ getBillingAccount { userId } }"))


def test_the_secret_key_is_not_for_browsers(service: httpx.Client) -> None:
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}
    answer = service.post("/graphql/v1", json={"query": "{ __typename }"}, headers=browser)
    rest = service.get("/rest/v1/projects", headers=browser)
    assert (
        (answer.status_code, answer.json()["message"])
        == (rest.status_code, rest.json()["message"])
        == (
            401,
            "Forbidden use of secret API key in browser",
        )
    )


def test_unknown_callers_are_refused(stack: Stack, user: User) -> None:
    def status(key: str | None, token: str | None) -> int:
        headers = {"apikey": key, "Authorization": token and f"Bearer {token}"}
        sent = {name: value for name, value in headers.items() if value}
        return plain_http.post(f"{stack.url}/graphql/v1", json={"query": "{ __typename }"}, headers=sent).status_code

    key, issuer = stack.publishable_key, f"{stack.url}/auth/v1"
    header, payload, signature = user.token.split(".")
    forged = access_token("another secret that is long enough for it", issuer, user.id)
    unsigned = "eyJhbGciOiJub25lIn0"
    assert status(key, None) == status(key, key) == status(key, user.token) == status(stack.secret_key, None) == 200
    assert status(None, user.token) == status("sb_publishable_other", None) == status("", None) == 401
    for bad in (
        "nonsense",
        forged,
        f"{header}.{payload}",
        f"{unsigned}.{payload}.",
        f"{unsigned}.{payload}.{signature}",
    ):
        assert status(key, bad) == 401, bad
    rest = plain_http.get(f"{stack.url}/rest/v1/projects", headers={"apikey": key, "Authorization": f"Bearer {forged}"})
    graphql = plain_http.post(f"{stack.url}/graphql/v1", headers={"apikey": key, "Authorization": f"Bearer {forged}"})
    assert (graphql.status_code, graphql.json()["code"]) == (rest.status_code, rest.json()["code"])


def test_callers_at_the_same_time_stay_apart(stack: Stack, make_user: Callable[..., User]) -> None:
    """One pool serves everybody: no role or claim may stay on a connection."""
    somebody, another = make_user(), make_user()
    query = "{ userCollection(filter: {email: {is: NOT_NULL}}) { edges { node { id } } } }"

    with stack.client(somebody) as first, stack.client(another) as second, stack.client("anon") as visitor:
        for _ in range(5):
            for client, own in ((first, [str(somebody.id)]), (visitor, []), (second, [str(another.id)])):
                found = ask(client, query)["data"]["userCollection"]["edges"]
                assert [edge["node"]["id"] for edge in found] == own


def test_any_web_page_may_ask(stack: Stack) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    assert plain_http.options(f"{stack.url}/graphql/v1", headers=asked).status_code == 204
    answer = plain_http.post(f"{stack.url}/graphql/v1", headers={"Origin": "https://app.example"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, "*")
