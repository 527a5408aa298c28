"""GraphQL at /graphql/v1 as a hosted project serves it; tests/access/test_graphql.py has who may do what."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.people import Person, access_token
from tests.support.stack import Stack

Json = dict[str, Any]

INTROSPECTION = ["{ __schema { types { name } } }", '{ __type(name: "User") { fields { name } } }']


def ask(client: httpx.Client, query: str, **variables: Any) -> Json:
    answer = client.post("/graphql/v1", json={"query": query, "variables": variables})
    assert answer.status_code == 200, answer.text
    result: Json = answer.json()
    return result


def told(answer: Json) -> str:
    """What went wrong, when nothing was done."""
    assert "data" not in answer
    return str(answer["errors"][0]["message"])


def titles(answer: Json) -> list[str]:
    return [edge["node"]["title"] for edge in answer["data"]["projectCollection"]["edges"]]


@pytest.fixture
def projects(owner: httpx.Client, person: Person) -> list[str]:
    """Five of a person's projects, of which the last is a draft."""
    rows = [{"title": f"Title {n}", "status": "draft" if n == 4 else "published"} for n in range(5)]
    owner.post("/rest/v1/projects", json=rows).raise_for_status()
    return [row["title"] for row in rows]


def test_what_belongs_together_comes_together(owner: httpx.Client, person: Person, projects: list[str]) -> None:
    mine = owner.get("/rest/v1/projects", params={"select": "id,title", "user_id": f"eq.{person.id}"}).json()
    tagged = next(row["id"] for row in mine if row["title"] == projects[0])
    owner.post("/rest/v1/project_tags", json={"project_id": tagged, "tag": "maths"}).raise_for_status()
    query = """query($id: UUID!) { userCollection(filter: {id: {eq: $id}}) { edges { node {
        username email projects(orderBy: [{title: AscNullsLast}], first: 2) {
            edges { node { title user { username } tags { edges { node { tag project { title } } } } } }
            pageInfo { hasNextPage }
        }
    } } } }"""
    [edge] = ask(owner, query, id=str(person.id))["data"]["userCollection"]["edges"]
    found = edge["node"]
    assert (found["username"], found["email"]) == (person.username, person.email)
    assert found["projects"]["pageInfo"] == {"hasNextPage": True}
    first, second = (edge["node"] for edge in found["projects"]["edges"])
    assert first["tags"]["edges"] == [{"node": {"tag": "maths", "project": {"title": projects[0]}}}]
    assert second == {"title": projects[1], "user": {"username": person.username}, "tags": {"edges": []}}


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
def test_filters(owner: httpx.Client, person: Person, projects: list[str], condition: str, expected: list[int]) -> None:
    query = "query($of: UUID!) { projectCollection(orderBy: [{title: AscNullsLast}], filter: "
    query += f"{{and: [{{userId: {{eq: $of}}}}, {condition}]}}) {{ edges {{ node {{ title }} }} }} }}"
    assert titles(ask(owner, query, of=str(person.id))) == [projects[n] for n in expected]


