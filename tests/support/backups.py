"""Two projects side by side: one to be backed up, and an empty one; and everything that can be compared of them."""

import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.settings import ROOT
from ops.backup.create import create
from ops.backup.encryption import new_identity
from ops.backup.files import StoredFile, storage
from ops.backup.manifest import Manifest
from ops.backup.restore import checked, restore
from ops.backup.schema import UNFINISHED
from ops.backup.target import Target
from tests.support.cluster import PLATFORM, TestCluster
from tests.support.populated_users import rows, tables
from tests.support.schema import dump
from tests.support.stack import Stack, running_stack
from tests.support.up import own_environment
from tests.support.users import User

SECRET, PUBLIC = new_identity()
# Where the bytes are, which differs, and when they were last read, which a backup does.
LEFT_OUT = {
    "storage.objects": ("version", "last_accessed_at"),  # of the place
    "private.storage_usage": ("reserved_bytes", "reserved_files"),  # of S3 uploads under way too
}


@dataclass(frozen=True)
class Filled:
    """A project with something everywhere, and its archive."""

    stack: Stack
    google_id: str  # of somebody who has signed in
    archive: Path


@contextmanager
def empty_stack(cluster: TestCluster) -> Iterator[Stack]:
    with cluster.copy(PLATFORM) as url, running_stack(cluster, url) as stack:
        yield stack


def target_of(stack: Stack) -> Target:
    return Target(stack.database_url, lambda: storage(stack.url, stack.secret_key), hosted=True)


def backed_up(stack: Stack, path: Path) -> Manifest:
    return create(target_of(stack), path, [PUBLIC])


def restored(archive: Path, stack: Stack) -> list[str]:
    with checked(archive, [SECRET]) as (opened, manifest):
        return restore(target_of(stack), opened, manifest, [SECRET])


def put(stack: Stack, user: User, name: str, content: bytes, method: str = "POST") -> None:
    with stack.client("service") as client:
        client.request(
            method,
            f"/storage/v1/object/project-media/{user.id}/{name}",
            content=content,
            headers={"Content-Type": "image/png"},
        ).raise_for_status()


def everything(stack: Stack) -> dict[str, list[Any]]:
    """Every row of every table, by table, but for S3 uploads under way, which no backup has."""
    found = {}
    for table in tables(stack):
        if table.startswith(UNFINISHED):
            continue
        drop = LEFT_OUT.get(table, ())
        query = f"select to_jsonb(t) - %s::text[] as row from {table} as t order by (to_jsonb(t) - %s::text[])::text"
        found[table] = [row["row"] for row in rows(stack, query, list(drop), list(drop))]
    return found


def schema(stack: Stack) -> list[str]:
    """Without brackets: Postgres prints `(a and b) and c` as `a and b and c` after reading it again."""
    return [line.replace("(", "").replace(")", "") for line in dump(stack.database_url)]


def bytes_of(stack: Stack) -> dict[str, bytes]:
    found = {}
    with storage(stack.url, stack.secret_key) as files:
        for row in rows(stack, "select bucket_id, name from storage.objects order by 1, 2"):
            content = io.BytesIO()
            files.fetch(StoredFile(bucket=row["bucket_id"], name=row["name"]), content)
            found[f"{row['bucket_id']}/{row['name']}"] = content.getvalue()
    return found


def by_address(stack: Stack) -> dict[str, str]:
    """The settings that lead the command line to a project."""
    return {
        "STACK": "hosted",
        "SUPABASE_URL": stack.url,
        "SUPABASE_PUBLISHABLE_KEY": stack.publishable_key,
        "SUPABASE_SECRET_KEY": stack.secret_key,
        "BACKUP_DATABASE_URL": stack.database_url,
    }


def command_line(*arguments: str, limit: str = "unlimited", **variables: str) -> subprocess.CompletedProcess[str]:
    """`limit` is how many blocks of 512 bytes a file may have."""
    command = [sys.executable, "-m", "ops.backup", *arguments]
    return subprocess.run(
        ["/bin/sh", "-c", f'ulimit -f {limit}; exec "$@"', "sh", *command],
        cwd=ROOT,
        env={**own_environment(ROOT / ".local"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
