"""Attempts on profiles: to be paid, to be somebody else, to learn what is private."""

from typing import Any

import httpx
import pytest

from tests.access.refusals import assert_denied
from tests.access.world import Row, World
from tests.support import plain_http
from tests.support.sign_in import python_client, register, signed_in
from tests.support.stack import Stack
from tests.support.users import User

UPSERT = {"Prefer": "resolution=merge-duplicates,return=representation"}


def profile(world: World, user: User) -> dict[str, Any] | None:
    return world.stored(Row("private.users", {"id": str(user.id)}, {}))


@pytest.mark.parametrize("change", [{"tier": "paid"}, {"avatar_url": "https://example.com/a.png", "tier": "paid"}])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_give_oneself_paid(world: World, owner: httpx.Client, user: User, method: str, change: dict[str, str]) -> None:
    before = profile(world, user)
    body = change if method == "PATCH" else {"id": str(user.id)} | change
    answer = owner.request(method, "/rest/v1/users", params={"id": f"eq.{user.id}"}, json=body)
    assert_denied(answer, "owner")
    assert profile(world, user) == before


@pytest.mark.parametrize("headers", [{}, UPSERT], ids=["insert", "upsert"])
@pytest.mark.parametrize("existing", [True, False], ids=["with a profile", "without"])
def test_make_oneself_a_paid_profile(
    world: World, owner: httpx.Client, user: User, headers: dict[str, str], existing: bool
) -> None:
    if not existing:
        world.database.execute("delete from private.users where id = %s", (user.id,))
    before = profile(world, user)
    row = {"id": str(user.id), "username": user.username, "tier": "paid"}
    assert_denied(owner.post("/rest/v1/users", json=row, headers=headers), "owner")
    everything = row | {"email": user.email, "google_id": user.google_id}
    assert owner.post("/rest/v1/users", json=[everything], headers=headers).is_client_error
    assert profile(world, user) == before


@pytest.mark.parametrize("column", ["id", "email", "google_id", "created_at"])
def test_change_what_google_vouches_for(world: World, owner: httpx.Client, user: User, column: str) -> None:
    before = profile(world, user)
    assert before is not None
    value = str(world.other.id) if column == "id" else "2001-01-01"
    answer = owner.patch("/rest/v1/users", params={"id": f"eq.{user.id}"}, json={column: value})
    assert answer.is_client_error
    assert profile(world, user) == before


def test_an_update_of_everybody_changes_oneself_alone(world: World, owner: httpx.Client, user: User) -> None:
    before = profile(world, world.owner)
    picture = "https://example.com/everybody.png"
    owner.patch("/rest/v1/users", params={"created_at": "not.is.null"}, json={"avatar_url": picture})
    owner.patch("/rest/v1/users", json={"avatar_url": picture})
    assert profile(world, world.owner) == before
    changed = profile(world, user)
    assert changed is not None
    assert changed["avatar_url"] == picture


@pytest.mark.filterwarnings("ignore:The '.*' parameter is deprecated:DeprecationWarning")
def test_become_somebody_else_by_editing_the_account(stack: Stack, world: World) -> None:
    """The account's own page at Auth: metadata is its owner's to edit, and nothing may follow from it."""
    victim = stack.make_user()
    with signed_in(stack, register(stack, email="attacker@example.com", name="Attacker")) as client:
        session = client.auth.get_session()
        assert session is not None
        query = "select email, google_id, tier from private.users where id = %s"
        before = world.database.execute(query, (session.user.id,)).fetchone()
        claims = {"provider_id": victim.google_id, "sub": victim.google_id, "email": victim.email, "tier": "paid"}
        headers = stack.headers("anon") | {"Authorization": f"Bearer {session.access_token}"}
        for body in (
            {"data": claims | {"role": "service_role"}},
            {"app_metadata": {"role": "service_role", "provider": "google"}, "role": "service_role"},
            {"email": victim.email},
            {"email": "new-address@example.com"},
        ):
            plain_http.put(f"{stack.url}/auth/v1/user", headers=headers, json=body)
        fresh = client.auth.refresh_session().session
        assert fresh is not None
        assert world.database.execute(query, (session.user.id,)).fetchone() == before
    with python_client(stack, fresh.access_token) as again:
        seen = again.table("users").select("email").eq("id", str(victim.id)).execute()
    assert seen.data == [{"email": None}]


LOOKS = [
    {"select": "email"},
    {"select": "email,google_id"},
    {"select": "*"},
    {"select": "address:email,number:google_id"},
    {"select": "email::text,google_id::text"},
    {"select": "*,projects!projects_user_id_fkey(*,users!projects_user_id_fkey(email,google_id))"},
    {"select": "id,layouts(id,users(email,google_id))"},
    {"select": "*", "limit": "1", "order": "email.desc.nullslast"},
]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look["select"])
@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
@pytest.mark.parametrize("caller", ["anon", "other"])
def test_read_addresses(world: World, caller: str, accept: str, look: dict[str, str]) -> None:
    world.project()
    client = world.clients[caller]
    for only in ({}, {"id": f"eq.{world.owner.id}"}):
        answer = client.get("/rest/v1/users", params=look | only, headers={"Accept": accept})
        assert answer.status_code == 200, answer.text
        assert_silent(world, answer)


