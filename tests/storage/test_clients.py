"""Each method of the client libraries once, and large files: resumable uploads, and players that seek."""

import hashlib
import secrets

import httpx
import pytest

from supabase import Client, create_client
from tests.support import plain_http
from tests.support.node import run_script
from tests.support.sign_in import python_client
from tests.support.stack import Stack
from tests.support.users import User

MIB = 1024 * 1024
PNG = bytes.fromhex("89504e470d0a1a0a")

pytestmark = pytest.mark.filterwarnings("ignore:The '.*' parameter is deprecated:DeprecationWarning")


def test_every_method_of_storage_js(stack: Stack, user: User) -> None:
    given = {"url": stack.url, "key": stack.publishable_key, "secret": stack.secret_key, "token": user.token}
    bucket = f"js-{secrets.token_hex(4)}"
    answer = run_script("storage_methods.mjs", **given, folder=str(user.id), bucket=bucket)
    exists = "400 409 The resource already exists"
    refused = {
        "upload again": exists,
        "download a missing one": "400 404 Object not found",
        "createBucket again": exists,
        "upload beyond": "400 413 The object exceeded the maximum allowed size",
        "deleteBucket of files": "400 409 The bucket you tried to delete is not empty",
        "getBucket of none": "400 404 Bucket not found",
    }
    assert {name: found for name, found in answer["found"].items() if found != "ok"} == refused
    assert answer["info"] == {"size": 8, "type": "image/png", "caching": "max-age=60", "metadata": {"alt": "words"}}
    assert answer["exists"] == [True, False]
    assert answer["downloaded"] == ["image/png", 8]
    hidden = "Either the object does not exist or you do not have access to it"
    assert answer["several"] == [None, hidden]
    assert answer["disposition"] == "attachment; filename=name.png; filename*=UTF-8''name.png"
    assert answer["list"] == [["e.png", True], ["deep", False], ["b.png", True], ["a.png", True]]
    assert answer["keys"] == [[["a.png", "b.png"], True], [["deep", "e.png"], False]]
    assert answer["removed"] == ["b.png"]
    assert answer["bucket"] == {"public": True, "limit": 20, "types": ["image/*"], "listed": 1}
    assert answer["shown"] == [200, "image/png"]


def test_every_method_of_storage3(stack: Stack, user: User) -> None:
    with python_client(stack, user.token) as client:
        files_of_a_bucket(client, user)
    buckets(create_client(stack.url, stack.secret_key), f"py-{secrets.token_hex(4)}")


def files_of_a_bucket(client: Client, user: User) -> None:
    files = client.storage.from_("ai-assets")
    path = f"{user.id}/a.png"
    files.upload(path, PNG, {"content-type": "image/png", "metadata": {"alt": "words"}})
    files.update(path, PNG * 2, {"content-type": "image/png"})
    assert files.download(path) == PNG * 2
    info = files.info(path)
    assert (info["size"], info["content_type"]) == (16, "image/png")
    assert files.exists(path)
    assert not files.exists(f"{user.id}/none.png")
    files.copy(path, f"{user.id}/b.png")
    files.move(f"{user.id}/b.png", f"{user.id}/c.png")
    assert plain_http.get(str(files.create_signed_url(path, 60)["signedURL"])).content == PNG * 2
    assert [row["error"] is None for row in files.create_signed_urls([path, "none"], 60)] == [True, False]
    signed = files.create_signed_upload_url(f"{user.id}/d.png")
    files.upload_to_signed_url(signed["path"], signed["token"], PNG, {"content-type": "image/png"})
    assert [row["name"] for row in files.list(str(user.id))] == ["a.png", "c.png", "d.png"]
    listed = files.list_v2({"prefix": f"{user.id}/", "limit": 2})
    assert [entry.name for entry in listed.objects] == [path, f"{user.id}/c.png"]
    assert listed.hasNext
    assert len(files.remove([path, f"{user.id}/c.png"])) == 2


