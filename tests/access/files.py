"""Files of the owner, and what the bytes in storage really are."""

import secrets
import uuid
from dataclasses import dataclass

import httpx

from tests.access.world import World

TYPE = {"content-type": "image/png"}
ZIPPED = {"account-exports"}  # what takes no pictures


def picture() -> bytes:
    return bytes.fromhex("89504e470d0a1a0a") + secrets.token_bytes(100)


@dataclass(frozen=True)
class File:
    world: World
    bucket: str
    folder: str
    content: bytes

    @property
    def name(self) -> str:
        return f"{self.folder}/a.png"

    @property
    def path(self) -> str:
        return f"{self.bucket}/{self.name}"

    def stored(self) -> bytes | None:
        """What a handler finds, where the database knows of it."""
        row = self.world.database.execute(
            "select from storage.objects where bucket_id = %s and name = %s", (self.bucket, self.name)
        )
        answer = self.world.clients["service"].get(f"/storage/v1/object/{self.path}")
        assert answer.is_success == (row.rowcount == 1)
        return answer.content if answer.is_success else None


def new_file(world: World, bucket: str, *, upload: bool = True) -> File:
    """In a folder of its own below the owner's."""
    file = File(world, bucket, f"{world.owner.id}/{uuid.uuid4().hex}", picture())
    if upload:  # by a handler, since users cannot write to every bucket
        send(world.clients["service"], "POST", file, file.content).raise_for_status()
    return file


def send(client: httpx.Client, method: str, file: File, content: bytes, *, upsert: bool = False) -> httpx.Response:
    kind = {"content-type": "application/zip"} if file.bucket in ZIPPED else TYPE
    headers = kind | ({"x-upsert": "true"} if upsert else {})
    return client.request(method, f"/storage/v1/object/{file.path}", content=content, headers=headers)


def remove(client: httpx.Client, file: File) -> httpx.Response:
    """As the client libraries do: several at once, of which those that may not be are left out."""
    return client.request("DELETE", f"/storage/v1/object/{file.bucket}", json={"prefixes": [file.name]})


def objects(world: World) -> list[tuple[str, str, str]]:
    """All that the database knows of, to see that nothing was added, changed or removed."""
    rows = world.database.execute("select bucket_id, name, coalesce(version, '') from storage.objects order by 1, 2")
    return [(bucket, name, version) for bucket, name, version in rows.fetchall()]
