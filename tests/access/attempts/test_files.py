"""Attempts to read files that are private to another: directly, by listing and by signed addresses."""

import uuid

import pytest

from tests.access.files import TYPE, File, new_file, objects, picture, send
from tests.access.world import World
from tests.support import plain_http

CALLERS = ["anon", "other"]


@pytest.mark.parametrize("caller", CALLERS)
def test_read_anothers_private_file(world: World, caller: str) -> None:
    client, file = world.clients[caller], new_file(world, "ai-assets")
    mine, theirs = str(world.other.id), file.name
    for address in (
        f"object/{file.path}",
        f"object/authenticated/{file.path}",
        f"object/public/{file.path}",
        f"object/info/{file.path}",
        f"object/info/public/{file.path}",
        f"render/image/authenticated/{file.path}",
        f"render/image/public/{file.path}",
        f"object/sign/{file.path}",
        f"object/sign/{file.path}?token={world.other.token}",
        f"object/public/project-media/..%2fai-assets%2f{theirs}",
        f"object/public/project-media/../ai-assets/{theirs}",
        f"object/ai-assets/{mine}/..%2f..%2f{theirs}",
        f"object/ai-assets/{mine}%2f..%2f{theirs}",
    ):
        answer = client.get(f"/storage/v1/{address}")
        assert answer.is_client_error, f"{address}: {answer.text}"
        assert file.content not in answer.content
        assert client.head(f"/storage/v1/{address}").is_client_error


@pytest.mark.parametrize("caller", CALLERS)
def test_list_anothers_private_files(world: World, caller: str) -> None:
    client, file = world.clients[caller], new_file(world, "ai-assets")
    prefixes = [
        "",
        "/",
        str(world.owner.id),
        f"{world.owner.id}/",
        file.folder,
        file.name,
        "%",
        "../",
        f"./{file.folder}",
    ]
    for prefix in prefixes:
        body = {"prefix": prefix, "limit": 1000, "search": ""}
        answer = client.post("/storage/v1/object/list/ai-assets", json=body)
        assert str(world.owner.id) not in answer.text
        assert "a.png" not in [entry["name"] for entry in answer.json()]
        assert str(world.owner.id) not in client.post("/storage/v1/object/list-v2/ai-assets", json=body).text


@pytest.mark.parametrize("caller", CALLERS)
def test_sign_anothers_private_file(world: World, caller: str) -> None:
    client, file = world.clients[caller], new_file(world, "ai-assets")
    for name in (file.name, file.name.replace("/", "%2f"), f"{world.other.id}/..%2f..%2f{file.name}"):
        assert client.post(f"/storage/v1/object/sign/ai-assets/{name}", json={"expiresIn": 60}).is_client_error
    many = client.post("/storage/v1/object/sign/ai-assets", json={"expiresIn": 60, "paths": [file.name]})
    assert many.is_client_error or [entry["signedURL"] for entry in many.json()] == [None]


def test_use_a_signed_address_for_another_file(world: World) -> None:
    """It is for one file and for reading; an upload's is for one name."""
    client, file = world.clients["other"], new_file(world, "ai-assets")
    mine = File(world, "ai-assets", f"{world.other.id}/{uuid.uuid4().hex}", picture())
    send(client, "POST", mine, mine.content).raise_for_status()
    signed = client.post(f"/storage/v1/object/sign/{mine.path}", json={"expiresIn": 60}).json()["signedURL"]
    ticket = client.post(f"/storage/v1/object/upload/sign/ai-assets/{mine.folder}/b.png").json()
    before = objects(world)
    with plain_http.Client(base_url=f"{world.stack.url}/storage/v1", timeout=30) as visitor:
        assert visitor.get(signed).content == mine.content
        answer = visitor.get(signed.replace(mine.name, file.name))
        assert answer.is_client_error
        assert file.content not in answer.content
        assert visitor.get(signed.replace("/sign/ai-assets/", "/sign/project-media/")).is_client_error
        token = signed.partition("token=")[2]
        for path in (file.path, mine.path):
            address = f"/object/upload/sign/{path}?token={token}"
            assert visitor.put(address, content=picture(), headers=TYPE).is_client_error
        address = f"/object/upload/sign/{file.path}?token={ticket['token']}"
        assert visitor.put(address, content=picture(), headers=TYPE | {"x-upsert": "true"}).is_client_error
    assert objects(world) == before
    assert (file.stored(), mine.stored()) == (file.content, mine.content)