def buckets(client: Client, name: str) -> None:
    client.storage.create_bucket(name, options={"public": True})
    client.storage.update_bucket(name, {"public": False})
    assert not client.storage.get_bucket(name).public
    assert name in {bucket.id for bucket in client.storage.list_buckets()}
    client.storage.from_(name).upload("a.png", PNG)
    client.storage.empty_bucket(name)
    client.storage.delete_bucket(name)
    assert name not in {bucket.id for bucket in client.storage.list_buckets()}


def test_a_resumable_upload_of_50_mib_goes_on_where_it_was_cut_off(
    stack: Stack, service: httpx.Client, user: User
) -> None:
    name = f"{user.id}/large.mp4"
    metadata = {"bucketName": "project-media", "objectName": name, "contentType": "video/mp4", "cacheControl": "60"}
    given = {"url": stack.url, "headers": stack.headers("service"), "metadata": metadata}
    sent = run_script("resumable.mjs", **given, size=50 * MIB, stopAfter=20 * MIB)
    assert sent["offset"] == 24 * MIB
    stored = plain_http.get(f"{stack.url}/storage/v1/object/public/project-media/{name}")
    assert hashlib.sha256(stored.content).hexdigest() == sent["sha256"]
    assert (stored.headers["content-type"], stored.headers["cache-control"]) == ("video/mp4", "max-age=60")
    service.request("DELETE", "/storage/v1/object/project-media", json={"prefixes": [name]}).raise_for_status()


def test_a_resumable_upload_by_a_signed_address_needs_no_token(stack: Stack, service: httpx.Client, user: User) -> None:
    name = f"{user.id}/signed.png"
    signed = service.post(f"/storage/v1/object/upload/sign/ai-assets/{name}").raise_for_status().json()
    metadata = {"bucketName": "ai-assets", "objectName": name, "contentType": "image/png"}
    sent = run_script("resumable.mjs", url=stack.url, metadata=metadata, size=MIB, signature=signed["token"])
    stored = service.get(f"/storage/v1/object/ai-assets/{name}").content
    assert hashlib.sha256(stored).hexdigest() == sent["sha256"]
    other = {**metadata, "objectName": f"{user.id}/other.png"}
    with pytest.raises(AssertionError, match="Invalid signature"):
        run_script("resumable.mjs", url=stack.url, metadata=other, size=10, signature=signed["token"])


def test_a_player_seeks(stack: Stack, service: httpx.Client, user: User) -> None:
    """As browsers do: a probe of two bytes (Safari), the end, the middle, and again for what is known (RFC 9110)."""
    name = f"project-media/{user.id}/clip.mp4"
    video = secrets.token_bytes(MIB)
    sent = service.post(f"/storage/v1/object/{name}", content=video, headers={"content-type": "video/mp4"})
    assert sent.is_success, sent.text
    address = f"{stack.url}/storage/v1/object/public/{name}"
    for header, start, end in [
        ("bytes=0-1", 0, 2),
        ("bytes=-1024", MIB - 1024, MIB),
        ("bytes=500000-", 500_000, MIB),
        (f"bytes=1000-{MIB * 2}", 1000, MIB),
    ]:
        part = plain_http.get(address, headers={"range": header})
        assert (part.status_code, part.headers["content-range"]) == (206, f"bytes {start}-{end - 1}/{MIB}")
        assert part.content == video[start:end]
    for header in (f"bytes={MIB}-", "bytes=5-4", "bytes=-0", "bytes=a-b", "bytes=0-1,5-6"):
        assert plain_http.get(address, headers={"range": header}).status_code == 416, header
    known = plain_http.get(address, headers={"range": "bytes=0-1"}).headers
    for header, value in [
        ("if-none-match", known["etag"]),
        ("if-none-match", f'"other", W/{known["etag"]}'),
        ("if-none-match", "*"),
        ("if-modified-since", known["last-modified"]),
    ]:
        assert plain_http.get(address, headers={header: value}).status_code == 304, header
    assert plain_http.get(address, headers={"if-none-match": '"other"'}).content == video
