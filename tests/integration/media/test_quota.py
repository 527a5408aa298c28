"""The quota of bytes and files, through the front door."""

from collections.abc import Iterator

import httpx
import pytest

from tests.integration.media.media import Studio
from tests.support.files.pictures import image

PICTURE = image("PNG", (200, 200))


def usage(studio: Studio) -> dict[str, int]:
    found: dict[str, int] = studio.http.post("/rest/v1/rpc/get_storage_usage", json={}).raise_for_status().json()
    return found


def leave_room(studio: Studio, size: int) -> None:
    """As if the user's other files took the rest."""
    studio.sql(
        "update private.storage_usage set used_bytes = %s where user_id = %s",
        usage(studio)["max_bytes"] - size,
        studio.user.id,
    )


def store(studio: Studio, name: str, content: bytes | Iterator[bytes], method: str = "POST") -> httpx.Response:
    address = f"/storage/v1/object/ai-assets/{studio.user.id}/{name}"
    return studio.http.request(method, address, content=content, headers={"Content-Type": "image/png"})


def refused(answer: httpx.Response) -> bool:
    return answer.status_code in {400, 403} and answer.json()["statusCode"] == "403"


def test_every_way_into_ai_assets_ends_at_the_quota(studio: Studio) -> None:
    store(studio, "a.png", PICTURE).raise_for_status()
    before = usage(studio)
    assert (before["used_bytes"], before["used_files"]) == (len(PICTURE), 1)
    leave_room(studio, len(PICTURE) - 1)
    copied = {"bucketId": "ai-assets", "sourceKey": f"{studio.user.id}/a.png"}
    for answer in (
        store(studio, "b.png", PICTURE),
        store(studio, "b.png", iter([PICTURE])),  # without Content-Length
        store(studio, "a.png", PICTURE * 3, "PUT"),
        studio.http.post("/storage/v1/object/copy", json={**copied, "destinationKey": f"{studio.user.id}/b.png"}),
    ):
        assert refused(answer), answer.text
    assert studio.files("ai-assets") == [f"{studio.user.id}/a.png"]
    leave_room(studio, len(PICTURE))
    store(studio, "b.png", PICTURE).raise_for_status()
    studio.http.request(
        "DELETE", "/storage/v1/object/ai-assets", json={"prefixes": [f"{studio.user.id}/b.png"]}
    ).raise_for_status()
    store(studio, "c.png", PICTURE).raise_for_status()


def test_announced_uploads_and_qr_codes_count(studio: Studio) -> None:
    project = studio.project()
    body = {"project_id": project, "content_type": "image/png", "size": len(PICTURE)}
    leave_room(studio, 2 * len(PICTURE))
    announced = studio.announce(project, PICTURE)
    studio.announce(studio.project(), PICTURE)
    answer = studio.call("createUploadUrl", **body)
    assert (answer.status_code, answer.json()["code"]) == (413, "storage_quota_exceeded")
    answer = studio.call("generateQrCode")
    assert (answer.status_code, answer.json()["code"]) == (413, "storage_quota_exceeded")
    studio.send(announced, PICTURE).raise_for_status()
    assert studio.call("confirmUpload", upload_id=announced["upload_id"]).status_code == 200
    assert studio.files("uploads") == []  # it makes room at once
    studio.sweep(orphans=True)  # which corrects the counters that this test has changed
    now = usage(studio)
    assert (now["used_files"], now["reserved_bytes"], now["reserved_files"]) == (1, len(PICTURE), 1)
    assert studio.call("createUploadUrl", **body).status_code == 200


def test_a_file_larger_than_announced_does_not_pass_the_quota(studio: Studio) -> None:
    announced = studio.announce(studio.project(), b"x" * 10)
    leave_room(studio, len(PICTURE) - 1)
    assert refused(studio.send(announced, PICTURE))
    assert studio.files("uploads") == []


@pytest.mark.parametrize("path", ["/rest/v1/storage_usage", "/rest/v1/storage_objects"])
def test_counters_are_not_served_as_a_table(studio: Studio, path: str) -> None:
    assert studio.http.get(path).status_code == 404
