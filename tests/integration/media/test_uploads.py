"""Uploads through the front door: announced, sent, checked, shown."""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from PIL import Image, ImageOps

from tests.integration.media.media import Studio
from tests.support import plain_http
from tests.support.files.films import box, video, webm
from tests.support.files.pictures import PLACE, bomb, heic, image, located, smooth


@pytest.mark.parametrize(
    ("content", "content_type", "ending"),
    [
        (located("JPEG"), "image/jpeg", "jpg"),
        (located("PNG"), "image/png", "png"),
        (located("WEBP"), "image/webp", "webp"),
        (located("AVIF"), "image/avif", "avif"),
        (image("GIF", (24, 32)), "image/gif", "gif"),
    ],
)
def test_an_image_is_shown_without_its_place(studio: Studio, content: bytes, content_type: str, ending: str) -> None:
    project = studio.project()
    answer = studio.upload(project, content, content_type)
    assert answer.status_code == 200, answer.text
    row = answer.json()
    assert (row["kind"], row["position"], row["width"], row["height"]) == ("image", 0, 24, 32)
    assert [(found["id"], found["url"], found["position"]) for found in studio.rows(project)] == [
        (row["id"], row["url"], 0)
    ]
    shown = plain_http.get(row["url"])
    assert shown.headers["content-type"] == content_type
    assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert PLACE not in shown.content
    with Image.open(io.BytesIO(shown.content)) as picture:
        assert ImageOps.exif_transpose(picture).size == (24, 32)  # AVIF says in its own boxes how it is turned
    (name,) = studio.files()
    assert name.startswith(f"{studio.user.id}/{project}/")
    assert name.endswith(f".{ending}")
    studio.sweep_until_gone("uploads", f"{studio.user.id}/{name.split('/')[2].split('.')[0]}")


@pytest.mark.parametrize("announced", ["image/heic", "image/heif"])
def test_a_phone_s_heic_is_shown_as_jpeg(studio: Studio, announced: str) -> None:
    project = studio.project()
    content = heic(smooth((96, 64)), 6)
    row = studio.upload(project, content, announced).raise_for_status().json()
    assert (row["width"], row["height"]) == (64, 96)
    shown = plain_http.get(row["url"])
    assert shown.headers["content-type"] == "image/jpeg"
    assert PLACE not in shown.content
    with Image.open(io.BytesIO(shown.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (64, 96))
    (name,) = studio.files()
    assert name.endswith(".jpg")


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (video(), "video/mp4"),
        (video(b"qt  "), "video/quicktime"),
        (video(b"qt  "), "video/mp4"),
        (video(b"mp42"), "video/quicktime"),
        (video(extra=box(b"sefd", b"<script>" + PLACE) + b"<html>" + PLACE), "video/mp4"),
        (webm(), "video/webm"),
    ],
)
def test_a_video_is_shown_without_its_place(studio: Studio, content: bytes, content_type: str) -> None:
    project = studio.project()
    answer = studio.upload(project, content, content_type)
    assert answer.status_code == 200, answer.text
    assert answer.json()["width"] is None
    shown = plain_http.get(studio.rows(project, "video")[0]["url"])
    assert shown.headers["content-type"] == content_type
    assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert len(shown.content) == len(content)
    assert shown.content.count(b"frames") == content.count(b"frames")
    assert PLACE not in shown.content
    assert b"<script>" not in shown.content


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("content", "content_type", "code"),
    [
        (SVG, "image/png", "wrong_type"),
        (b"<!doctype html><script>alert(1)</script>", "image/gif", "wrong_type"),
        (image("JPEG"), "image/png", "wrong_type"),
        (video(), "image/avif", "wrong_type"),
        (image("PNG"), "video/mp4", "wrong_type"),
        (b"\x89PNG\r\n\x1a\n" + SVG, "image/png", "damaged_file"),
        (b"GIF89a/*" + b"*/=1;alert(1)//" * 20, "image/gif", "damaged_file"),
        (video()[:-9], "video/mp4", "damaged_file"),
        (video(extra=box(b"free") * 30_000), "video/mp4", "too_complex"),
        (image("JPEG", (400, 400))[:500], "image/jpeg", "damaged_file"),
        (bomb(), "image/png", "too_many_pixels"),
    ],
    ids=[
        *("svg", "html", "jpeg as png", "video as image", "image as video", "png and svg", "gif and script"),
        *("cut film", "film of many boxes", "cut", "bomb"),
    ],
)
def test_what_is_not_what_it_says_is_never_shown(studio: Studio, content: bytes, content_type: str, code: str) -> None:
    project = studio.project()
    announced = studio.announce(project, content, content_type)
    assert studio.send(announced, content, content_type).is_success
    for _ in range(2):  # a refusal is final
        answer = studio.call("confirmUpload", upload_id=announced["upload_id"])
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert studio.rows(project) + studio.rows(project, "video") == []
    assert studio.files() == []
    studio.sweep_until_gone("uploads", f"{studio.user.id}/{announced['upload_id']}")


