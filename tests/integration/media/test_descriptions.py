"""Alt text, captions and covers, which their owner writes; sizes, renditions and order, which the database keeps."""

from typing import Any

import httpx
import pytest

from tests.integration.media.media import Studio
from tests.support.files.pictures import image

UPSERT = {"Prefer": "resolution=merge-duplicates"}


def add(studio: Studio, project: str, kind: str, count: int) -> list[dict[str, Any]]:
    rows = [{"project_id": project, "url": f"https://example.com/{number}"} for number in range(count)]
    studio.http.post(f"/rest/v1/project_{kind}s", json=rows).raise_for_status()
    return studio.rows(project, kind)


def change(studio: Studio, kind: str, row: dict[str, Any], **values: Any) -> httpx.Response:
    return studio.http.patch(f"/rest/v1/project_{kind}s?id=eq.{row['id']}", json=values)


@pytest.mark.parametrize("kind", ["image", "video"])
def test_what_is_shown_has_an_alt_text_and_a_caption(studio: Studio, kind: str) -> None:
    (row,) = add(studio, studio.project(), kind, 1)
    reported = {"alt_text": "A loom", "caption": "It weaves."}
    change(studio, kind, row, **reported).raise_for_status()
    assert studio.rows(row["project_id"], kind) == [row | reported]
    for name, most in (("alt_text", 1000), ("caption", 2000)):
        answer = change(studio, kind, row, **{name: "x" * (most + 1)})
        assert (answer.status_code, answer.json()["code"]) == (400, "23514")


def test_a_project_has_one_cover(studio: Studio) -> None:
    project = studio.project()
    first, second, third = add(studio, project, "image", 3)
    for row in (first, second):
        change(studio, "image", row, is_cover=True).raise_for_status()
        assert [each["is_cover"] for each in studio.rows(project)] == [row is first, row is second, False]
    turned = [first | {"is_cover": True}, second | {"is_cover": False}, third]
    studio.http.post("/rest/v1/project_images", json=turned, headers=UPSERT).raise_for_status()
    assert [each["is_cover"] for each in studio.rows(project)] == [True, False, False]
    studio.http.post(
        "/rest/v1/project_images", json={"project_id": project, "url": first["url"], "is_cover": True}
    ).raise_for_status()
    assert [each["is_cover"] for each in studio.rows(project)] == [False, False, False, True]
    found = studio.http.get(
        f"/rest/v1/projects?id=eq.{project}&select=id,cover:project_images(url)&cover.is_cover=is.true"
    ).json()
    assert found == [{"id": project, "cover": [{"url": first["url"]}]}]


def test_renditions_are_recorded_by_the_check_alone_and_go_with_their_image(studio: Studio) -> None:
    project = studio.project()
    row = studio.upload(project, image("PNG", (700, 500))).json()
    (shown,) = studio.rows(project)
    assert [size["width"] for size in shown["renditions"]] == [640, 320]
    change(studio, "image", shown, renditions=[], width=1).raise_for_status()
    assert studio.rows(project) == [shown]
    assert len(studio.files()) == 3
    studio.http.delete(f"/rest/v1/project_images?id=eq.{row['id']}").raise_for_status()
    for name in studio.files():
        studio.sweep_until_gone("project-media", name)


@pytest.mark.parametrize("kind", ["image", "video"])
def test_a_changed_position_moves_the_row_there(studio: Studio, kind: str) -> None:
    project = studio.project()
    rows = add(studio, project, kind, 4)

    def order() -> list[int]:
        found = studio.rows(project, kind)
        assert [row["position"] for row in found] == list(range(4))
        return [int(row["url"].rpartition("/")[2]) for row in found]

    for row, position, expected in (
        (rows[1], 0, [1, 0, 2, 3]),
        (rows[1], 2, [0, 2, 1, 3]),
        (rows[0], 999, [2, 1, 3, 0]),
        (rows[0], 3, [2, 1, 3, 0]),
    ):
        change(studio, kind, row, position=position).raise_for_status()
        assert order() == expected
    everything = f"/rest/v1/project_{kind}s?project_id=eq.{project}"
    studio.http.patch(everything, json={"position": 0}).raise_for_status()
    assert sorted(order()) == [0, 1, 2, 3]
