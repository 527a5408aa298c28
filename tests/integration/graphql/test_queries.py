"""Asking GraphQL: what belongs together, filters, pages, functions; tests/access/test_graphql.py: who may do what."""

import time
import uuid

import httpx
import psycopg
import pytest

from tests.integration.graphql.queries import Json, ask, reported, titles
from tests.support.stack import Stack
from tests.support.users import User


def test_what_belongs_together_comes_together(owner: httpx.Client, user: User, projects: list[str]) -> None:
    mine = owner.get("/rest/v1/projects", params={"select": "id,title", "user_id": f"eq.{user.id}"}).json()
    tagged = next(row["id"] for row in mine if row["title"] == projects[0])
    owner.post("/rest/v1/project_tags", json={"project_id": tagged, "tag": "maths"}).raise_for_status()
    query = """query($id: UUID!) { userCollection(filter: {id: {eq: $id}}) { edges { node {
        username email projects(orderBy: [{title: AscNullsLast}], first: 2) {
            edges { node { title user { username } tags { edges { node { tag project { title } } } } } }
            pageInfo { hasNextPage }
        }
    } } } }"""
    [edge] = ask(owner, query, id=str(user.id))["data"]["userCollection"]["edges"]
    found = edge["node"]
    assert (found["username"], found["email"]) == (user.username, user.email)
    assert found["projects"]["pageInfo"] == {"hasNextPage": True}
    first, second = (edge["node"] for edge in found["projects"]["edges"])
    assert first["tags"]["edges"] == [{"node": {"tag": "maths", "project": {"title": projects[0]}}}]
    assert second == {"title": projects[1], "user": {"username": user.username}, "tags": {"edges": []}}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('{title: {gt: "Title 1", lte: "Title 3"}}', [2, 3]),
        ('{or: [{title: {eq: "Title 0"}}, {title: {like: "%4"}}]}', [0, 4]),
        ('{not: {status: {eq: "draft"}}, title: {neq: "Title 0"}}', [1, 2, 3]),
        ('{title: {in: ["Title 2", "nothing"]}}', [2]),
        ("{and: [], or: [], not: {}, title: {}}", [0, 1, 2, 3, 4]),
        ("{liveLink: {is: NOT_NULL}}", []),
        ('{title: {startsWith: "Title 3"}, status: {regex: "^pub"}, description: {is: NULL}}', [3]),
        ('{title: {ilike: "TITLE%"}, createdAt: {gt: "2020-01-01T00:00:00Z"}, status: {iregex: "DRAFT"}}', [4]),
        ("{title: {in: []}}", []),
        ('{title: {eq: "\' or true --"}}', []),
    ],
)
def test_filters(owner: httpx.Client, user: User, projects: list[str], condition: str, expected: list[int]) -> None:
    query = "query($of: UUID!) { projectCollection(orderBy: [{title: AscNullsLast}], filter: "
    query += f"{{and: [{{userId: {{eq: $of}}}}, {condition}]}}) {{ edges {{ node {{ title }} }} }} }}"
    assert titles(ask(owner, query, of=str(user.id))) == [projects[n] for n in expected]


def test_pages_follow_each_other(owner: httpx.Client, user: User, projects: list[str]) -> None:
    query = """query($of: UUID!, $after: Cursor) { projectCollection(
        first: 2, after: $after, filter: {userId: {eq: $of}}, orderBy: [{status: AscNullsLast}, {title: DescNullsLast}]
    ) { edges { node { title } } pageInfo { hasNextPage endCursor } } }"""
    seen: list[str] = []
    info: Json = {"hasNextPage": True, "endCursor": None}
    while info["hasNextPage"]:
        page = ask(owner, query, of=str(user.id), after=info["endCursor"])
        seen += titles(page)
        info = page["data"]["projectCollection"]["pageInfo"]
    assert seen == [projects[n] for n in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ('after: "nonsense"', "Invalid cursor"),
        ("first: -1", "negative"),
        ('filter: {title: {regex: "("}}', "regular expression"),
        ('filter: {createdAt: {gt: "soon"}}', "timestamp"),
        ('filter: {id: {eq: "x"}}', "UUID"),
    ],
)
def test_mistakes_are_told(anon: httpx.Client, arguments: str, word: str) -> None:
    answer = ask(anon, f"{{ projectCollection({arguments}) {{ edges {{ node {{ id }} }} }} }}")
    assert word in answer["errors"][0]["message"]


def test_functions_of_everybody_can_be_called(anon: httpx.Client) -> None:
    query = '{ getProjectMetrics(projectId: "00000000-0000-4000-8000-000000000101") }'
    assert '"Analytical Engine"' in ask(anon, query)["data"]["getProjectMetrics"]


def test_a_migration_is_seen(stack: Stack, service: httpx.Client) -> None:
    name = "later" + "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex[:8])
    query = f"{{ found: {name}Collection {{ edges {{ node {{ id }} }} }} }}"
    assert "Cannot query field" in reported(ask(service, query))
    with psycopg.connect(stack.database_url, autocommit=True) as database:
        database.execute(f"create table public.{name} (id int primary key)".encode())
        try:
            database.execute("notify pgrst, 'reload schema'")
            deadline = time.monotonic() + 30
            while "errors" in (answer := ask(service, query)) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert answer["data"] == {"found": {"edges": []}}
        finally:
            database.execute(f"drop table public.{name}".encode())
            database.execute("notify pgrst, 'reload schema'")
