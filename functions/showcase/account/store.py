"""The account's database functions."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from showcase.database import Database

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Deletion:
    """A deletion that is ours to go on with."""

    id: UUID
    user_id: UUID
    step: str
    step_since: datetime
    attempts: int


@dataclass(frozen=True)
class File:
    """A stored file of a person's."""

    bucket: str
    name: str
    size: int


async def list_sources(database: Database) -> Sequence[str]:
    sources: Sequence[str] = await database.rpc("list_export_sources", {})
    return sources


async def rows(database: Database, user_id: UUID, source: str, batch: int) -> AsyncIterator[Row]:
    """All of a person's rows of one source, page by page."""
    after: str | None = None
    while True:
        page = await database.rpc(
            "export_account_rows", {"user_id": str(user_id), "source": source, "after": after, "batch": batch}
        )
        for row in page["rows"]:
            yield row
        after = page["next"]
        if after is None:
            return


async def files(database: Database, user_id: UUID, batch: int) -> AsyncIterator[File]:
    """All of a person's files, page by page."""
    after: str | None = None
    while True:
        page = await database.rpc("list_account_files", {"user_id": str(user_id), "after": after, "batch": batch})
        for row in page:
            yield File(row["bucket_id"], row["name"], row["size"] or 0)
        if len(page) < batch:
            return
        after = page[-1]["key"]


async def begin_export(database: Database, user_id: UUID, seconds: int) -> Row:
    """The new archive's row, or `reason`."""
    row: Row = await database.rpc("begin_account_export", {"user_id": str(user_id), "lifetime_seconds": seconds})
    return row


async def finish_export(database: Database, export_id: str, size: int, payload: Row) -> None:
    await database.rpc("finish_account_export", {"export_id": export_id, "size": size, "payload": dict(payload)})


async def drop_exports(database: Database, export_id: str | None = None) -> None:
    """An archive, or all that have run out."""
    await database.rpc("drop_account_exports", {"export_id": export_id})


async def request_deletion(database: Database, user_id: UUID, username: str, recent: int, grace: int) -> Row:
    row: Row = await database.rpc(
        "request_account_deletion",
        {"user_id": str(user_id), "username": username, "recent_seconds": recent, "grace_seconds": grace},
    )
    return row


async def cancel_deletion(database: Database, user_id: UUID) -> Row | None:
    row: Row | None = await database.rpc("cancel_account_deletion", {"user_id": str(user_id)})
    return row


async def get_deletion(database: Database, receipt_id: UUID) -> Row | None:
    row: Row | None = await database.rpc("get_account_deletion", {"receipt_id": str(receipt_id)})
    return row


async def lease(database: Database, batch: int, seconds: int, receipt_id: UUID | None = None) -> Sequence[Deletion]:
    taken = await database.rpc(
        "lease_account_deletions",
        {"batch": batch, "lease_seconds": seconds, "receipt_id": str(receipt_id) if receipt_id else None},
    )
    return [
        Deletion(
            UUID(row["id"]),
            UUID(row["user_id"]),
            row["step"],
            datetime.fromisoformat(row["step_since"]),
            row["attempts"],
        )
        for row in taken
    ]


async def record(database: Database, deletion: Deletion, step: str, error: str | None, wait: int | None) -> None:
    await database.rpc(
        "record_account_deletion",
        {"receipt_id": str(deletion.id), "step": step, "error": error, "wait_seconds": wait},
    )


async def delete_account(database: Database, deletion: Deletion) -> None:
    await database.rpc("delete_account", {"receipt_id": str(deletion.id)})


async def finish_deletion(database: Database, deletion: Deletion) -> None:
    await database.rpc("finish_account_deletion", {"receipt_id": str(deletion.id)})
