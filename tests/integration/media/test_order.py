"""Where images and videos stand that users add through PostgREST."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.media.media import Studio
from tests.support.files.pictures import image

KINDS = pytest.mark.parametrize("kind", ["image", "video"])


def link(project: str, number: int, **more: Any) -> dict[str, Any]:
    return {"project_id": project, "url": f"https://example.com/{number}", **more}


def add(studio: Studio, kind: str, rows: Any) -> list[dict[str, Any]]:
    headers = {"Prefer": "return=representation"}
    answer = studio.http.post(f"/rest/v1/project_{kind}s", json=rows, headers=headers)
    assert answer.status_code == 201, answer.text
    added: list[dict[str, Any]] = answer.json()
    return added


def shown(studio: Studio, project: str, kind: str) -> list[tuple[str, int]]:
    return [(row["url"].rpartition("/")[2], row["position"]) for row in studio.rows(project, kind)]


@KINDS
def test_what_is_added_comes_last(studio: Studio, kind: str) -> None:
    project, other = studio.project(), studio.project()
    assert [row["position"] for row in add(studio, kind, link(project, 0))] == [0]
    # In one request for two projects; what they say about their position says nothing.
    several = [link(project, 1), link(other, 0), link(project, 2), link(other, 1), link(project, 3)]
    add(studio, kind, [row | {"position": 7} for row in several])
    assert shown(studio, project, kind) == [("0", 0), ("1", 1), ("2", 2), ("3", 3)]
    assert shown(studio, other, kind) == [("0", 0), ("1", 1)]
    gone = f"/rest/v1/project_{kind}s?project_id=eq.{project}&position=eq.1"
    studio.http.delete(gone).raise_for_status()
    add(studio, kind, link(project, 4))
    assert shown(studio, project, kind) == [("0", 0), ("2", 1), ("3", 2), ("4", 3)]


@KINDS
def test_an_upsert_of_what_was_read_changes_no_order(studio: Studio, kind: str) -> None:
    project = studio.project()
    add(studio, kind, [link(project, number) for number in range(3)])
    (first, second, third) = studio.rows(project, kind)
    turned = [third | {"position": 0}, second, first | {"position": 2}]
    for rows, expected in (([first, second], "012"), (turned, "210")):
        headers = {"Prefer": "resolution=merge-duplicates"}
        studio.http.post(f"/rest/v1/project_{kind}s", json=rows, headers=headers).raise_for_status()
        assert shown(studio, project, kind) == [(name, place) for place, name in enumerate(expected)]


@KINDS
def test_what_is_added_at_the_same_time_stands_in_line(studio: Studio, kind: str) -> None:
    project = studio.project()
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda number: add(studio, kind, [link(project, 2 * number + each) for each in (0, 1)]), range(8))
        )
    assert [place for _, place in shown(studio, project, kind)] == list(range(16))


def test_an_upload_comes_after_what_was_added(studio: Studio) -> None:
    project = studio.project()
    add(studio, "image", [link(project, 0), link(project, 1)])
    assert studio.upload(project, image("PNG")).json()["position"] == 2
    assert add(studio, "image", link(project, 2))[0]["position"] == 3
