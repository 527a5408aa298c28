"""The picture of a profile, uploaded like any other."""

import io

import httpx
from PIL import Image

from tests.integration.media.media import Studio
from tests.support import plain_http
from tests.support.files.pictures import PLACE, image, located


def upload(studio: Studio, content: bytes, content_type: str) -> httpx.Response:
    answer = studio.call("createUploadUrl", avatar=True, content_type=content_type, size=len(content))
    assert (answer.status_code, answer.json()["kind"]) == (200, "avatar")
    studio.send(answer.json(), content, content_type).raise_for_status()
    return studio.call("confirmUpload", upload_id=answer.json()["upload_id"])


def avatar(studio: Studio) -> str | None:
    rows = studio.http.get(f"/rest/v1/users?select=avatar_url&id=eq.{studio.user.id}").json()
    url: str | None = rows[0]["avatar_url"]
    return url


def test_an_avatar_is_shown_and_the_old_one_goes(studio: Studio) -> None:
    first = upload(studio, located("JPEG"), "image/jpeg")
    assert first.status_code == 200, first.text
    assert (first.json()["id"], first.json()["project_id"]) == (str(studio.user.id), None)
    assert avatar(studio) == first.json()["url"]
    assert PLACE not in plain_http.get(first.json()["url"]).content
    second = upload(studio, image("PNG", (900, 700)), "image/png").json()
    assert avatar(studio) == second["url"]
    with Image.open(io.BytesIO(plain_http.get(second["url"]).content)) as picture:  # every page shows it: it is small
        assert (picture.format, picture.width) == ("WEBP", 640)
    (old,) = [name for name in studio.files("avatars") if first.json()["url"].endswith(name)]
    studio.sweep_until_gone("avatars", old)
    assert len(studio.files("avatars")) == 1
    studio.http.patch(f"/rest/v1/users?id=eq.{studio.user.id}", json={"avatar_url": None}).raise_for_status()
    studio.sweep_until_gone("avatars", studio.files("avatars")[0])


def test_an_upload_is_for_a_project_or_a_profile(studio: Studio) -> None:
    project = studio.project()
    for body in (
        {"content_type": "image/png", "size": 9},
        {"content_type": "image/png", "size": 9, "project_id": project, "avatar": True},
        {"content_type": "video/mp4", "size": 9, "avatar": True},
    ):
        answer = studio.call("createUploadUrl", **body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), body
