"""Which requests the simulator of GitHub refuses, as GitHub does."""

from pathlib import Path

import pytest

from tests.support.cluster import TestCluster
from tests.support.vendors.github import GitHub, running_github


def test_an_unknown_field_is_refused_as_github_refuses_it(github: GitHub) -> None:
    answer = github.ask(f'query Q {{ r: repository(owner: "{github.owner}", name: "x") {{ id followers }} }}')
    column = len(f'query Q {{ r: repository(owner: "{github.owner}", name: "x") {{ id ') + 1
    assert answer == {
        "errors": [
            {
                "path": ["query Q", "r", "followers"],
                "extensions": {"code": "undefinedField", "typeName": "Repository", "fieldName": "followers"},
                "locations": [{"line": 1, "column": column}],
                "message": "Field 'followers' doesn't exist on type 'Repository'",
            }
        ]
    }


@pytest.mark.parametrize(
    "query",
    [
        '{ repository(owner: "a") { id } }',
        '{ repository(owner: "a", name: 5) { id } }',
        '{ repository(owner: "a", name: "b", colour: "red") { id } }',
        '{ repository(owner: "a", name: "b") }',
        "query ($owner: String!) { repository(owner: $owner, name: $name) { id } }",
        'query ($owner: String!) { repository(owner: $owner, name: "b") { id } }',
        '{ r: repository(owner: "a", name: "b") { id } r: repository(owner: "a", name: "c") { id } }',
        "{ repository",
    ],
)
def test_what_the_schema_does_not_allow_is_refused(github: GitHub, query: str) -> None:
    for _ in range(2):  # the second time from what was remembered of the first
        answer = github.ask(query)
        assert "data" not in answer
        assert answer["errors"][0]["message"]


def test_a_field_without_a_value_here_says_so(github: GitHub) -> None:
    answer = github.ask(f'{{ repository(owner: "{github.owner}", name: "x") {{ description }} }}')
    assert answer["errors"][0]["type"] == "NOT_SIMULATED"


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"query": 5}', b'{"query": "{viewer{login}}", "variables": 3}'])
def test_a_body_that_is_no_query_is_400(github: GitHub, body: bytes) -> None:
    answer = github.client.post("/graphql", content=body, headers={"authorization": f"Bearer {github.token}"})
    assert answer.status_code == 400
    assert set(answer.json()) == {"message", "documentation_url", "status"}


def test_other_paths_are_not_found(github: GitHub) -> None:
    answer = github.client.get("/repos/a/b")
    assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")


def test_a_request_without_a_token_is_refused(github: GitHub) -> None:
    answer = github.client.post("/graphql", json={"query": "{ viewer { login } }"})
    assert answer.status_code == 401
    assert answer.json()["message"] == "This endpoint requires you to be authenticated."


def test_a_revoked_token_is_refused_and_others_are_not(github: GitHub) -> None:
    github.behave(f"token:{github.token}", {"kind": "bad_credentials"})
    answer = github.post("{ viewer { login } }")
    assert answer.status_code == 401
    assert answer.json() == {
        "message": "Bad credentials",
        "documentation_url": "https://docs.github.com/graphql",
        "status": "401",
    }
    assert github.post("{ viewer { login } }", headers={"authorization": "bearer another"}).status_code == 200


def test_only_the_tokens_of_the_setting_are_taken(cluster: TestCluster, tmp_path: Path) -> None:
    with running_github(cluster, tmp_path, GITHUB_SIMULATOR_TOKENS="one, two") as client:
        query = {"query": "{ viewer { login } }"}
        answers = {
            token: client.post("/graphql", json=query, headers={"authorization": f"Bearer {token}"}).status_code
            for token in ("one", "two", "three")
        }
    assert answers == {"one": 200, "two": 200, "three": 401}


def test_a_request_without_a_user_agent_is_refused(github: GitHub) -> None:
    answer = github.post("{ viewer { login } }", headers={"user-agent": ""})
    assert answer.status_code == 403
    assert "User-Agent" in answer.text