@pytest.mark.parametrize(
    "select", ["{}(email,google_id)", "id,...{}(email,google_id)", "*,who:{}!inner(id,email,google_id)"]
)
@pytest.mark.parametrize("table", ["projects", "layouts"])
@pytest.mark.parametrize("caller", ["anon", "other"])
def test_read_addresses_by_embedding(world: World, caller: str, table: str, select: str) -> None:
    world.project()
    answer = world.clients[caller].get(
        f"/rest/v1/{table}", params={"select": select.format(f"users!{table}_user_id_fkey")}
    )
    assert answer.status_code == 200, answer.text
    assert_silent(world, answer)


@pytest.mark.parametrize("select", ["email.max()", "google_id.min()", "tier,email.max()", "count()", "id.count()"])
@pytest.mark.parametrize("caller", ["anon", "other"])
def test_aggregate_addresses(world: World, caller: str, select: str) -> None:
    """Aggregates are off; were they on, they would still be of the caller's own row."""
    for only in ({}, {"email": f"eq.{world.owner.email}"}):
        answer = world.clients[caller].get("/rest/v1/users", params={"select": select} | only)
        assert_silent(world, answer)
        assert answer.json()["code"] == "PGRST123"


def guesses(user: User) -> list[dict[str, str]]:
    address, number = user.email, user.google_id
    return [
        {"email": f"eq.{address}"},
        {"email": f"like.{address[:6]}*"},
        {"email": f"ilike.*{address[1:]}"},
        {"email": f"in.({address})"},
        {"google_id": f"like.{number[:12]}*"},
        {"or": f"(email.eq.{address},google_id.like.{number[:12]}*)"},
        {"email": "not.is.null", "id": f"eq.{user.id}"},
        {"email": "gt.a", "id": f"eq.{user.id}"},
        {"not.and": f"(email.is.null,id.eq.{user.id})", "id": f"eq.{user.id}"},
    ]


@pytest.mark.parametrize("number", range(9))
@pytest.mark.parametrize("caller", ["anon", "other"])
def test_guess_an_address(world: World, caller: str, number: int) -> None:
    """A filter finds nobody by what is private, whether one asks for rows, for their number or changes them."""
    client, guess = world.clients[caller], guesses(world.owner)[number]
    mine = {"id": f"eq.{world.owner.id}"} | guess  # the owner's client finds the owner
    assert len(world.clients["owner"].get("/rest/v1/users", params=mine).json()) == 1
    before = profile(world, world.owner)
    answer = client.get("/rest/v1/users", params={"select": "id"} | guess, headers={"Prefer": "count=exact"})
    assert (answer.json(), answer.headers["content-range"]) == ([], "*/0")
    embedded = {f"users.{column}" if column != "or" else "users.or": value for column, value in guess.items()}
    world.project()
    inner = client.get("/rest/v1/projects", params={"select": "id,users!projects_user_id_fkey!inner(id)"} | embedded)
    assert (inner.status_code, inner.json()) == (200, [])
    client.patch("/rest/v1/users", params=guess, json={"avatar_url": "https://example.com/found.png"})
    assert profile(world, world.owner) == before


def test_order_by_address(world: World, stack: Stack, anon: httpx.Client) -> None:
    """The order says nothing: it is that of the ids, though the addresses are in another."""
    users = sorted((stack.make_user() for _ in range(4)), key=lambda user: user.id)
    for letter, user in zip("dbca", users, strict=True):
        address = f"{letter}{user.email}"
        world.database.execute("update private.users set email = %s where id = %s", (address, user.id))
    among = {"select": "id", "id": f"in.({','.join(str(user.id) for user in users)})"}
    for column in ("email", "google_id"):
        for order in (f"{column}.asc,id.asc", f"{column}.desc,id.asc"):
            answer = anon.get("/rest/v1/users", params=among | {"order": order})
            assert [row["id"] for row in answer.json()] == [str(user.id) for user in users]


@pytest.mark.parametrize("name", ["email_of", "google_id_of", "private.email_of"])
@pytest.mark.parametrize("caller", ["anon", "other"])
def test_ask_the_helper_for_an_address(world: World, caller: str, name: str) -> None:
    for headers in ({}, {"Content-Profile": "private"}):
        body = {"profile": str(world.owner.id)}
        answer = world.clients[caller].post(f"/rest/v1/rpc/{name}", json=body, headers=headers)
        assert answer.status_code in {404, 406}
        assert_silent(world, answer)


def assert_silent(world: World, answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    assert world.owner.email not in answer.text
    assert world.owner.google_id not in answer.text
