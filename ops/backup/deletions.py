"""Whom a restored backup must not bring back: the list, out of the project as it was, and into the restored one."""

import re
from collections.abc import Sequence
from pathlib import Path

import psycopg

from ops.backup.errors import BackupError

HASH = re.compile(r"[0-9a-f]{64}")


def deletion_tombstones(database_url: str) -> list[str]:
    """Hashes of the ids of deleted users."""
    with psycopg.connect(database_url, connect_timeout=10) as connection:
        rows = connection.execute(
            "select user_id_hash from private.deletion_tombstones order by deleted_at, 1"
        ).fetchall()
    return [row[0] for row in rows]


def read_list(path: Path) -> list[str]:
    """One hash to a line. Raises: BackupError."""
    lines = path.read_text(encoding="utf-8").split()
    if wrong := [line for line in lines if not HASH.fullmatch(line)]:
        raise BackupError(f"{path} is not a list of deleted users: {wrong[0][:70]}")
    return lines


def delete_again(database_url: str, hashes: Sequence[str]) -> int:
    """Asks for their deletion, which goes its ordinary way; how many of them had come back."""
    with psycopg.connect(database_url, connect_timeout=10) as connection:
        row = connection.execute("select private.delete_users_again(%s::text[])", (list(hashes),)).fetchone()
    return int(row[0]) if row else 0
