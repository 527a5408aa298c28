"""The JSON that clients read is as supabase/types says: its schema holds for what RPCs and jsonb columns answer."""

from collections.abc import Mapping
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]
import pytest

from local.tools.client_types.functions import block_definitions
from local.tools.client_types.json_columns import DEFINITIONS, JSON_COLUMNS, JSON_RESULTS
from tests.support.stack import Stack
from tests.support.users import User

BLOCKS = [
    {"type": "hero", "props": {"title": "Engine"}},
    {"type": "columns", "props": {"columns": [[], [{"type": "divider", "props": {}}]]}},
]


def assert_shape(value: Any, schema: Mapping[str, Any]) -> None:
    jsonschema.validate(value, {**schema, "$defs": {**block_definitions(), **DEFINITIONS}})


@pytest.fixture
def project(owner: httpx.Client, service: httpx.Client) -> dict[str, Any]:
    """One with something of everything."""
    owner.headers["prefer"] = "return=representation"
    fields = {"title": "Engine of shapes", "status": "published", "github_link": "github.com/ada/engine"}
    made: dict[str, Any] = owner.post("/rest/v1/projects", json=fields).raise_for_status().json()[0]
    of_project = {"project_id": made["id"]}
    renditions = [{"url": "https://example.com/a-640.png", "width": 640, "height": 480}]
    for client, table, row in (
        (service, "project_images", {"url": "https://example.com/a.png", "width": 1280, "renditions": renditions}),
        (owner, "project_videos", {"url": "https://example.com/a.mp4"}),
        (owner, "project_tags", {"tag": "shapes"}),
        (owner, "project_technologies", {"technology": "brass"}),
        (owner, "layouts", {"name": "Page", "blocks_json": BLOCKS, "published": True}),
        (service, "social_metrics", {"platform": "github", "stars": 3}),
    ):
        client.post(f"/rest/v1/{table}", json=of_project | row).raise_for_status()
    return made


def test_the_results_of_rpcs(
    stack: Stack, user: User, owner: httpx.Client, anon: httpx.Client, project: dict[str, Any]
) -> None:
    def call(name: str, client: httpx.Client = owner, **arguments: Any) -> Any:
        answer: Any = client.post(f"/rest/v1/rpc/{name}", json=arguments).raise_for_status().json()
        assert_shape(answer, JSON_RESULTS[name])
        return answer

    preview = call("create_project_preview", project_id=project["id"])
    answers = {
        "create_project_preview": preview,
        "username_available": call("username_available", anon, username=user.username),
        "find_page": call("find_page", anon, username=user.username, slug=project["slug"]),
        "get_project_page": call("get_project_page", project_id=project["id"]),
        "get_project_preview": call("get_project_preview", anon, token=preview["token"]),
        "search_projects": call("search_projects", anon, query="shapes", limit=1),
        "get_project_metrics": call("get_project_metrics", anon, project_id=project["id"], history_days=30),
        "get_my_plan": call("get_my_plan"),
        "get_storage_usage": call("get_storage_usage"),
    }
    assert set(answers) == set(JSON_RESULTS)
    assert all(answers.values()), "each has something to look at"
    assert answers["get_project_page"]["project_images"][0]["renditions"]
    assert answers["get_project_page"]["layouts"][0]["blocks_json"] == BLOCKS
    assert answers["get_project_metrics"]["history"]
    assert answers["search_projects"]["projects"]
    nothing = "00000000-0000-4000-8000-00000000dead"
    assert call("get_project_page", anon, project_id=nothing) is None
    assert call("get_project_metrics", anon, project_id=nothing) is None


def test_the_json_of_columns(service: httpx.Client, project: dict[str, Any]) -> None:
    for (table, column), schema in JSON_COLUMNS.items():
        # Only rows with something in it: many of other tests have none.
        query = {"select": column, column: 'not.in.(null,"[]")', "limit": "50"}
        rows = service.get(f"/rest/v1/{table}", params=query).raise_for_status().json()
        assert any(row[column] for row in rows), (table, column)
        for row in rows:
            assert_shape(row[column], schema)