def test_a_polyglot_comes_out_as_an_image_alone(studio: Studio) -> None:
    project = studio.project()
    answer = studio.upload(project, image("JPEG", comment=b"<script>") + b"PK\x03\x04<?php ?>", "image/jpeg")
    shown = plain_http.get(answer.json()["url"]).content
    assert b"<script>" not in shown
    assert b"PK\x03\x04" not in shown
    assert b"<?php" not in shown


def test_an_empty_file_and_one_larger_than_announced_are_refused(studio: Studio) -> None:
    project = studio.project()
    for content, announced_as, code in [(b"", b"", "empty_file"), (image("PNG"), b"x" * 10, "file_too_large")]:
        announced = studio.announce(project, announced_as)
        sent = studio.send(announced, content)
        answer = studio.call("confirmUpload", upload_id=announced["upload_id"])
        if sent.is_success:
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        else:
            assert answer.status_code == 409
    assert studio.rows(project) == []


@pytest.mark.parametrize(
    "body",
    [
        {"content_type": "image/svg+xml", "size": 10},
        {"content_type": "text/html", "size": 10},
        {"content_type": "image/png", "size": 0},
        {"content_type": "image/png", "size": -1},
        {"content_type": "image/png", "size": 10, "name": "../../x.png"},
        {"content_type": "image/png", "size": 10, "path": "%2e%2e%2fx"},
        {"content_type": "image/png\u2028", "size": 10},
        {"content_type": "image/png", "size": 10 * 1024 * 1024 + 1},
        {"content_type": "video/mp4", "size": 50 * 1024 * 1024 + 1},
    ],
)
def test_what_may_not_come_gets_no_address(studio: Studio, body: dict[str, Any]) -> None:
    assert studio.call("createUploadUrl", project_id=studio.project(), **body).status_code == 422


@pytest.mark.parametrize("project", ["../../etc", "00000000-0000-4000-8000-00000000010\uff11", "a%2f..%2fb", ""])
def test_a_project_is_named_by_its_id_alone(studio: Studio, project: str) -> None:
    body = {"project_id": project, "content_type": "image/png", "size": 10}
    assert studio.call("createUploadUrl", **body).status_code == 422


@pytest.mark.parametrize("change", ["/../other", "%2f..%2fother", "%252e%252e", "/ünïcode", "/deeper"])
def test_an_address_takes_no_other_name(studio: Studio, change: str) -> None:
    content = image("PNG")
    announced = studio.announce(studio.project(), content)
    address, _, token = announced["upload_url"].partition("?")
    sent = plain_http.put(f"{address}{change}?{token}", content=content, headers={"Content-Type": "image/png"})
    assert sent.is_client_error, sent.text
    assert studio.files("uploads") == []


