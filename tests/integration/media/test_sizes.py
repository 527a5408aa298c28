"""The width and height of images, which confirmUpload has measured."""

from typing import Any

import httpx

from tests.integration.media.media import Studio
from tests.support.files.pictures import image


def sizes(rows: list[dict[str, Any]]) -> list[tuple[int | None, int | None]]:
    return [(row["width"], row["height"]) for row in rows]


def test_everybody_reads_the_size_of_an_uploaded_image(studio: Studio, anon: httpx.Client) -> None:
    project = studio.project()
    content = image("PNG", (24, 32))
    announced = studio.announce(project, content)
    studio.send(announced, content).raise_for_status()
    first, again = (studio.call("confirmUpload", upload_id=announced["upload_id"]) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert sizes([again.json()]) == [(24, 32)]
    seen = anon.get("/rest/v1/project_images", params={"project_id": f"eq.{project}"}).json()
    assert sizes(seen) == [(24, 32)]


def test_nobody_says_what_size_an_image_has(studio: Studio) -> None:
    project = studio.project()
    studio.upload(project, image("PNG", (24, 32)))
    made_up = {"project_id": project, "url": "https://example.com/a.png", "width": 9, "height": 9}
    studio.http.post("/rest/v1/project_images", json=made_up).raise_for_status()
    assert sizes(studio.rows(project)) == [(24, 32), (None, None)]
    address = f"/rest/v1/project_images?project_id=eq.{project}"
    studio.http.patch(address, json={"width": 9, "height": None}).raise_for_status()
    assert sizes(studio.rows(project)) == [(24, 32), (None, None)]
    upsert = {"Prefer": "resolution=merge-duplicates"}
    read = studio.rows(project)
    studio.http.post("/rest/v1/project_images", json=read, headers=upsert).raise_for_status()
    assert studio.rows(project) == read
    studio.http.patch(address, json={"url": "https://example.com/b.png"}).raise_for_status()
    assert sizes(studio.rows(project)) == [(None, None)] * 2
