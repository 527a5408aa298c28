"""Which usernames are allowed."""

import psycopg
import pytest

from tests.support.stack import Stack
from tests.support.users import User


@pytest.mark.parametrize(
    "name", ["admin", "api", "auth", "login", "projects", "settings", "support", "www", "Me", "postmaster"]
)
def test_a_page_of_the_site_is_nobodys_name(stack: Stack, user: User, name: str) -> None:
    with stack.client(user) as client:
        mine = f"/rest/v1/users?id=eq.{user.id}"
        answer = client.patch(mine, json={"username": name})
        assert (answer.status_code, answer.json()["code"]) == (400, "23514")
        assert answer.json()["message"] == f"The username {name.lower()} is reserved."
        assert answer.json()["hint"] == "Choose another username."
        assert client.get(mine).json()[0]["username"] == user.username


def test_who_has_had_such_a_name_keeps_it(stack: Stack, user: User) -> None:
    name = f"early-{user.id.hex[:12]}"
    with stack.client(user) as client, psycopg.connect(stack.database_url, autocommit=True) as connection:
        mine = f"/rest/v1/users?id=eq.{user.id}"
        client.patch(mine, json={"username": name}).raise_for_status()
        connection.execute("insert into private.reserved_usernames values (%s)", (name,))
        picture = {"username": name, "avatar_url": "https://example.com/a.png"}
        client.patch(mine, json=picture).raise_for_status()
        client.patch(mine, json={"username": f"{name}-2"}).raise_for_status()
        assert client.patch(mine, json={"username": name}).status_code == 400


def test_a_username_is_stored_in_lower_case_however_it_is_typed(stack: Stack, user: User) -> None:
    name = f"Early-{user.id.hex[:12]}"
    with stack.client(user) as client:
        mine = f"/rest/v1/users?id=eq.{user.id}"
        client.patch(mine, json={"username": name}).raise_for_status()
        client.patch(mine, json={"username": name.upper()}).raise_for_status()
        assert client.get(mine).json()[0]["username"] == name.lower()
        assert client.patch(mine, json={"username": f"{name}!"}).json()["code"] == "23514"
