"""What is not whole, and what is in use, is refused before anything is touched."""

from pathlib import Path

import psycopg
import pyrage
import pytest

from ops.backup.encryption import new_identity
from ops.backup.errors import BackupError
from ops.backup.restore import WHAT_IS_THERE
from tests.support import backups
from tests.support.backups import SECRET, Filled, by_address, command_line, restored
from tests.support.cluster import PLATFORM, TestCluster

SPOILED = ["changed", "short", "shorter", "wrong_key", "no_backup", "plain_changed", "plain_short"]


def spoiled(content: bytes, what: str) -> tuple[bytes, str]:
    """The archive, and the key that it is opened with."""
    half = len(content) // 2
    if what == "changed":
        return content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :], SECRET
    if what == "short":
        return content[:-1], SECRET
    if what == "shorter":
        return content[:half], SECRET
    if what == "wrong_key":
        return content, new_identity()[0]
    if what == "no_backup":
        return b"PK\x03\x04 something else", SECRET
    plain = pyrage.decrypt(content, [pyrage.x25519.Identity.from_str(SECRET)])
    if what == "plain_short":
        return plain[: len(plain) // 2], SECRET
    return plain.replace(b"cus_backup", b"cus_forged"), SECRET


@pytest.mark.parametrize("what", SPOILED)
def test_what_is_not_whole(filled: Filled, cluster: TestCluster, tmp_path: Path, what: str) -> None:
    content, secret = spoiled(filled.archive.read_bytes(), what)
    archive = tmp_path / "spoiled.tar.age"
    archive.write_bytes(content)
    with cluster.copy(PLATFORM) as url:
        variables = {**by_address(filled.stack), "BACKUP_DATABASE_URL": url, "BACKUP_IDENTITY": secret}
        ended = command_line("restore", str(archive), **variables)
        assert ended.returncode == 1
        assert ended.stderr.startswith("\nshowcase: The archive"), ended.stderr
        with psycopg.connect(url) as connection:
            assert connection.execute(WHAT_IS_THERE.encode()).fetchall() == []
            assert connection.execute("select to_regnamespace('showcase_restore')").fetchone() == (None,)


def test_a_project_that_is_not_empty(filled: Filled) -> None:
    before = backups.everything(filled.stack)
    with pytest.raises(BackupError, match=r"not empty \(it has users, buckets, the schema private"):
        restored(filled.archive, filled.stack)
    assert backups.everything(filled.stack) == before
