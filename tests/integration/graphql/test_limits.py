"""What GraphQL refuses: too much, too deep, too large, and what is no request."""

from collections.abc import Callable

import httpx
import pytest

from tests.integration.graphql.queries import ask, reported
from tests.support.users import User


@pytest.mark.parametrize("asked", ["", "(first: 1000)", "(last: 1000)"])
def test_no_page_is_larger_than_the_schema_allows(
    service: httpx.Client, make_user: Callable[..., User], asked: str
) -> None:
    project = service.post(
        "/rest/v1/projects",
        json={"user_id": str(make_user().id), "title": "Many", "status": "published"},
        headers={"Prefer": "return=representation"},
    ).json()[0]
    tags = [{"project_id": project["id"], "tag": f"tag {n}"} for n in range(101)]
    service.post("/rest/v1/project_tags", json=tags).raise_for_status()
    query = f"query($id: UUID!) {{ projectCollection(filter: {{id: {{eq: $id}}}}) {{ edges {{ node {{ tags{asked} "
    query += "{ edges { node { tag } } } } } } }"
    [edge] = ask(service, query, id=project["id"])["data"]["projectCollection"]["edges"]
    assert len(edge["node"]["tags"]["edges"]) == 100


def nested(levels: int) -> str:
    return (
        "{ projectCollection(first: 1) { edges { node { "
        + "user { projects(first: 1) { edges { node { " * levels
        + ("id" + " } } } }" * levels + " } } } }")
    )


def test_deep_queries_are_refused(anon: httpx.Client) -> None:
    assert "errors" not in ask(anon, nested(2))
    assert "levels deep" in reported(ask(anon, nested(3)))


def test_costly_queries_are_refused(anon: httpx.Client) -> None:
    within = "{ projectCollection { edges { node { metrics { edges { node { project {"
    within += " metrics { edges { node { id } } } } } } } } } } }"
    assert "rows" in reported(ask(anon, within))
    assert "errors" not in ask(anon, within.replace("metrics {", "metrics(first: 5) {"))
    as_variable = "query($n: Int) " + within.replace("metrics {", "metrics(first: $n) {")
    assert "errors" not in ask(anon, as_variable, n=5)
    assert "rows" in reported(ask(anon, as_variable, n=100))
    assert "fields" in reported(ask(anon, "{" + " ".join(f"a{n}: __typename" for n in range(1001)) + "}"))


def test_fragments_hide_nothing(anon: httpx.Client) -> None:
    doubling = " ".join(
        f"fragment F{n} on Query {{ a{n}: __typename ...F{n + 1} b{n}: __typename ...F{n + 1} }}" for n in range(40)
    )
    answer = ask(anon, f"{{ ...F0 }} {doubling} fragment F40 on Query {{ __typename }}")
    assert "fields" in reported(answer)
    many = " ".join(
        f"a{n}: projectCollection {{ edges {{ node {{ tags {{ edges {{ node {{ tag }} }} }} }} }} }}" for n in range(10)
    )
    assert "rows" in reported(ask(anon, f"{{ ...All }} fragment All on Query {{ {many} }}"))
    assert "Syntax" in reported(ask(anon, "{ " + "__typename " * 6000 + "}"))


@pytest.mark.parametrize("paged", ["... {{ edges {} }}", "...E", "... @include(if: true) {{ edges {} }}"])
def test_rows_are_counted_where_a_fragment_asks_for_them(anon: httpx.Client, paged: str) -> None:
    inner = "{ node { metrics { edges { node { id } } } } }"
    spread = paged.format(inner)
    named = f"fragment E on ProjectConnection {{ edges {inner} }}" if spread == "...E" else ""
    within = f"{{ a: projectCollection {{ edges {{ node {{ user {{ projects {{ {spread} }} }} }} }} }} }} {named}"
    assert "rows" in reported(ask(anon, within))


def test_large_requests_are_refused(anon: httpx.Client) -> None:
    answer = anon.post("/graphql/v1", json={"query": "{ __typename }", "variables": {"x": "x" * 300_000}})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'[{"query": "{ __typename }"}]', 400),
        (b'{"query": 1}', 400),
        (b'{"query": "{ __typename }", "variables": []}', 400),
        (b'{"query": "{ __typename }", "variables": null, "operationName": null}', 200),
        (b'{"query": "{"}', 200),
    ],
)
def test_requests_that_are_none(anon: httpx.Client, body: bytes, status: int) -> None:
    answer = anon.post("/graphql/v1", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.json()


def test_only_json_by_post(anon: httpx.Client) -> None:
    assert anon.get("/graphql/v1", params={"query": "{ __typename }"}).status_code == 405
    form = anon.post("/graphql/v1", content=b"query={__typename}", headers={"Content-Type": "text/plain"})
    assert form.status_code == 415