def test_only_the_owner_uploads_and_confirms(studio: Studio, rival: Studio, anon: httpx.Client) -> None:
    published, draft = studio.project(), studio.project("draft")
    body = {"content_type": "image/png", "size": 100}
    assert rival.call("createUploadUrl", project_id=published, **body).status_code == 403
    assert rival.call("createUploadUrl", project_id=draft, **body).status_code == 404
    assert anon.post("/functions/v1/createUploadUrl", json={"project_id": published, **body}).status_code == 401
    announced = studio.announce(published, image("PNG"))
    assert studio.send(announced, image("PNG")).is_success
    assert rival.call("confirmUpload", upload_id=announced["upload_id"]).status_code == 404
    assert studio.rows(published) == []
    for client in (rival.http, studio.http, anon):  # what was sent is for the checks alone
        address = f"/storage/v1/object/uploads/{studio.user.id}/{announced['upload_id']}"
        assert client.get(address).is_client_error
        assert client.put(address, content=image("PNG"), headers={"Content-Type": "image/png"}).is_client_error


def test_nothing_is_confirmed_before_it_was_sent(studio: Studio) -> None:
    project = studio.project()
    content = image("PNG")
    announced = studio.announce(project, content)
    answer = studio.call("confirmUpload", upload_id=announced["upload_id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "not_uploaded")
    assert studio.send(announced, content).is_success
    assert studio.call("confirmUpload", upload_id=announced["upload_id"]).status_code == 200


def test_confirming_several_times_at_once_makes_one_row(studio: Studio) -> None:
    project = studio.project()
    content = image("PNG", (200, 200))
    announced = studio.announce(project, content)
    studio.send(announced, content).raise_for_status()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: studio.call("confirmUpload", upload_id=announced["upload_id"]), range(6)))
    for answer in answers:  # one checks it; the others get an error, or come when it is done
        busy = answer.status_code == 409 and answer.json()["code"] == "upload_busy"
        assert answer.status_code == 200 or busy, answer.text
    added = studio.call("confirmUpload", upload_id=announced["upload_id"])
    assert {answer.text for answer in answers if answer.status_code == 200} == {added.text}
    assert (added.json()["width"], added.json()["height"]) == (200, 200)
    assert len(studio.rows(project)) == len(studio.files()) == 1
    # The address is used up: what is sent to it now is never shown.
    shown = plain_http.get(studio.rows(project)[0]["url"]).content
    studio.sweep()
    studio.send(announced, image("PNG", (1, 1)))
    assert studio.call("confirmUpload", upload_id=announced["upload_id"]).json()["position"] == 0
    assert plain_http.get(studio.rows(project)[0]["url"]).content == shown


def test_an_upload_is_checked_by_one_request_at_a_time(studio: Studio) -> None:
    project = studio.project()
    content = image("PNG")
    announced = studio.announce(project, content)
    studio.send(announced, content).raise_for_status()
    lease = "update private.media_uploads set leased_until = now() + %s::interval where id = %s"
    studio.sql(lease, "1 hour", announced["upload_id"])
    answer = studio.call("confirmUpload", upload_id=announced["upload_id"])
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (409, "upload_busy", "2")
    assert studio.files() == []
    studio.sql(lease, "-1 second", announced["upload_id"])  # anyone who had it has died
    assert studio.call("confirmUpload", upload_id=announced["upload_id"]).status_code == 200


def test_a_file_that_finds_no_place_is_shown_to_nobody(studio: Studio) -> None:
    """The places were taken by links while it was on its way."""
    project = studio.project()
    content = image("PNG")
    announced = studio.announce(project, content)
    studio.send(announced, content).raise_for_status()
    links = [{"project_id": project, "url": f"https://example.com/{number}"} for number in range(10)]
    studio.http.post("/rest/v1/project_images", json=links).raise_for_status()
    for _ in range(2):
        answer = studio.call("confirmUpload", upload_id=announced["upload_id"])
        assert (answer.status_code, answer.json()["code"]) == (409, "too_many")
    for bucket in ("project-media", "uploads"):
        for name in studio.files(bucket):
            studio.sweep_until_gone(bucket, name)
    assert len(studio.rows(project)) == 10


def test_the_limit_of_the_tier_holds_for_what_is_on_its_way_too(studio: Studio) -> None:
    project = studio.project()
    body = {"project_id": project, "content_type": "video/mp4", "size": 100}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: studio.call("createUploadUrl", **body), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"too_many"}
    studio.sql("update private.users set tier = 'paid' where id = %s", studio.user.id)
    assert studio.call("createUploadUrl", **body).status_code == 200
