"""Making an archive: of a project in use, by the command line, on a full disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pyrage

from ops.backup.create import create
from ops.backup.files import Storage
from ops.backup.schema import FOREIGN, OURS, PLATFORM
from ops.backup.target import Target
from tests.support import backups
from tests.support.backups import (
    PUBLIC,
    SECRET,
    Filled,
    by_address,
    command_line,
    empty_stack,
    put,
    restored,
    target_of,
)
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.files.pictures import image
from tests.support.stack import running_stack


def test_what_changes_meanwhile_is_said(cluster: TestCluster, tmp_path: Path) -> None:
    """Between the moment of the rows and the reading of the files."""
    with cluster.copy(MIGRATED) as url, running_stack(cluster, url) as stack:
        user = stack.make_user()
        for name in ("gone.png", "new.png", "same.png"):
            put(stack, user, name, image("PNG"))

        @contextmanager
        def late() -> Iterator[Storage]:
            with stack.client("service") as client:
                gone = {"prefixes": [f"{user.id}/gone.png"]}
                client.request("DELETE", "/storage/v1/object/project-media", json=gone).raise_for_status()
            put(stack, user, "new.png", image("PNG", (3, 3)), "PUT")
            put(stack, user, "later.png", image("PNG"))
            with target_of(stack).storage() as storage:
                yield storage

        archive = tmp_path / "a.tar.age"
        manifest = create(Target(url, late, hosted=True), archive, [PUBLIC])
        assert list(manifest.notes) == [
            f"project-media/{user.id}/gone.png was removed meanwhile.",
            f"project-media/{user.id}/new.png changed meanwhile: its bytes are newer than its row.",
        ]
        with empty_stack(cluster) as empty:
            assert restored(archive, empty) == list(manifest.notes)
            now = backups.bytes_of(stack)
            del now[f"project-media/{user.id}/later.png"]
            assert backups.bytes_of(empty) == now


def test_the_command_line_makes_nothing_by_halves_and_nothing_readable(filled: Filled, tmp_path: Path) -> None:
    archive = tmp_path / "folder" / "a b.tar.age"
    refused = command_line("create", str(archive), **by_address(filled.stack))
    assert refused.returncode == 1
    assert "BACKUP_RECIPIENTS is not set" in refused.stderr
    made = command_line("create", str(archive), BACKUP_RECIPIENTS=PUBLIC, **by_address(filled.stack))
    assert made.returncode == 0, made.stderr
    assert b"cus_backup" not in archive.read_bytes()
    again = command_line("create", str(archive), BACKUP_RECIPIENTS=PUBLIC, **by_address(filled.stack))
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert [file.name for file in archive.parent.iterdir()] == [archive.name]
    assert command_line("verify", str(archive), BACKUP_IDENTITY=SECRET).returncode == 0
    plain = pyrage.decrypt(archive.read_bytes(), [pyrage.x25519.Identity.from_str(SECRET)])
    assert b"cus_backup" in plain
    for secret in (filled.stack.secret_key, filled.stack.jwt_secret, SECRET):
        assert secret.encode() not in plain
        assert secret not in made.stdout + made.stderr


def test_a_full_disk_leaves_no_archive(filled: Filled, tmp_path: Path) -> None:
    """A limit on the size of files stands for it."""
    variables = {**by_address(filled.stack), "BACKUP_RECIPIENTS": PUBLIC}
    ended = command_line("create", str(tmp_path / "a.tar.age"), limit="4000", **variables)
    assert ended.returncode == 1, ended.stderr
    assert "File too large" in ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_schema_is_forgotten(database: str) -> None:
    with psycopg.connect(database) as connection:
        query = "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'"
        found = {row[0] for row in connection.execute(query).fetchall()}
    assert found <= {*OURS, *PLATFORM, *FOREIGN}
    assert found >= {*OURS, *PLATFORM}