def test_pages_follow_each_other(owner: httpx.Client, person: Person, projects: list[str]) -> None:
    query = """query($of: UUID!, $after: Cursor) { projectCollection(
        first: 2, after: $after, filter: {userId: {eq: $of}}, orderBy: [{status: AscNullsLast}, {title: DescNullsLast}]
    ) { edges { node { title } } pageInfo { hasNextPage endCursor } } }"""
    seen: list[str] = []
    info: Json = {"hasNextPage": True, "endCursor": None}
    while info["hasNextPage"]:
        page = ask(owner, query, of=str(person.id), after=info["endCursor"])
        seen += titles(page)
        info = page["data"]["projectCollection"]["pageInfo"]
    assert seen == [projects[n] for n in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize("asked", ["", "(first: 1000)", "(last: 1000)"])
def test_no_page_is_larger_than_the_schema_allows(
    service: httpx.Client, people: Callable[..., Person], asked: str
) -> None:
    project = service.post(
        "/rest/v1/projects",
        json={"user_id": str(people().id), "title": "Many", "status": "published"},
        headers={"Prefer": "return=representation"},
    ).json()[0]
    tags = [{"project_id": project["id"], "tag": f"tag {n}"} for n in range(101)]
    service.post("/rest/v1/project_tags", json=tags).raise_for_status()
    query = f"query($id: UUID!) {{ projectCollection(filter: {{id: {{eq: $id}}}}) {{ edges {{ node {{ tags{asked} "
    query += "{ edges { node { tag } } } } } } }"
    [edge] = ask(service, query, id=project["id"])["data"]["projectCollection"]["edges"]
    assert len(edge["node"]["tags"]["edges"]) == 100


def test_writes_answer_with_what_they_wrote(owner: httpx.Client, person: Person) -> None:
    query = """mutation($objects: [ProjectInsertInput!]!) { insertIntoProjectCollection(objects: $objects) {
        affectedCount records { title status user { username } tags { edges { node { tag } } } }
    } }"""
    answer = ask(owner, query, objects=[{"title": "A"}, {"title": "B", "status": "published"}])
    made = answer["data"]["insertIntoProjectCollection"]
    assert made["affectedCount"] == 2
    same = {"user": {"username": person.username}, "tags": {"edges": []}}
    by_title = sorted(made["records"], key=lambda record: str(record["title"]))
    assert by_title == [{"title": "A", "status": "draft", **same}, {"title": "B", "status": "published", **same}]


def test_a_write_that_meets_too_many_rows_is_taken_back(
    owner: httpx.Client, person: Person, projects: list[str]
) -> None:
    answer = ask(owner, 'mutation { updateProjectCollection(set: {title: "Changed"}) { affectedCount } }')
    assert "too many records" in answer["errors"][0]["message"]
    mine = "query($of: UUID!) { projectCollection(filter: {userId: {eq: $of}}) { edges { node { title } } } }"
    assert sorted(titles(ask(owner, mine, of=str(person.id)))) == projects
    deleted = ask(owner, "mutation { deleteFromProjectCollection(atMost: 5) { affectedCount } }")
    assert deleted["data"]["deleteFromProjectCollection"] == {"affectedCount": 5}


def test_an_insert_makes_as_many_rows_as_it_names(owner: httpx.Client) -> None:
    none = ask(owner, "mutation { insertIntoProjectCollection(objects: []) { affectedCount } }")
    assert "At least one record" in none["errors"][0]["message"]
    bare = ask(owner, "mutation { insertIntoProjectCollection(objects: [{}, {}]) { affectedCount } }")
    assert '"title"' in bare["errors"][0]["message"]
    mixed = (
        'mutation { insertIntoProjectCollection(objects: [{title: "A"}, {title: "B", liveLink: "https://b.example"}])'
    )
    answer = ask(owner, mixed + " { records { title liveLink } } }")
    made = answer["data"]["insertIntoProjectCollection"]["records"]
    assert sorted((row["title"], row["liveLink"]) for row in made) == [("A", None), ("B", "https://b.example")]


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


def test_nobody_moves_what_is_not_theirs(owner: httpx.Client, other: httpx.Client, projects: list[str]) -> None:
    query = """mutation { updateProjectCollection(
        set: {title: "Mine now"}, filter: {title: {eq: "Title 1"}}, atMost: 9
    ) { affectedCount } }"""
    assert ask(other, query)["data"]["updateProjectCollection"] == {"affectedCount": 0}
    assert "tier" in told(ask(other, 'mutation { updateUserCollection(set: {tier: "paid"}) { affectedCount } }'))


@pytest.mark.parametrize("query", INTROSPECTION)
def test_the_schema_is_not_listed(anon: httpx.Client, owner: httpx.Client, service: httpx.Client, query: str) -> None:
    assert "introspection" in told(ask(anon, query))
    assert "introspection" in told(ask(owner, query))
    assert "errors" not in ask(service, query), "tools ask with the secret key"


def test_names_are_not_told_by_the_way(anon: httpx.Client) -> None:
    assert told(ask(anon, "{ projectCollectio { edges { cursor } } }")) == (
        'Cannot query field "projectCollectio" on type "Query".'
    )


def test_a_visitor_knows_of_no_write_and_no_handlers_function(anon: httpx.Client, owner: httpx.Client) -> None:
    assert "mutation" in told(ask(anon, "mutation { deleteFromProjectCollection { affectedCount } }")).lower()
    for client in (anon, owner):
        assert "Cannot query field" in told(ask(client, "{ countDueNotifications }"))
        assert "Cannot query field" in told(ask(client, "{ getBillingAccount { userId } }"))


def test_functions_of_everybody_can_be_called(anon: httpx.Client) -> None:
    query = '{ getProjectMetrics(projectId: "00000000-0000-4000-8000-000000000101") }'
    assert '"Analytical Engine"' in ask(anon, query)["data"]["getProjectMetrics"]


def nested(levels: int) -> str:
    return (
        "{ projectCollection(first: 1) { edges { node { "
        + "user { projects(first: 1) { edges { node { " * levels
        + ("id" + " } } } }" * levels + " } } } }")
    )


def test_deep_queries_are_refused(anon: httpx.Client) -> None:
    assert "errors" not in ask(anon, nested(2))
    assert "levels deep" in told(ask(anon, nested(3)))


def test_costly_queries_are_refused(anon: httpx.Client) -> None:
    within = "{ projectCollection { edges { node { metrics { edges { node { project {"
    within += " metrics { edges { node { id } } } } } } } } } } }"
    assert "rows" in told(ask(anon, within))
    assert "errors" not in ask(anon, within.replace("metrics {", "metrics(first: 5) {"))
    as_variable = "query($n: Int) " + within.replace("metrics {", "metrics(first: $n) {")
    assert "errors" not in ask(anon, as_variable, n=5)
    assert "rows" in told(ask(anon, as_variable, n=100))
    assert "fields" in told(ask(anon, "{" + " ".join(f"a{n}: __typename" for n in range(1001)) + "}"))


def test_fragments_hide_nothing(anon: httpx.Client) -> None:
    doubling = " ".join(
        f"fragment F{n} on Query {{ a{n}: __typename ...F{n + 1} b{n}: __typename ...F{n + 1} }}" for n in range(40)
    )
    answer = ask(anon, f"{{ ...F0 }} {doubling} fragment F40 on Query {{ __typename }}")
    assert "fields" in told(answer)
    many = " ".join(
        f"a{n}: projectCollection {{ edges {{ node {{ tags {{ edges {{ node {{ tag }} }} }} }} }} }}" for n in range(10)
    )
    assert "rows" in told(ask(anon, f"{{ ...All }} fragment All on Query {{ {many} }}"))
    assert "Syntax" in told(ask(anon, "{ " + "__typename " * 6000 + "}"))


@pytest.mark.parametrize("paged", ["... {{ edges {} }}", "...E", "... @include(if: true) {{ edges {} }}"])
def test_rows_are_counted_where_a_fragment_asks_for_them(anon: httpx.Client, paged: str) -> None:
    inner = "{ node { metrics { edges { node { id } } } } }"
    spread = paged.format(inner)
    named = f"fragment E on ProjectConnection {{ edges {inner} }}" if spread == "...E" else ""
    within = f"{{ a: projectCollection {{ edges {{ node {{ user {{ projects {{ {spread} }} }} }} }} }} }} {named}"
    assert "rows" in told(ask(anon, within))


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


def test_whoever_cannot_be_known_is_refused(stack: Stack, person: Person) -> None:
    def status(key: str | None, token: str | None) -> int:
        headers = {"apikey": key, "Authorization": token and f"Bearer {token}"}
        sent = {name: value for name, value in headers.items() if value}
        return httpx.post(f"{stack.url}/graphql/v1", json={"query": "{ __typename }"}, headers=sent).status_code

    key, issuer = stack.publishable_key, f"{stack.url}/auth/v1"
    header, payload, signature = person.token.split(".")
    forged = access_token("another secret that is long enough for it", issuer, person.id)
    unsigned = "eyJhbGciOiJub25lIn0"
    assert status(key, None) == status(key, key) == status(key, person.token) == status(stack.secret_key, None) == 200
    assert status(None, person.token) == status("sb_publishable_other", None) == status("", None) == 401
    for bad in (
        "nonsense",
        forged,
        f"{header}.{payload}",
        f"{unsigned}.{payload}.",
        f"{unsigned}.{payload}.{signature}",
    ):
        assert status(key, bad) == 401, bad
    rest = httpx.get(f"{stack.url}/rest/v1/projects", headers={"apikey": key, "Authorization": f"Bearer {forged}"})
    graphql = httpx.post(f"{stack.url}/graphql/v1", headers={"apikey": key, "Authorization": f"Bearer {forged}"})
    assert (graphql.status_code, graphql.json()["code"]) == (rest.status_code, rest.json()["code"])


def test_callers_at_the_same_time_stay_apart(stack: Stack, people: Callable[..., Person]) -> None:
    """One pool serves everybody: no role or claim may stay on a connection."""
    somebody, another = people(), people()
    query = "{ userCollection(filter: {email: {is: NOT_NULL}}) { edges { node { id } } } }"

    with stack.client(somebody) as first, stack.client(another) as second, stack.client("anon") as visitor:
        for _ in range(5):
            for client, own in ((first, [str(somebody.id)]), (visitor, []), (second, [str(another.id)])):
                found = ask(client, query)["data"]["userCollection"]["edges"]
                assert [edge["node"]["id"] for edge in found] == own


def test_a_migration_is_seen(stack: Stack, service: httpx.Client) -> None:
    name = "later" + "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex[:8])
    query = f"{{ found: {name}Collection {{ edges {{ node {{ id }} }} }} }}"
    assert "Cannot query field" in told(ask(service, query))
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


def test_any_web_page_may_ask(stack: Stack) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    assert httpx.options(f"{stack.url}/graphql/v1", headers=asked).status_code == 204
    answer = httpx.post(f"{stack.url}/graphql/v1", headers={"Origin": "https://app.example"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, "*")
