"""The still that confirmUpload stores beside a video."""

import io

import pytest
from PIL import Image

from tests.integration.media.media import Studio
from tests.support import plain_http
from tests.support.files.encoded import SIZE, encoded
from tests.support.files.films import video


@pytest.mark.parametrize(("form", "codec", "content_type"), [("mp4", "libx264", "mp4"), ("webm", "libvpx", "webm")])
def test_a_video_has_a_poster_that_goes_with_it(studio: Studio, form: str, codec: str, content_type: str) -> None:
    project = studio.project()
    answer = studio.upload(project, encoded(form, codec, ""), f"video/{content_type}")
    assert answer.status_code == 200, answer.text
    (row,) = studio.rows(project, "video")
    assert row["poster_url"] == answer.json()["poster_url"] == f"{row['url'].rpartition('.')[0]}-poster.jpg"
    shown = plain_http.get(row["poster_url"])
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(shown.content)) as picture:
        assert picture.size == SIZE
    names = studio.files()
    assert len(names) == 2
    studio.http.delete(f"/rest/v1/project_videos?id=eq.{row['id']}").raise_for_status()
    for name in names:
        studio.sweep_until_gone("project-media", name)


def test_a_video_that_cannot_be_decoded_has_none(studio: Studio) -> None:
    answer = studio.upload(studio.project(), video(), "video/mp4")
    assert (answer.status_code, answer.json()["poster_url"]) == (200, None)
    assert len(studio.files()) == 1
