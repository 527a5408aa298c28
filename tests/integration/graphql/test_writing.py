"""Writing by GraphQL: what it answers, and how many rows it may meet."""

import httpx

from tests.integration.graphql.queries import ask, reported, titles
from tests.support.users import User


def test_writes_answer_with_what_they_wrote(owner: httpx.Client, user: User) -> None:
    query = """mutation($objects: [ProjectInsertInput!]!) { insertIntoProjectCollection(objects: $objects) {
        affectedCount records { title status user { username } tags { edges { node { tag } } } }
    } }"""
    answer = ask(owner, query, objects=[{"title": "A"}, {"title": "B", "status": "published"}])
    made = answer["data"]["insertIntoProjectCollection"]
    assert made["affectedCount"] == 2
    same = {"user": {"username": user.username}, "tags": {"edges": []}}
    by_title = sorted(made["records"], key=lambda record: str(record["title"]))
    assert by_title == [{"title": "A", "status": "draft", **same}, {"title": "B", "status": "published", **same}]


def test_a_write_that_meets_too_many_rows_is_taken_back(owner: httpx.Client, user: User, projects: list[str]) -> None:
    answer = ask(owner, 'mutation { updateProjectCollection(set: {title: "Changed"}) { affectedCount } }')
    assert "too many records" in answer["errors"][0]["message"]
    mine = "query($of: UUID!) { projectCollection(filter: {userId: {eq: $of}}) { edges { node { title } } } }"
    assert sorted(titles(ask(owner, mine, of=str(user.id)))) == projects
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


def test_nobody_moves_what_is_not_theirs(owner: httpx.Client, other: httpx.Client, projects: list[str]) -> None:
    query = """mutation { updateProjectCollection(
        set: {title: "Mine now"}, filter: {title: {eq: "Title 1"}}, atMost: 9
    ) { affectedCount } }"""
    assert ask(other, query)["data"]["updateProjectCollection"] == {"affectedCount": 0}
    assert "tier" in reported(ask(other, 'mutation { updateUserCollection(set: {tier: "paid"}) { affectedCount } }'))


def test_a_refused_value_names_its_rule_which_can_be_asked_for(owner: httpx.Client) -> None:
    insert = "mutation($title: String!) { insertIntoProjectCollection(objects: [{title: $title}]) { affectedCount } }"
    (error,) = ask(owner, insert, title="x" * 201)["errors"]
    assert set(error) <= {"message", "locations", "path"}
    name = error["message"].split('"')[-2]
    rule = """query($name: String!) { fieldRuleCollection(filter: {name: {eq: $name}}) {
        edges { node { field message maximum } }
    } }"""
    (edge,) = ask(owner, rule, name=name)["data"]["fieldRuleCollection"]["edges"]
    node = edge["node"]
    assert (node["field"], int(node["maximum"])) == ("title", 200)
    assert node["message"] == "Title must have 1 to 200 characters."


def test_what_a_trigger_refuses_names_the_field(owner: httpx.Client) -> None:
    insert = """mutation { insertIntoProjectCollection(objects: [{title: "A", githubLink: "https://gitlab.com/a/b"}]) {
        affectedCount
    } }"""
    assert "github_link is no link" in ask(owner, insert)["errors"][0]["message"]
