"""Every cell of the matrix about buckets, by what becomes of the file."""

from collections.abc import Callable

import httpx
import pytest

from tests.access.files import File, new_file, picture, remove, send
from tests.access.matrix import Cell, cells
from tests.access.world import World
from tests.support import plain_http


@pytest.mark.parametrize("cell", cells("bucket", "read", "open", "sign"), ids=str)
def test_reading(world: World, cell: Cell) -> None:
    file = new_file(world, cell.name)
    answer = READING[cell.action](world.clients[cell.caller], file)
    assert cell.outcome in {"ok", "denied"}
    if cell.outcome == "ok":
        assert (answer.status_code, answer.content) == (200, file.content)
    else:
        assert answer.is_client_error
        assert file.content not in answer.content


def read(client: httpx.Client, file: File) -> httpx.Response:
    return client.get(f"/storage/v1/object/{file.path}")


def open_address(client: httpx.Client, file: File) -> httpx.Response:
    return client.get(f"/storage/v1/object/public/{file.path}")


def sign(client: httpx.Client, file: File) -> httpx.Response:
    """A signed address is for anyone who has it; what counts is who is given one."""
    signed = client.post(f"/storage/v1/object/sign/{file.path}", json={"expiresIn": 60})
    return plain_http.get(f"{client.base_url}/storage/v1{signed.json()['signedURL']}") if signed.is_success else signed


READING: dict[str, Callable[[httpx.Client, File], httpx.Response]] = {"read": read, "open": open_address, "sign": sign}


@pytest.mark.parametrize("cell", cells("bucket", "list"), ids=str)
def test_listing(world: World, cell: Cell) -> None:
    file = new_file(world, cell.name)
    answer = world.clients[cell.caller].post(f"/storage/v1/object/list/{file.bucket}", json={"prefix": file.folder})
    assert cell.outcome in {"ok", "none"}
    assert answer.status_code == 200
    assert [entry["name"] for entry in answer.json()] == (["a.png"] if cell.outcome == "ok" else [])


@pytest.mark.parametrize("cell", cells("bucket", "upload", "overwrite"), ids=str)
def test_writing(world: World, cell: Cell) -> None:
    file = new_file(world, cell.name, upload=cell.action == "overwrite")
    client, method, new = world.clients[cell.caller], "POST" if cell.action == "upload" else "PUT", picture()
    before = file.stored()
    assert cell.outcome in {"ok", "denied"}
    answer = send(client, method, file, new)
    if cell.outcome == "ok":
        assert answer.status_code == 200, answer.text
        assert file.stored() == new
    else:
        assert answer.is_client_error
        # The other ways to the same end.
        assert send(client, "POST", file, new, upsert=True).is_client_error
        assert client.post(f"/storage/v1/object/upload/sign/{file.path}").is_client_error
        assert file.stored() == before


@pytest.mark.parametrize("cell", cells("bucket", "delete"), ids=str)
def test_deleting(world: World, cell: Cell) -> None:
    file = new_file(world, cell.name)
    answer = remove(world.clients[cell.caller], file)
    assert cell.outcome in {"ok", "none"}
    assert answer.status_code == 200
    assert [removed["name"] for removed in answer.json()] == ([file.name] if cell.outcome == "ok" else [])
    assert file.stored() == (None if cell.outcome == "ok" else file.content)
