"""Embedding stays unambiguous however many tables refer to both sides, as with PostgREST."""

import pytest

from tests.support.stack import Stack
from tests.support.users import User

ADAS_ENGINE = "00000000-0000-4000-8000-000000000101"


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("title,users(username)", {"title": "Analytical Engine", "users": {"username": "ada"}}),
        ("owner:users(name:username)", {"owner": {"name": "ada"}}),
        ("users!inner(username)", {"users": {"username": "ada"}}),
        ("users!projects_user_id_fkey(username)", {"users": {"username": "ada"}}),
        ("title,...users(username)", {"title": "Analytical Engine", "username": "ada"}),
        ("title,...users(*)", {"title": "Analytical Engine", "username": "ada"}),
        ("id,...users(*)", {"username": "ada"}),
    ],
)
def test_a_projects_owner(stack: Stack, select: str, expected: dict[str, object]) -> None:
    with stack.client() as client:
        answer = client.get("/rest/v1/projects", params={"select": select, "id": f"eq.{ADAS_ENGINE}"})
    assert answer.status_code == 200, answer.text
    [found] = answer.json()
    assert expected.items() <= found.items()
    assert "*" in select or found == expected


@pytest.mark.parametrize("name", ["or", "and"])
def test_a_filter_beside_a_spread_is_the_tables_own(stack: Stack, name: str) -> None:
    asked = {"select": "title,...users(owner:id,username)", name: f"(id.eq.{ADAS_ENGINE},id.eq.{ADAS_ENGINE})"}
    with stack.client() as client:
        answer = client.get("/rest/v1/projects", params={**asked, "created_at": "gt.2020-01-01", "order": "id"})
    assert answer.status_code == 200, answer.text
    assert [found["title"] for found in answer.json()] == ["Analytical Engine"]


def test_below_another_embedding(stack: Stack) -> None:
    query = {"select": "username,projects(title,users(username),project_tags(tag))", "username": "eq.ada"}
    with stack.client() as client:
        [ada] = client.get("/rest/v1/users", params=query).json()
    [engine] = ada["projects"]
    assert engine["users"] == {"username": "ada"}
    assert {"tag": "computing"} in engine["project_tags"]


def test_in_the_answer_to_a_write(stack: Stack, user: User) -> None:
    with stack.client(user) as client:
        answer = client.post(
            "/rest/v1/projects",
            params={"select": "title,users(username)"},
            json={"title": "New"},
            headers={"Prefer": "return=representation"},
        )
    assert answer.status_code == 201, answer.text
    assert answer.json() == [{"title": "New", "users": {"username": user.username}}]
