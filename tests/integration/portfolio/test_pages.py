"""The order of projects, their statuses, pages, and previews of drafts."""

import uuid

import httpx
import psycopg
import pytest

from tests.integration.portfolio.conftest import add, change, rpc
from tests.support.stack import Stack
from tests.support.users import User

SHOWN = "select=id&order=pinned.desc,position,created_at.desc"


def listed(client: httpx.Client, user: User) -> list[str]:
    return [row["id"] for row in client.get(f"/rest/v1/projects?user_id=eq.{user.id}&{SHOWN}").json()]


def test_one_call_orders_the_projects_and_a_new_one_comes_first(owner: httpx.Client, user: User) -> None:
    ids = [add(owner)["id"] for _ in range(4)]
    assert listed(owner, user) == ids[::-1]
    wanted = [ids[2], ids[0], ids[3], ids[1]]
    assert rpc(owner, "reorder_projects", ids=wanted).status_code == 204
    assert listed(owner, user) == wanted
    assert rpc(owner, "reorder_projects", ids=[ids[1]]).status_code == 204
    assert listed(owner, user) == [ids[1], *wanted[:3]]
    change(owner, ids[3], pinned=True).raise_for_status()
    new = add(owner)["id"]
    assert listed(owner, user) == [ids[3], new, ids[1], ids[2], ids[0]]


def test_only_own_projects_are_ordered_each_once(owner: httpx.Client, other: httpx.Client) -> None:
    mine, theirs = add(owner)["id"], add(other)["id"]
    assert rpc(owner, "reorder_projects", ids=[mine, theirs]).status_code == 403
    assert rpc(owner, "reorder_projects", ids=[mine, mine]).json()["code"] == "22023"
    assert rpc(owner, "reorder_projects", ids=None).status_code == 403


def test_a_project_says_when_it_was_published_first(owner: httpx.Client) -> None:
    draft = add(owner, status="draft", published_at="2001-01-01T00:00:00Z")
    assert draft["published_at"] is None
    published = change(owner, draft["id"], status="published").json()[0]["published_at"]
    assert published > draft["created_at"]
    change(owner, draft["id"], status="archived")
    again = change(owner, draft["id"], status="published", published_at="2001-01-01T00:00:00Z").json()[0]
    assert again["published_at"] == published


def test_an_unlisted_project_is_for_those_who_know_where_it_is(
    owner: httpx.Client, anon: httpx.Client, user: User
) -> None:
    project = add(owner, "Quiet", status="unlisted", description="Whole")
    tag = {"project_id": project["id"], "tag": "quiet"}
    owner.post("/rest/v1/project_tags", json=tag).raise_for_status()
    for listing in (f"projects?id=eq.{project['id']}", "projects?status=eq.unlisted", "project_tags?tag=eq.quiet"):
        assert anon.get(f"/rest/v1/{listing}").json() == []
    assert rpc(anon, "search_projects", query="quiet").json()["projects"] == []
    found = rpc(anon, "find_page", username=user.username, slug="quiet").json()
    page = rpc(anon, "get_project_page", project_id=found["project_id"]).json()
    assert (page["description"], page["users"]["username"]) == ("Whole", user.username)
    assert page["project_tags"] == [tag]
    metrics = anon.post("/functions/v1/getSocialMetrics", json={"project_id": project["id"]})
    assert (metrics.status_code, metrics.json()["views"]) == (200, None)
    change(owner, project["id"], status="draft")
    assert rpc(anon, "get_project_page", project_id=project["id"]).json() is None


def test_a_page_has_all_that_it_shows(owner: httpx.Client, anon: httpx.Client, project: str, stack: Stack) -> None:
    image = {"project_id": project, "url": "https://example.com/a.png"}
    layout = {"project_id": project, "name": "Page", "published": True, "blocks_json": [{"type": "text", "props": {}}]}
    for table, row in (
        ("project_images", image),
        ("project_videos", image),
        ("project_technologies", {"project_id": project, "technology": "brass"}),
        ("layouts", layout),
        ("layouts", layout | {"name": "Draft", "published": False}),
    ):
        owner.post(f"/rest/v1/{table}", json=row).raise_for_status()
    page = rpc(anon, "get_project_page", project_id=project).json()
    embedded = (
        "project_images(*),project_videos(*),project_tags(*),project_technologies(*),layouts(*),latest_metrics(*)"
    )
    owner_columns = "users(username,name,headline,avatar_url)"
    asked = f"/rest/v1/projects?id=eq.{project}&select=*,{owner_columns},{embedded}&layouts.published=is.true"
    assert anon.get(asked).json() == [page], "the shape of an embedded select"
    assert [one["name"] for one in page["layouts"]] == ["Page"]


