"""Storage as the client libraries use it: uploads, folders, signed addresses, limits."""

import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from storage3.exceptions import StorageApiError

from supabase import Client
from tests.support import plain_http
from tests.support.node import run_script
from tests.support.sign_in import python_client
from tests.support.stack import Stack
from tests.support.users import User

pytestmark = pytest.mark.filterwarnings("ignore:The '.*' parameter is deprecated:DeprecationWarning")

PNG = bytes.fromhex("89504e470d0a1a0a") + secrets.token_bytes(2000)


@pytest.fixture
def client(stack: Stack, user: User) -> Iterator[Client]:
    with python_client(stack, user.token) as client:
        yield client


def test_supabase_js_uploads_lists_signs_and_removes(stack: Stack, user: User) -> None:
    given = {"url": stack.url, "key": stack.publishable_key, "token": user.token}
    answer = run_script("storage.mjs", **given, folder=str(user.id))
    assert answer["errors"] == {}
    assert answer["downloads"] == dict.fromkeys(
        ("blob", "bytes", "form", "signed", "uploadedSigned", "copied"), "image/png 8"
    )
    assert answer["listed"] == ["blob.png", "bytes.png", "copy.png", "form.png", "nested", "signed.png"]
    assert answer["removed"] == ["nested/deep.png"]


def test_supabase_py_uploads_lists_signs_and_removes(client: Client, user: User) -> None:
    bucket = client.storage.from_("ai-assets")
    path = f"{user.id}/picture (1) with spaces & $igns=@;,+!.png"
    uploaded = bucket.upload(path, PNG, {"content-type": "image/png", "cache-control": "60"})
    assert uploaded.full_path == f"ai-assets/{path}"
    assert bucket.download(path) == PNG
    with pytest.raises(StorageApiError, match="exists"):
        bucket.upload(path, PNG, {"content-type": "image/png"})
    bucket.update(path, PNG * 2, {"content-type": "image/png"})
    assert bucket.download(path) == PNG * 2

    signed = str(bucket.create_signed_url(path, 60)["signedURL"])
    answer = plain_http.get(signed)
    assert answer.content == PNG * 2
    assert answer.headers["content-type"] == "image/png"
    assert plain_http.get(signed[:-4] + "AAAA").status_code == 400
    several = bucket.create_signed_urls([path], 60)
    assert plain_http.get(str(several[0]["signedURL"])).content == PNG * 2

    ticket = bucket.create_signed_upload_url(f"{user.id}/later.png")
    bucket.upload_to_signed_url(ticket["path"], ticket["token"], PNG, {"content-type": "image/png"})
    assert bucket.download(f"{user.id}/later.png") == PNG

    names = [entry["name"] for entry in bucket.list(str(user.id))]
    assert sorted(names) == sorted([path.partition("/")[2], "later.png"])
    assert [entry["name"] for entry in bucket.list(str(user.id), {"limit": 1, "offset": 1})] == names[1:]
    assert bucket.list() == [folder(str(user.id))]
    bucket.copy(path, f"{user.id}/copy.png")
    bucket.move(f"{user.id}/copy.png", f"{user.id}/moved.png")
    assert bucket.download(f"{user.id}/moved.png") == PNG * 2
    assert len(bucket.remove([path, f"{user.id}/moved.png"])) == 2
    with pytest.raises(StorageApiError, match="not found"):
        bucket.download(path)


def folder(name: str) -> dict[str, Any]:
    empty = dict.fromkeys(("id", "updated_at", "created_at", "last_accessed_at", "metadata"))
    return {"name": name, **empty}


def test_a_file_of_a_public_bucket_is_open_by_its_address(stack: Stack, service: httpx.Client, user: User) -> None:
    path = f"project-media/{user.id}/shown.png"
    service.post(f"/storage/v1/object/{path}", content=PNG, headers={"content-type": "image/png"}).raise_for_status()
    assert plain_http.get(f"{stack.url}/storage/v1/object/public/{path}").content == PNG


def test_a_lost_file_is_not_there(stack: Stack, service: httpx.Client, user: User) -> None:
    """Its row is, by which HEAD is answered: hosted Storage, whose bytes are in S3, says so too and does not fail."""
    name = f"{user.id}/lost.png"
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("insert into storage.objects (bucket_id, name) values ('project-media', %s)", (name,))
    signed = service.post(f"/storage/v1/object/sign/project-media/{name}", json={"expiresIn": 60}).json()["signedURL"]
    for address in (f"object/project-media/{name}", f"object/public/project-media/{name}", signed.lstrip("/")):
        answer = service.get(f"/storage/v1/{address}")
        assert (answer.status_code, answer.json()["code"]) == (400, "NoSuchKey"), address
    assert service.head(f"/storage/v1/object/public/project-media/{name}").status_code == 200


def test_an_expired_signature_opens_nothing(client: Client, user: User) -> None:
    bucket = client.storage.from_("ai-assets")
    path = f"{user.id}/a.png"
    bucket.upload(path, PNG, {"content-type": "image/png"})
    signed = str(bucket.create_signed_url(path, 60)["signedURL"])
    assert plain_http.get(signed.replace("a.png", "b.png")).json()["code"] == "InvalidSignature"
    with pytest.raises(StorageApiError, match="expiresIn must be >= 1"):
        bucket.create_signed_url(path, -1)
    short = str(bucket.create_signed_url(path, 1)["signedURL"])
    time.sleep(2)
    expired = plain_http.get(short)
    assert (expired.status_code, expired.json()["code"]) == (400, "InvalidJWT")


