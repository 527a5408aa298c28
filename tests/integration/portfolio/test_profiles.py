"""Profiles: what users write about themselves, and who reads it."""

from collections.abc import Mapping

import httpx
import pytest

from tests.support.users import User

FILLED = {
    "name": "Ada Lovelace",
    "headline": "Analyst and metaphysician",
    "bio": "Notes on the engine.\n\nAnd more.",
    "location": "London",
    "links": ["https://example.com/ada", "http://example.org"],
}


def test_a_user_writes_their_profile_and_everybody_reads_it(
    owner: httpx.Client, other: httpx.Client, anon: httpx.Client, user: User
) -> None:
    mine = f"/rest/v1/users?id=eq.{user.id}"
    empty = anon.get(mine).json()[0]
    assert {name: empty[name] for name in FILLED} == dict.fromkeys(FILLED) | {"links": []}
    assert owner.patch(mine, json=FILLED).status_code == 204
    read = anon.get(mine).json()[0]
    assert {name: read[name] for name in FILLED} == FILLED
    assert (read["email"], read["google_id"]) == (None, None)
    assert other.patch(mine, json={"name": "Mallory"}, headers={"Prefer": "return=representation"}).json() == []
    assert anon.patch(mine, json={"name": "Mallory"}).status_code == 401
    assert anon.get(mine).json()[0]["name"] == "Ada Lovelace"


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"name": ""}, "users_name_length"),
        ({"name": "n" * 101}, "users_name_length"),
        ({"headline": "h" * 201}, "users_headline_length"),
        ({"bio": "b" * 5001}, "users_bio_length"),
        ({"location": "l" * 101}, "users_location_length"),
        ({"links": ["https://example.com"] * 11}, "users_links_count"),
        ({"links": ["javascript:alert(1)"]}, "users_links_address"),
        ({"links": ["https://example.com/a b"]}, "users_links_address"),
        ({"links": ["https://example.com", None]}, "users_links_address"),
        ({"links": ["https://example.com/" + "a" * 2048]}, "users_links_address"),
    ],
)
def test_what_is_too_long_or_no_link_is_refused(
    owner: httpx.Client, user: User, values: Mapping[str, object], constraint: str
) -> None:
    answer = owner.patch(f"/rest/v1/users?id=eq.{user.id}", json=values)
    assert (answer.status_code, answer.json()["code"]) == (400, "23514")
    assert constraint in answer.json()["message"]