def test_the_latest_numbers_of_many_projects_come_with_their_list(
    owner: httpx.Client, anon: httpx.Client, stack: Stack, user: User
) -> None:
    ids = [add(owner, f"P{n}", github_link=f"https://github.com/{user.username}/p{n}")["id"] for n in range(3)]
    hidden = add(owner, "Draft", status="draft", github_link=f"https://github.com/{user.username}/d")["id"]
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            """insert into public.social_metrics (project_id, platform, stars, recorded_at, as_of)
               select id, 'github', 10 - ago, current_date - ago, now() + make_interval(days => -ago, secs => 1)
               from unnest(%s::uuid[]) as id, generate_series(0, 2) as ago where id <> %s""",
            ([*ids, hidden], ids[2]),
        )
    rows = anon.get(f"/rest/v1/projects?user_id=eq.{user.id}&select=id,latest_metrics(stars)&order=title").json()
    assert rows == [
        {"id": ids[0], "latest_metrics": [{"stars": 10}]},
        {"id": ids[1], "latest_metrics": [{"stars": 10}]},
        {"id": ids[2], "latest_metrics": []},
    ]
    forged = rpc(anon, "latest_metrics", project={"id": hidden})
    assert forged.json() == [], "no row of one's own making opens a draft"


def test_a_preview_shows_a_draft_until_it_is_revoked(
    owner: httpx.Client, other: httpx.Client, anon: httpx.Client
) -> None:
    draft = add(owner, "Secret", status="draft")["id"]
    made = rpc(owner, "create_project_preview", project_id=draft, days=3).json()
    shown = rpc(anon, "get_project_preview", token=made["token"]).json()
    assert (shown["id"], shown["title"], shown["status"]) == (draft, "Secret", "draft")
    assert anon.get("/rest/v1/project_previews").status_code == 401
    assert other.get("/rest/v1/project_previews").json() == []
    (kept,) = owner.get(f"/rest/v1/project_previews?project_id=eq.{draft}").json()
    assert kept["id"] == made["id"]
    assert made["token"] not in str(kept)
    assert rpc(anon, "get_project_preview", token=kept["token_hash"]).json() is None
    one = {"params": {"id": f"eq.{made['id']}"}, "headers": {"Prefer": "return=representation"}}
    assert other.delete("/rest/v1/project_previews", **one).json() == []  # type: ignore[arg-type]
    assert owner.delete("/rest/v1/project_previews", **one).status_code == 200  # type: ignore[arg-type]
    assert rpc(anon, "get_project_preview", token=made["token"]).json() is None


def test_a_preview_expires_and_there_are_ten_at_most(owner: httpx.Client, anon: httpx.Client, stack: Stack) -> None:
    draft = add(owner, status="draft")["id"]
    made = [rpc(owner, "create_project_preview", project_id=draft) for _ in range(11)]
    assert [answer.status_code for answer in made] == [200] * 10 + [409]
    assert len({answer.json()["token"] for answer in made[:10]}) == 10
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute("update project_previews set expires_at = now() where id = %s", (made[0].json()["id"],))
    assert rpc(anon, "get_project_preview", token=made[0].json()["token"]).json() is None
    assert rpc(anon, "get_project_preview", token=made[1].json()["token"]).json() is not None
    assert rpc(owner, "create_project_preview", project_id=draft).status_code == 200, "what expired makes room"


@pytest.mark.parametrize(("days", "code"), [(0, "22023"), (91, "22023"), (None, "22023")])
def test_a_preview_lasts_one_to_ninety_days(owner: httpx.Client, project: str, days: object, code: str) -> None:
    assert rpc(owner, "create_project_preview", project_id=project, days=days).json()["code"] == code


def test_nobody_previews_what_is_not_theirs(other: httpx.Client, project: str, anon: httpx.Client) -> None:
    for wanted in (project, str(uuid.uuid4())):
        assert rpc(other, "create_project_preview", project_id=wanted).status_code == 403
    for token in ("", "0" * 64, None):
        assert rpc(anon, "get_project_preview", token=token).json() is None
