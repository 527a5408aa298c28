"""Attempts on projects and what hangs on them: to change, move or take over what is another's."""

import uuid
from typing import Any

import httpx
import pytest

from tests.access.refusals import assert_denied
from tests.access.rows import BLOCKS, RECIPES
from tests.access.world import Row, World
from tests.support.users import User

CHILDREN = ["project_images", "project_videos", "project_tags", "project_technologies"]
MERGE, IGNORE = "resolution=merge-duplicates", "resolution=ignore-duplicates"


def stored_project(world: World, project: str) -> dict[str, Any] | None:
    return world.stored(Row("public.projects", {"id": project}, {}))


@pytest.mark.parametrize("status", ["published", "draft"])
@pytest.mark.parametrize("caller", ["anon", "other"])
def test_change_anothers_project(world: World, caller: str, status: str) -> None:
    project, client = world.project(status), world.clients[caller]
    before = stored_project(world, project)
    change = {"title": "Stolen", "status": "published"}
    for filter_ in ({"id": f"eq.{project}"}, {"user_id": f"eq.{world.owner.id}"}, {"title": "eq.Mine"}):
        client.patch("/rest/v1/projects", params=filter_, json=change)
        client.delete("/rest/v1/projects", params=filter_)
    client.put("/rest/v1/projects", params={"id": f"eq.{project}"}, json={"id": project} | change)
    assert stored_project(world, project) == before


def test_change_and_delete_every_project(world: World, owner: httpx.Client, user: User) -> None:
    """Without a filter, or with one that everything passes: only one's own are reached."""
    published, draft = world.project(), world.project("draft")
    before = [stored_project(world, published), stored_project(world, draft)]
    mine = owner.post("/rest/v1/projects", json={"title": "x"}, headers={"Prefer": "return=representation"}).json()
    for filter_ in ({}, {"created_at": "not.is.null"}):
        owner.patch("/rest/v1/projects", params=filter_, json={"title": "Changed"})
    changed = stored_project(world, mine[0]["id"])
    assert changed is not None
    assert changed["title"] == "Changed"
    for filter_ in ({}, {"created_at": "not.is.null"}):
        owner.delete("/rest/v1/projects", params=filter_)
    assert stored_project(world, mine[0]["id"]) is None
    assert [stored_project(world, published), stored_project(world, draft)] == before


@pytest.mark.parametrize("caller", ["owner", "service"])
@pytest.mark.parametrize("column", ["user_id", "id"])
def test_move_ones_project_to_another_owner(world: World, caller: str, column: str) -> None:
    project, client = world.project(), world.clients[caller]
    before = stored_project(world, project)
    value = str(world.other.id if column == "user_id" else uuid.uuid4())
    assert_denied(client.patch("/rest/v1/projects", params={"id": f"eq.{project}"}, json={column: value}), caller)
    if column == "user_id":
        row = {"id": project, "user_id": value, "title": "Given away"}
        assert_denied(client.post("/rest/v1/projects", json=row, headers={"Prefer": MERGE}), caller)
    assert stored_project(world, project) == before


@pytest.mark.parametrize("status", ["published", "draft"])
@pytest.mark.parametrize("claimed", ["owner", "other", "nobody"])
@pytest.mark.parametrize("caller", ["anon", "other"])
def test_take_over_anothers_project_by_its_id(world: World, caller: str, claimed: str, status: str) -> None:
    project, client = world.project(status), world.clients[caller]
    before = stored_project(world, project)
    row = {"id": project, "title": "Stolen", "status": "published"}
    if claimed != "nobody":
        row["user_id"] = str(world.owner.id if claimed == "owner" else world.other.id)
    for prefer in (MERGE, f"{MERGE},return=representation"):
        assert_denied(client.post("/rest/v1/projects", json=row, headers={"Prefer": prefer}), caller)
        assert_denied(client.post("/rest/v1/projects", json=[row], headers={"Prefer": prefer}), caller)
    ignored = client.post("/rest/v1/projects", json=row, headers={"Prefer": f"{IGNORE},return=representation"})
    assert "Mine" not in ignored.text
    assert client.post("/rest/v1/projects", json=row).is_client_error
    assert stored_project(world, project) == before