def test_limits_hold_for_bodies_of_known_length_and_for_forms(stack: Stack, user: User) -> None:
    path = f"/storage/v1/object/ai-assets/{user.id}/"
    large = bytes(10 * 1024 * 1024 + 1)
    with stack.client(user) as http:
        png = {"content-type": "image/png"}
        answers = [
            http.post(f"{path}1", content=large, headers=png),
            http.post(f"{path}2", files={"file": ("x.png", large, "image/png")}),
            http.put(f"{path}3", files={"": ("x.png", large, "image/png")}),
            http.post(f"{path}4", content=b"<script>", headers={"content-type": "text/html"}),
            http.post(f"{path}5", files={"": ("x.html", b"<script>", "text/html")}),
        ]
        assert [answer.status_code for answer in answers] == [400] * 5
        assert [answer.json()["code"] for answer in answers] == ["EntityTooLarge"] * 3 + ["InvalidMimeType"] * 2
        listing = http.post("/storage/v1/object/list/ai-assets", json={"prefix": str(user.id)})
        assert listing.json() == []


def test_nobody_writes_or_reads_in_anothers_folder(
    stack: Stack, client: Client, user: User, other: httpx.Client
) -> None:
    path = f"{user.id}/mine.png"
    client.storage.from_("ai-assets").upload(path, PNG, {"content-type": "image/png"})
    png = {"content-type": "image/png"}
    with stack.client() as anon:
        for caller in (other, anon):
            assert caller.post(
                f"/storage/v1/object/ai-assets/{user.id}/x.png", content=PNG, headers=png
            ).is_client_error
            assert caller.put(f"/storage/v1/object/ai-assets/{path}", content=PNG, headers=png).is_client_error
            assert caller.get(f"/storage/v1/object/ai-assets/{path}").is_client_error
            assert caller.post(f"/storage/v1/object/sign/ai-assets/{path}", json={"expiresIn": 60}).is_client_error
            assert caller.post(f"/storage/v1/object/upload/sign/ai-assets/{user.id}/y.png").is_client_error
            assert caller.request("DELETE", "/storage/v1/object/ai-assets", json={"prefixes": [path]}).json() == []
            assert caller.post("/storage/v1/object/list/ai-assets", json={"prefix": str(user.id)}).json() == []
    assert client.storage.from_("ai-assets").download(path) == PNG


@pytest.mark.parametrize("name", ["ünïcode.png", "hash#.png", "back\\slash.png", "{brace}.png"])
def test_names_that_hosted_storage_does_not_take_are_refused(owner: httpx.Client, user: User, name: str) -> None:
    address = f"/storage/v1/object/ai-assets/{user.id}/{quote(name)}"
    answer = owner.post(address, content=PNG, headers={"content-type": "image/png"})
    error = {"statusCode": "400", "error": "InvalidKey", "code": "InvalidKey"}
    assert answer.json() == {**error, "message": f"Invalid key: {user.id}/{name}"}


@pytest.mark.parametrize(
    "key", ["../../escape.png", "%2e%2e/%2e%2e/escape.png", "..%2f..%2fescape.png", "a/../../../escape.png"]
)
def test_no_key_leads_out_of_the_folder(stack: Stack, user: User, key: str) -> None:
    address = f"{stack.url}/storage/v1/object/ai-assets/{user.id}/{key}"
    headers = {**stack.headers(user), "content-type": "image/png"}
    answer = plain_http.request("POST", httpx.URL(address), content=PNG, headers=headers)
    assert answer.is_client_error
    assert not list(stack.logs.parent.rglob("*escape*"))


@pytest.mark.parametrize("there", [False, True])
def test_many_who_put_one_name_at_once_all_succeed(
    stack: Stack, service: httpx.Client, user: User, *, there: bool
) -> None:
    """The file is one of theirs, whole, with the type that came with it."""
    address = f"/storage/v1/object/ai-assets/{user.id}/race"
    sent = {kind: f"{kind} {secrets.token_hex(500)}".encode() for kind in ("image/png", "image/jpeg", "image/webp")}

    def put(number: int) -> httpx.Response:
        kind = list(sent)[number % 3]
        headers = {"content-type": kind, "x-upsert": "true"}
        return plain_http.post(f"{stack.url}{address}", content=sent[kind], headers={**service.headers, **headers})

    if there:
        put(0).raise_for_status()
    with ThreadPoolExecutor(12) as pool:
        assert [answer.status_code for answer in pool.map(put, range(24))] == [200] * 24
    stored = service.get(address)
    assert stored.content == sent[stored.headers["content-type"]]


def test_many_who_put_a_new_name_at_once_leave_one_whole_file(stack: Stack, service: httpx.Client, user: User) -> None:
    """Storage asks whether the name is free before the bytes come, so that several may succeed: the last stays."""
    address = f"{stack.url}/storage/v1/object/ai-assets/{user.id}/first"
    sent = [PNG + bytes([number]) for number in range(8)]

    def put(content: bytes) -> httpx.Response:
        return plain_http.post(address, content=content, headers={**service.headers, "content-type": "image/png"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(put, sent))
    assert {200} <= {answer.status_code for answer in answers} <= {200, 400}
    assert {answer.json()["error"] for answer in answers if answer.is_client_error} <= {"Duplicate"}
    assert service.get(address).content in sent
    assert put(PNG).json()["code"] == "KeyAlreadyExists"
