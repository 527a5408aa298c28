"""Confirming without waiting: 202, and a way to ask."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.integration.media.media import Studio
from tests.support import plain_http
from tests.support.files.pictures import image


def sent(studio: Studio, content: bytes) -> str:
    announced = studio.announce(studio.project(), content)
    studio.send(announced, content).raise_for_status()
    return str(announced["upload_id"])


def test_a_caller_that_does_not_wait_asks_how_far_it_is(studio: Studio) -> None:
    upload_id = sent(studio, image("PNG", (700, 500)))
    answer = studio.call("confirmUpload", upload_id=upload_id, wait_seconds=0)
    assert answer.status_code == 202, answer.text
    assert (answer.json()["status"], answer.json()["media"]) == ("checking", None)
    assert answer.headers["retry-after"] == "2"
    asked = studio.http.get(answer.headers["location"])
    assert asked.json()["status"] in {"checking", "confirmed"}
    over = studio.progress(upload_id)
    assert over["status"] == "confirmed"
    again = studio.call("confirmUpload", upload_id=upload_id)
    assert (again.status_code, again.json()) == (200, over["media"])
    assert [size["width"] for size in over["media"]["renditions"]] == [640, 320]
    for rendition in over["media"]["renditions"]:
        assert plain_http.get(rendition["url"]).headers["content-type"] == "image/webp"
    assert len(studio.files()) == 3


def test_many_that_do_not_wait_make_one_row(studio: Studio) -> None:
    upload_id = sent(studio, image("PNG"))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: studio.call("confirmUpload", upload_id=upload_id, wait_seconds=0), range(6)))
    assert {answer.status_code for answer in answers} <= {200, 202, 409}
    over = studio.progress(upload_id)
    assert over["status"] == "confirmed"
    assert len(studio.files()) == 1


def test_a_caller_that_hangs_up_loses_nothing(studio: Studio) -> None:
    upload_id = sent(studio, image("PNG", (900, 900)))
    with pytest.raises(httpx.ReadTimeout):
        studio.http.post("/functions/v1/confirmUpload", json={"upload_id": upload_id}, timeout=0.01)
    while (answer := studio.call("confirmUpload", upload_id=upload_id)).status_code != 200:  # it goes on
        assert answer.json()["code"] == "upload_busy"
    assert studio.progress(upload_id)["media"] == answer.json()


def test_a_refusal_and_what_nobody_sent_are_told_too(studio: Studio) -> None:
    refused, unsent = sent(studio, b"no picture at all"), studio.announce(studio.project(), image("PNG"))["upload_id"]
    assert studio.call("confirmUpload", upload_id=refused, wait_seconds=0).status_code == 202
    over = studio.progress(refused)
    assert (over["status"], over["code"], over["media"]) == ("rejected", "wrong_type", None)
    for _ in range(2):  # nothing is held by the first
        answer = studio.call("confirmUpload", upload_id=unsent)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_uploaded")
    assert studio.http.get("/functions/v1/getUpload", params={"upload_id": unsent}).json()["status"] == "pending"


def test_only_its_user_asks_for_an_upload(studio: Studio, rival: Studio) -> None:
    upload_id = studio.announce(studio.project(), image("PNG"))["upload_id"]
    for asked in (upload_id, str(uuid.uuid4())):
        answer = rival.http.get("/functions/v1/getUpload", params={"upload_id": asked})
        assert (answer.status_code, answer.json()["code"]) == (404, "upload_not_found")


def test_an_upload_that_its_user_cancels_gives_its_place_back(studio: Studio, rival: Studio) -> None:
    project = studio.project()
    film = {"project_id": project, "content_type": "video/webm", "size": 1000}
    upload_id = studio.call("createUploadUrl", **film).json()["upload_id"]
    refused = studio.call("createUploadUrl", **film)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many"), "a free plan has one"
    for caller, canceled in ((rival, False), (studio, True), (studio, False)):
        answer = caller.http.post("/rest/v1/rpc/cancel_media_upload", json={"upload_id": upload_id})
        assert (answer.status_code, answer.json()) == (200, canceled)
    assert studio.progress(upload_id)["status"] == "expired"
    assert studio.call("createUploadUrl", **film).is_success


def test_an_upload_that_is_checked_is_not_canceled(studio: Studio) -> None:
    upload_id = sent(studio, image("PNG", (700, 500)))
    assert studio.call("confirmUpload", upload_id=upload_id, wait_seconds=0).status_code == 202
    answer = studio.http.post("/rest/v1/rpc/cancel_media_upload", json={"upload_id": upload_id})
    assert answer.json() is False
    assert studio.progress(upload_id)["status"] == "confirmed"


def test_a_check_that_fails_gives_the_upload_back(studio: Studio) -> None:
    """Storage refuses what the quota has no room for: space is made, and the next request goes on at once."""
    content = image("PNG", (700, 700))
    upload_id = sent(studio, content)
    filled = "update private.storage_usage set used_bytes = used_bytes + %s where user_id = %s"
    studio.sql(filled, 2**40, studio.user.id)
    answer = studio.call("confirmUpload", upload_id=upload_id)
    assert (answer.status_code, answer.json()["code"]) == (413, "storage_quota_exceeded")
    studio.sql(filled, -(2**40), studio.user.id)
    assert studio.call("confirmUpload", upload_id=upload_id).status_code == 200