def test_insert_a_project_for_somebody_else(world: World) -> None:
    before = world.everything()
    for caller in ("anon", "other"):
        row = {"user_id": str(world.owner.id), "title": "Not mine"}
        assert_denied(world.clients[caller].post("/rest/v1/projects", json=row), caller)
        mixed = [{"user_id": str(world.other.id), "title": "Mine"}, row]
        assert_denied(world.clients[caller].post("/rest/v1/projects", json=mixed), caller)
    assert world.everything() == before


@pytest.mark.parametrize("status", ["published", "draft"])
@pytest.mark.parametrize("table", CHILDREN)
@pytest.mark.parametrize("caller", ["anon", "other"])
def test_hang_something_on_anothers_project(world: World, caller: str, table: str, status: str) -> None:
    row = RECIPES[f"public.{table}", f"of {status}"](world).values
    mine = row | {"project_id": new_project(world, world.other)} | ({"id": str(uuid.uuid4())} if "id" in row else {})
    before = world.everything()
    for body in (row, [mine, row]):
        for prefer in ("return=minimal", MERGE, IGNORE):
            answer = world.clients[caller].post(f"/rest/v1/{table}", json=body, headers={"Prefer": prefer})
            assert_denied(answer, caller)
    assert world.everything() == before


@pytest.mark.parametrize("status", ["published", "draft"])
@pytest.mark.parametrize("table", CHILDREN)
def test_move_ones_own_onto_anothers_project(world: World, table: str, status: str) -> None:
    row = RECIPES[f"public.{table}", f"of {status}"](world)
    theirs = row.values["project_id"]
    mine = world.store(
        Row(row.table, row.values | {"project_id": new_project(world, world.other)}, row.change, row.key)
    )
    before = world.everything()
    client = world.clients["other"]
    assert_denied(client.patch(f"/rest/v1/{table}", params=mine.filter, json={"project_id": theirs}), "other")
    assert world.everything() == before


@pytest.mark.parametrize("table", CHILDREN)
def test_pull_anothers_onto_ones_own_project(world: World, table: str) -> None:
    row = world.store(RECIPES[f"public.{table}", "of published"](world))
    mine = new_project(world, world.other)
    before = world.everything()
    client = world.clients["other"]
    client.patch(f"/rest/v1/{table}", params=row.filter, json={"project_id": mine})
    if "id" in row.values:
        stolen = row.values | {"project_id": mine}
        answer = client.post(f"/rest/v1/{table}", json=stolen, headers={"Prefer": MERGE})
        assert_denied(answer, "other")
    assert world.everything() == before


@pytest.mark.parametrize("status", ["published", "draft"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_lay_out_anothers_page(world: World, method: str, status: str) -> None:
    """A layout that is shown with a project is its owner's."""
    theirs, client = world.project(status), world.clients["other"]
    mine = {"id": str(uuid.uuid4()), "user_id": str(world.other.id), "name": "Mine", "blocks_json": BLOCKS}
    if method == "PATCH":
        world.store(Row("public.layouts", mine, {}))
    before = world.everything()
    taken = mine | {"project_id": theirs, "published": True}
    parameters = {"id": f"eq.{mine['id']}"} if method == "PATCH" else {}
    assert_denied(client.request(method, "/rest/v1/layouts", params=parameters, json=taken), "other")
    assert world.everything() == before


@pytest.mark.parametrize("owner", ["nobody", "owner"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_give_a_layout_to_the_catalogue_or_to_somebody(world: World, method: str, owner: str) -> None:
    mine = {"id": str(uuid.uuid4()), "user_id": str(world.other.id), "name": "Mine", "blocks_json": BLOCKS}
    if method == "PATCH":
        world.store(Row("public.layouts", mine, {}))
    before = world.everything()
    given = mine | {"user_id": None if owner == "nobody" else str(world.owner.id)}
    parameters = {"id": f"eq.{mine['id']}"} if method == "PATCH" else {}
    answer = world.clients["other"].request(method, "/rest/v1/layouts", params=parameters, json=given)
    assert_denied(answer, "other")
    assert world.everything() == before


def new_project(world: World, user: User) -> str:
    project = {"id": str(uuid.uuid4()), "user_id": str(user.id), "title": "Other", "status": "published"}
    world.store(Row("public.projects", project, {}))
    return str(project["id"])
