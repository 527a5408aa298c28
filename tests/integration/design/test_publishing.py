"""Which layout of a project visitors see."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.stack import Stack
from tests.support.users import User

OBJECT = {"Accept": "application/vnd.pgrst.object+json"}


def added(client: httpx.Client, table: str, row: dict[str, Any]) -> str:
    answer = client.post(f"/rest/v1/{table}", json=row, headers={"Prefer": "return=representation"})
    return str(answer.raise_for_status().json()[0]["id"])


def draft(client: httpx.Client, project: str, **more: Any) -> str:
    return added(client, "layouts", {"project_id": project, "name": "A page", "blocks_json": [], **more})


@pytest.fixture
def shown(anon: httpx.Client) -> Any:
    def find(project: str) -> str:
        answer = anon.get("/rest/v1/layouts", params={"project_id": f"eq.{project}"}, headers=OBJECT)
        return str(answer.raise_for_status().json()["id"])

    return find


def test_a_published_layout_takes_the_place_of_the_one_before(stack: Stack, user: User, shown: Any) -> None:
    with stack.client(user) as client:
        project, other = (added(client, "projects", {"title": "P", "status": "published"}) for _ in range(2))
        elsewhere = draft(client, other, published=True)
        first, second = draft(client, project, published=True), draft(client, project)
        assert shown(project) == first
        client.patch(f"/rest/v1/layouts?id=eq.{second}", json={"published": True}).raise_for_status()
        assert shown(project) == second
        third = draft(client, project, published=True)
        assert shown(project) == third
        client.patch(f"/rest/v1/layouts?id=eq.{elsewhere}", json={"project_id": project}).raise_for_status()
        assert shown(project) == elsewhere
        # What another client did in two steps, in one; and all at once.
        mine = {"Prefer": "return=representation,resolution=merge-duplicates"}
        rows = client.get(f"/rest/v1/layouts?id=in.({first},{elsewhere})").json()
        swapped = [row | {"published": row["id"] == first} for row in rows]
        client.post("/rest/v1/layouts", json=swapped, headers=mine).raise_for_status()
        assert shown(project) == first
        client.patch(f"/rest/v1/layouts?project_id=eq.{project}", json={"published": True}).raise_for_status()
        assert shown(project) in {first, second, third, elsewhere}


def test_of_two_who_publish_at_once_one_wins(stack: Stack, user: User, shown: Any) -> None:
    with stack.client(user) as client:
        project = added(client, "projects", {"title": "P", "status": "published"})
        ids = [draft(client, project) for _ in range(4)]

        def publish(layout: str) -> int:
            return client.patch(f"/rest/v1/layouts?id=eq.{layout}", json={"published": True}).status_code

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(publish, ids * 3)) == {204}
    assert shown(project) in ids
