"""Addresses last: slugs, former slugs, former usernames, and who may have a name."""

import uuid
from collections.abc import Callable

import httpx
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.portfolio.conftest import add, change, rename, rpc
from tests.support.stack import Stack
from tests.support.users import User


def unused() -> str:
    return f"n{uuid.uuid4().hex[:20]}"


def find(client: httpx.Client, username: str, slug: str | None = None) -> object:
    return rpc(client, "find_page", username=username, slug=slug).json()


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Analytical Engine", "analytical-engine"),
        ("  Été à la Plage!! ", "ete-a-la-plage"),
        ("日本語", "project"),
        ("a" * 200, "a" * 60),
        ("--- x ---", "x"),
    ],
)
def test_a_project_gets_its_slug_from_its_title(owner: httpx.Client, title: str, slug: str) -> None:
    assert [add(owner, title)["slug"] for _ in range(3)] == [slug, f"{slug}-2", f"{slug}-3"]


def test_a_slug_stays_when_the_title_changes_and_is_unique_for_its_user(
    owner: httpx.Client, other: httpx.Client
) -> None:
    first, second = add(owner, "One"), add(owner, "Two")
    assert change(owner, first["id"], title="Another").json()[0]["slug"] == "one"
    taken = change(owner, first["id"], slug="two")
    assert (taken.status_code, taken.json()["code"]) == (409, "23505")
    for bad in ("-one", "One", "o ne", "o" * 81, "ö"):
        assert change(owner, first["id"], slug=bad).json()["code"] == "23514"
    assert change(owner, second["id"], slug="", title="Fresh").json()[0]["slug"] == "fresh"
    assert add(other, "One")["slug"] == "one"


def test_every_address_that_a_project_had_leads_to_it(owner: httpx.Client, anon: httpx.Client, user: User) -> None:
    project = add(owner, "Old Title")
    change(owner, project["id"], slug="newer")
    change(owner, project["id"], slug="newest").raise_for_status()
    former, now = user.username, unused()
    rename(owner, user, now).raise_for_status()
    page = {"user_id": str(user.id), "username": now, "project_id": project["id"], "slug": "newest"}
    for username in (former, now, former.upper(), now.upper()):
        assert find(anon, username) == page | {"project_id": None, "slug": None}
        for slug in ("old-title", "newer", "NEWEST", project["id"]):
            assert find(anon, username, slug) == page
    assert find(anon, "somebody-else", project["id"]) == page, "an id is enough"
    assert find(anon, now, "never") is None
    assert find(anon, unused()) is None


def test_a_former_slug_is_given_to_no_new_project_by_itself(
    owner: httpx.Client, anon: httpx.Client, user: User
) -> None:
    project = add(owner, "One")
    change(owner, project["id"], slug="first").raise_for_status()
    assert add(owner, "One")["slug"] == "one-2"
    taken = add(owner, "Other", slug="one")
    assert find(anon, user.username, "one") == {
        "user_id": str(user.id),
        "username": user.username,
        "project_id": taken["id"],
        "slug": "one",
    }


def test_a_draft_is_found_by_its_owner_alone(owner: httpx.Client, other: httpx.Client, user: User) -> None:
    draft = add(owner, "Secret", status="draft")
    for slug in ("secret", draft["id"]):
        assert find(other, user.username, slug) is None
        assert find(owner, user.username, slug) is not None


def test_a_username_that_was_given_up_is_held_for_its_former_owner(
    stack: Stack, owner: httpx.Client, other: httpx.Client, make_user: Callable[..., User], user: User
) -> None:
    former, stranger = user.username, make_user()
    rename(owner, user, unused()).raise_for_status()
    with stack.client(stranger) as client:
        refused = rename(client, stranger, former)
        assert (refused.status_code, refused.json()["code"]) == (400, "23514")
        assert rpc(client, "username_available", username=former).json() == "held"
        assert rpc(owner, "username_available", username=former).json() == "available"
        with psycopg.connect(stack.database_url, autocommit=True) as connection:
            connection.execute(
                "update private.former_usernames set freed_at = now() - interval '91 days' where user_id = %s",
                (user.id,),
            )
        assert find(client, former) is not None, "until somebody takes it"
        rename(client, stranger, former).raise_for_status()
        found = find(client, former)
        assert isinstance(found, dict)
        assert found["user_id"] == str(stranger.id)
    assert rename(owner, user, former).json()["code"] == "23505"


def test_the_name_of_a_deleted_account_is_held_without_the_name(stack: Stack, make_user: Callable[..., User]) -> None:
    gone, stranger = make_user(), make_user()
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute("delete from auth.users where id = %s", (gone.id,))
        kept = connection.execute("select * from private.former_usernames where user_id is null").fetchall()
    assert gone.username not in str(kept)
    with stack.client(stranger) as client:
        assert rpc(client, "username_available", username=gone.username).json() == "held"
        assert rename(client, stranger, gone.username).json()["code"] == "23514"
        assert find(client, gone.username) is None


def test_a_sign_up_does_not_get_a_held_name(stack: Stack, make_user: Callable[..., User]) -> None:
    word = unused()
    first = make_user(email=f"{word}@example.com")
    assert first.username == word
    with stack.client(first) as client:
        rename(client, first, unused()).raise_for_status()
    assert make_user(email=f"{word}@example.org").username == f"{word}-2"


def test_a_username_changes_ten_times_in_ninety_days(owner: httpx.Client, user: User) -> None:
    names = [unused() for _ in range(11)]
    answers = [rename(owner, user, name) for name in names]
    assert [answer.status_code for answer in answers] == [204] * 10 + [429]
    assert answers[-1].json()["hint"] == "Take back one that you had, or wait."
    assert rename(owner, user, names[3]).status_code == 204


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("admin", "reserved"),
        ("", "invalid"),
        ("-a", "invalid"),
        ("a b", "invalid"),
        ("a" * 33, "invalid"),
        ("Ä", "invalid"),
    ],
)
def test_a_name_can_be_asked_for_before_it_is_sent(anon: httpx.Client, user: User, name: str, answer: str) -> None:
    assert rpc(anon, "username_available", username=name).json() == answer
    assert rpc(anon, "username_available", username=user.username.upper()).json() == "taken"
    assert rpc(anon, "username_available", username=unused()).json() == "available"


@settings(max_examples=60)
@given(name=st.text(max_size=40))
def test_no_name_breaks_the_question(anon: httpx.Client, name: str) -> None:
    answer = rpc(anon, "username_available", username=name.replace("\x00", ""))
    assert (answer.status_code, answer.json()) in [
        (200, w) for w in ("available", "taken", "reserved", "held", "invalid")
    ]
    assert rpc(anon, "find_page", username=name.replace("\x00", ""), slug=name.replace("\x00", "")).status_code == 200


def test_two_who_exchange_names_at_once_both_end_with_one(stack: Stack, make_user: Callable[..., User]) -> None:
    """Names are locked in one order: nobody waits for somebody who waits for them."""
    one, two = make_user(), make_user()
    with psycopg.connect(stack.database_url) as first, psycopg.connect(stack.database_url) as second:
        first.execute("update private.users set username = %s where id = %s", (unused(), one.id))
        second.execute("set lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            second.execute("update private.users set username = %s where id = %s", (one.username, two.id))
        second.rollback()
        first.commit()
        with pytest.raises(psycopg.errors.CheckViolation):
            second.execute("update private.users set username = %s where id = %s", (one.username, two.id))
