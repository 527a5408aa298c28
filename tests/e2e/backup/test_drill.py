"""Backup, destroy, restore: the same project again, and users can go on in it."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import psycopg
import pytest

from local.postgres import migrations
from local.stack.welcome import SEEDED_PROJECT
from ops.backup.errors import BackupError
from ops.backup.files import Storage, StoredFile
from ops.backup.restore import WHAT_IS_THERE, checked, restore
from ops.backup.target import Target
from tests.support import backups
from tests.support.backups import SECRET, Filled, backed_up, by_address, command_line, restored, target_of
from tests.support.populated_users import rows
from tests.support.sign_in import register, signed_in
from tests.support.stack import Stack

# supabase-py hands its parts options that they no longer like.
pytestmark = pytest.mark.filterwarnings("ignore:The '.*' parameter is deprecated:DeprecationWarning")


def test_a_drill(filled: Filled, empty: Stack) -> None:
    assert stat.S_IMODE(filled.archive.stat().st_mode) == 0o600
    assert restored(filled.archive, empty) == []

    assert backups.schema(empty) == backups.schema(filled.stack)
    before, after = backups.everything(filled.stack), backups.everything(empty)
    assert after == before
    assert sum(map(len, before.values())) > 100
    files = backups.bytes_of(filled.stack)
    assert backups.bytes_of(empty) == files
    assert {b"", *files.values()} == set(files.values())
    assert len(files) == 13
    assert rows(empty, "select nextval('private.stripe_versions') as version") == [{"version": 4712}]
    assert rows(empty, "select 1 from pg_namespace where nspname = 'showcase_restore'") == []

    register(empty, sub=filled.google_id, email="bea@example.com", name="Bea")
    with signed_in(empty, filled.google_id) as client:
        session = client.auth.get_session()
        assert session is not None
        assert {"id": session.user.id} in rows(filled.stack, "select id::text from auth.users")
        client.functions.set_auth(session.access_token)
        metrics = client.functions.invoke("getSocialMetrics", {"body": {"project_id": SEEDED_PROJECT}})
        assert b'"stars"' in metrics
        assert b'"png_url"' in client.functions.invoke("generateQrCode", {"body": {}})
        assert b'"status"' in client.functions.invoke("exportAccount", {"body": {}})


class CutOffError(Exception):
    """The machine went away."""


@dataclass(frozen=True)
class CutOff(Storage):
    """Storage that is there for three files only."""

    stored: list[str]

    def put(self, file: StoredFile, content: IO[bytes], size: int) -> None:
        if len(self.stored) == 3:
            raise CutOffError
        super().put(file, content, size)
        self.stored.append(file.label)


def test_a_restore_that_was_cut_off_goes_on(filled: Filled, empty: Stack) -> None:
    @contextmanager
    def cut_off() -> Iterator[Storage]:
        with target_of(empty).storage() as storage:
            yield CutOff(storage.http, [])

    target = Target(empty.database_url, cut_off, hosted=True)
    with checked(filled.archive, [SECRET]) as (opened, manifest), pytest.raises(CutOffError):
        restore(target, opened, manifest, [SECRET])
    with pytest.raises(migrations.DatabaseError, match="A restore was cut off here"):
        migrations.is_new(empty.database_url)

    other = filled.archive.with_name("other.tar.age")
    backed_up(filled.stack, other)
    with pytest.raises(BackupError, match="Another archive's restore was cut off here"):
        restored(other, empty)

    identity = filled.archive.with_name("identity.txt")
    identity.write_text(f"# a key\n{SECRET}\n")
    ended = command_line("restore", str(filled.archive), BACKUP_IDENTITY_FILE=str(identity), **by_address(empty))
    assert ended.returncode == 0, ended.stderr
    assert "from number 4 on" in ended.stdout
    assert "Nothing is scheduled yet" in ended.stdout
    assert backups.everything(empty) == backups.everything(filled.stack)
    assert backups.bytes_of(empty) == backups.bytes_of(filled.stack)


GUARD = """
    create function auth.guard() returns event_trigger language plpgsql as $$ begin raise 'in the way'; end $$;
    create event trigger guard on ddl_command_end when tag in ('CREATE POLICY') execute function auth.guard()
"""


def test_a_restore_that_fails_in_the_database_leaves_it_empty(filled: Filled, empty: Stack) -> None:
    with psycopg.connect(empty.database_url) as connection:
        connection.execute(GUARD)  # policies are nearly the last of all
    with pytest.raises(psycopg.Error, match="in the way"):
        restored(filled.archive, empty)
    with psycopg.connect(empty.database_url) as connection:
        assert connection.execute(WHAT_IS_THERE.encode()).fetchall() == []
        connection.execute("drop event trigger guard")
        connection.execute("drop function auth.guard()")
    assert restored(filled.archive, empty) == []
    assert backups.schema(empty) == backups.schema(filled.stack)
