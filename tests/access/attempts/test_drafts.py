"""Attempts to read what is not published: directly, through what hangs on it, and by counting."""

import uuid
from dataclasses import dataclass

import pytest

from tests.access.rows import BLOCKS
from tests.access.world import Json, Row, World

CALLERS = ["anon", "other"]


@dataclass(frozen=True)
class Draft:
    """Everything of it holds the mark, so that whatever leaks is seen."""

    project: str
    mark: str


def make_draft(world: World) -> Draft:
    mark = uuid.uuid4().hex[:20]
    link = f"https://github.com/ada/{mark}"
    of = {"project_id": world.project("draft", title=mark, description=mark, github_link=link)}
    address = {"url": f"https://example.com/{mark}.png"}
    layout = {"user_id": str(world.owner.id), "name": mark, "blocks_json": BLOCKS, "published": True}
    rows: dict[str, Json] = {
        "project_images": of | address,
        "project_videos": of | address,
        "project_tags": of | {"tag": mark},
        "project_technologies": of | {"technology": mark},
        "social_metrics": of | {"platform": "github", "stars": 424242},
        "layouts": of | layout,
    }
    for table, values in rows.items():
        world.store(Row(f"public.{table}", values, {}))
    return Draft(of["project_id"], mark)


@pytest.fixture(scope="session")
def draft(world: World) -> Draft:
    return make_draft(world)


CHILDREN = "project_images(*),project_videos(*),project_tags(*),project_technologies(*),social_metrics(*),layouts(*)"
OWNER = "users!projects_user_id_fkey"
MINE = "projects!projects_user_id_fkey"
EVERYTHING = f"*,{OWNER}(id,username),{CHILDREN}"
TABLES = ["project_images", "project_videos", "project_tags", "project_technologies", "social_metrics", "layouts"]


def looks(draft: Draft, owner: str) -> list[tuple[str, dict[str, str]]]:
    of = {"project_id": f"eq.{draft.project}"}
    return [
        ("projects", {"select": EVERYTHING, "id": f"eq.{draft.project}"}),
        ("projects", {"select": EVERYTHING, "user_id": f"eq.{owner}"}),
        ("projects", {"select": EVERYTHING, "status": "eq.draft"}),
        ("projects", {"select": EVERYTHING, "or": f"(status.eq.draft,id.eq.{draft.project})"}),
        ("projects", {"select": EVERYTHING, "status": "neq.published"}),
        ("projects", {"select": "*,project_tags!inner(*)", "project_tags.tag": f"eq.{draft.mark}"}),
        ("users", {"select": f"*,{MINE}(*)", "id": f"eq.{owner}"}),
        ("users", {"select": f"*,{MINE}!inner(*,{CHILDREN})"}),
        ("users", {"select": "*,layouts(*,projects(*))", "id": f"eq.{owner}"}),
        ("templates", {"select": "*,layouts(*,projects(*))"}),
        *((table, {"select": "*"} | of) for table in TABLES),
        *((table, {"select": "*,projects(*)"} | of) for table in TABLES),
        *((table, {"select": "*,projects!inner(*)", "projects.status": "eq.draft"}) for table in TABLES),
        *((table, {"select": "*,...projects(title,description)"} | of) for table in TABLES),
        *((table, {"select": f"*,projects(*,{OWNER}(id,username,{MINE}(*)))"}) for table in TABLES),
    ]


NUMBERS = range(10 + 5 * len(TABLES))


@pytest.mark.parametrize("number", NUMBERS)
def test_each_look_finds_the_draft_for_its_owner(world: World, draft: Draft, number: int) -> None:
    """Else the attempts below would prove nothing; the catalogue alone leads nowhere."""
    table, look = looks(draft, str(world.owner.id))[number]
    answer = world.clients["owner"].get(f"/rest/v1/{table}", params=look)
    assert answer.status_code == 200, answer.text
    assert table == "templates" or draft.mark in answer.text or "424242" in answer.text


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("caller", CALLERS)
def test_read_a_draft(world: World, draft: Draft, caller: str, number: int) -> None:
    table, look = looks(draft, str(world.owner.id))[number]
    for accept in ("application/json", "text/csv"):
        answer = world.clients[caller].get(f"/rest/v1/{table}", params=look, headers={"Accept": accept})
        assert answer.status_code in {200, 401, 403}, answer.text
        assert draft.mark not in answer.text
        assert draft.project not in answer.text
        assert "424242" not in answer.text


@pytest.mark.parametrize("caller", CALLERS)
def test_count_drafts(world: World, draft: Draft, caller: str) -> None:
    for table in ("projects", *TABLES):
        column = "id" if table == "projects" else "project_id"
        asked = {column: f"eq.{draft.project}"}
        answer = world.clients[caller].head(f"/rest/v1/{table}", params=asked, headers={"Prefer": "count=exact"})
        assert answer.headers["content-range"] == "*/0"
        aggregated = world.clients[caller].get(f"/rest/v1/{table}", params=asked | {"select": "count()"})
        assert aggregated.json()["code"] == "PGRST123"


@pytest.mark.parametrize("caller", CALLERS)
def test_ask_for_the_metrics_of_a_draft(world: World, draft: Draft, caller: str) -> None:
    client = world.clients[caller]
    asked = {"project_id": draft.project}
    assert client.post("/rest/v1/rpc/get_project_metrics", json=asked).json() is None
    assert client.get("/rest/v1/rpc/get_project_metrics", params=asked).json() is None
    handler = client.post("/functions/v1/getSocialMetrics", json=asked)
    assert handler.status_code == 404
    assert draft.mark not in handler.text


@pytest.mark.parametrize("status", ["draft", "archived"])
@pytest.mark.parametrize("caller", CALLERS)
def test_read_the_layout_of_what_is_no_longer_published(world: World, caller: str, status: str) -> None:
    """It is seen while the project is, and no longer."""
    project, mark = world.project("published"), uuid.uuid4().hex
    layout = {"user_id": str(world.owner.id), "project_id": project, "name": mark, "blocks_json": BLOCKS}
    world.store(Row("public.layouts", layout | {"published": True}, {}))
    asked = {"project_id": f"eq.{project}", "select": "name"}
    assert world.clients[caller].get("/rest/v1/layouts", params=asked).json() == [{"name": mark}]
    world.database.execute("update public.projects set status = %s where id = %s", (status, project))
    assert world.clients[caller].get("/rest/v1/layouts", params=asked).json() == []
