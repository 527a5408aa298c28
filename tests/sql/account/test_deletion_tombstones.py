"""Who was deleted is remembered as a hash, and deleted again where a restored backup brought them back."""

import hashlib

import psycopg
import pytest

from local.settings import ROOT
from ops.backup.deletions import delete_again, deletion_tombstones, read_list
from ops.backup.errors import BackupError

ADA, GRACE = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))


def hash_of(user: str) -> str:
    return hashlib.sha256(user.encode()).hexdigest()


def test_who_is_deleted_is_remembered_for_as_long_as_there_are_backups(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "insert into private.deletion_tombstones values (%s, now() - interval '91 days')", (hash_of("somebody"),)
        )
        connection.execute("delete from auth.users where id = %s", (ADA,))
    assert deletion_tombstones(database) == [hash_of(ADA)]


def test_who_came_back_is_deleted_by_the_ordinary_way(database: str) -> None:
    gone = [hash_of(GRACE), hash_of("nobody here")]
    assert delete_again(database, gone) == 1
    assert delete_again(database, gone) == 0
    with psycopg.connect(database) as connection:
        query = "select user_id::text, status, due_at <= now() from private.account_deletions"
        assert connection.execute(query).fetchall() == [(GRACE, "scheduled", True)]
    assert sorted(deletion_tombstones(database)) == sorted(gone), "the next restore needs the whole list"


def test_a_list_of_something_else_is_refused() -> None:
    with pytest.raises(BackupError, match="is not a list of deleted users"):
        read_list(ROOT / "README.md")
