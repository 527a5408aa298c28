"""Attempts to write files: into another's folder, over another's file, under names that lead elsewhere."""

import http.client
import uuid
from urllib.parse import urlsplit

import pytest

from tests.access.files import TYPE, File, new_file, objects, picture, remove, send
from tests.access.world import World

BUCKETS = ["project-media", "qr-codes", "ai-assets", "uploads", "account-exports"]
CALLERS = ["anon", "other"]


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("caller", CALLERS)
def test_upload_into_anothers_folder(world: World, caller: str, bucket: str) -> None:
    client, file = world.clients[caller], new_file(world, bucket, upload=False)
    before = objects(world)
    for upsert in (False, True):
        assert send(client, "POST", file, picture(), upsert=upsert).is_client_error
        assert send(client, "PUT", file, picture(), upsert=upsert).is_client_error
    address = f"/storage/v1/object/{file.path}"
    form = {"": ("a.png", picture(), "image/png")}
    assert client.post(address, files=form, data={"owner": str(world.owner.id)}).is_client_error
    assert client.post(f"/storage/v1/object/upload/sign/{file.path}").is_client_error
    assert client.put(f"/storage/v1/object/upload/sign/{file.path}?token=made-up", content=picture()).is_client_error
    assert client.post("/storage/v1/upload/resumable", headers={"Tus-Resumable": "1.0.0"}).is_client_error
    assert objects(world) == before


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("caller", CALLERS)
def test_overwrite_or_delete_anothers_file(world: World, caller: str, bucket: str) -> None:
    client, file = world.clients[caller], new_file(world, bucket)
    before = objects(world)
    for method in ("POST", "PUT"):
        for upsert in (False, True):
            assert send(client, method, file, picture(), upsert=upsert).is_client_error
    assert remove(client, file).json() == []
    assert client.delete(f"/storage/v1/object/{file.path}").is_client_error
    for prefix in (file.folder, str(world.owner.id), f"{world.owner.id}/", "", "/", "*", "%"):
        whole = {"prefixes": [prefix]}
        client.request("DELETE", f"/storage/v1/object/{bucket}", json=whole)
    assert objects(world) == before
    assert file.stored() == file.content


@pytest.mark.parametrize("action", ["move", "copy"])
@pytest.mark.parametrize("bucket", BUCKETS)
def test_move_and_copy_between_folders(world: World, bucket: str, action: str) -> None:
    """Neither from another's folder nor into it, nor over what lies there."""
    client, theirs = world.clients["other"], new_file(world, bucket)
    mine = File(world, bucket, f"{world.other.id}/{uuid.uuid4().hex}", picture())
    send(world.clients["service"], "POST", mine, mine.content).raise_for_status()
    before = objects(world)
    for source, destination in (
        (theirs.name, f"{mine.folder}/taken.png"),
        (mine.name, f"{theirs.folder}/given.png"),
        (mine.name, theirs.name),
        (theirs.name, f"{theirs.folder}/moved.png"),
    ):
        body = {"bucketId": bucket, "sourceKey": source, "destinationKey": destination}
        for more in ({}, {"destinationBucket": "project-media"}):
            answer = client.post(f"/storage/v1/object/{action}", json=body | more, headers={"x-upsert": "true"})
            assert answer.is_client_error, f"{source} to {destination}: {answer.text}"
    assert objects(world) == before
    assert (theirs.stored(), mine.stored()) == (theirs.content, mine.content)


TRICKS = [
    "{mine}/../{theirs}/x.png",
    "{mine}/%2e%2e/{theirs}/x.png",
    "{mine}/..%2f{theirs}/x.png",
    "{mine}%2f..%2f{theirs}%2fx.png",
    "{mine}/%252e%252e/{theirs}/x.png",
    "{mine}/..%252f{theirs}/x.png",
    "{mine}/..%5c{theirs}/x.png",
    "./{theirs}/x.png",
    "/{theirs}/x.png",
    "%2f{theirs}/x.png",
    "{theirs}%2fx.png",
    "{theirs}/%2e/x.png",
    "{theirs}%00/x.png",
    "%20{theirs}/x.png",
    "{THEIRS}/x.png",
    "{mine}x/x.png",
    "x/{mine}/x.png",
    "/{mine}/x.png",
    "{mine}",
    "..%2fproject-media%2f{theirs}/x.png",
]


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_trick_with_the_name(world: World, method: str, trick: str) -> None:
    """Sent as it stands: a client would tidy the path. Whatever is stored lies in one's own folder alone."""
    theirs = str(world.owner.id)
    key = trick.format(mine=world.other.id, theirs=theirs, THEIRS=theirs.upper())
    file = new_file(world, "ai-assets")
    before = objects(world)
    for way in ("", "upload/sign/"):
        for upsert in ("false", "true"):
            send_raw(world, method, f"/storage/v1/object/{way}ai-assets/{key}", upsert)
    for bucket, name, _ in set(objects(world)) - set(before):
        assert bucket == "ai-assets"
        assert name.startswith(f"{world.other.id}/")
        assert ".." not in name.split("/")
    assert set(before) <= set(objects(world))
    assert file.stored() == file.content


def test_a_plain_name_is_no_trick(world: World) -> None:
    """Sent in the same way, it is stored: the tricks are refused for what they are."""
    path = f"ai-assets/{world.other.id}/{uuid.uuid4().hex}.png"
    before = objects(world)
    assert send_raw(world, "POST", f"/storage/v1/object/{path}") == 200
    assert len(objects(world)) == len(before) + 1


def send_raw(world: World, method: str, path: str, upsert: str = "false") -> int:
    server = urlsplit(world.stack.url)
    connection = http.client.HTTPConnection(server.hostname or "", server.port, timeout=30)
    try:
        headers = world.stack.headers(world.other) | TYPE | {"x-upsert": upsert}
        connection.request(method, path, body=picture(), headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("caller", ["anon", "owner"])
def test_change_the_buckets(world: World, caller: str) -> None:
    client, file = world.clients[caller], new_file(world, "ai-assets")
    buckets = "select jsonb_agg(b order by id) from storage.buckets as b"
    before = world.database.execute(buckets).fetchone()
    client.post("/storage/v1/bucket", json={"id": "mine", "name": "mine", "public": True})
    client.post("/storage/v1/bucket", json={"id": "ai-assets", "name": "ai-assets", "public": True})
    client.put("/storage/v1/bucket/ai-assets", json={"public": True, "file_size_limit": None})
    client.post("/storage/v1/bucket/ai-assets/empty")
    client.delete("/storage/v1/bucket/ai-assets")
    assert world.database.execute(buckets).fetchone() == before
    assert file.stored() == file.content
    assert world.clients["anon"].get(f"/storage/v1/object/public/{file.path}").is_client_error
