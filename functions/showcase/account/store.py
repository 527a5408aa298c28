"""The account's database functions."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
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

    @property
    def key(self) -> str:
        """Its place among the person's files."""
        return f"{self.bucket}/{self.name}"


@dataclass(frozen=True)
class Place:
    """Where a part of an archive begins: in a source of rows (none: the first), among the files, or nowhere."""

    kind: Literal["rows", "files", "end"]
    source: str | None = None
    after: str | None = None
    piece: int = 1


END = Place("end")


@dataclass(frozen=True)
class Export:
    """An archive whose next part is ours to make."""

    id: UUID
    user_id: UUID
    lease: int
    failures: int
    place: Place
    parts: Sequence[Row]


async def list_sources(database: Database) -> Sequence[str]:
    sources: Sequence[str] = await database.rpc("list_export_sources", {})
    return sources


async def page(
    database: Database, user_id: UUID, source: str, after: str | None, batch: int
) -> tuple[Sequence[Row], str | None]:
    """Some of a person's rows of one source, and where the following ones begin; None after the last."""
    found = await database.rpc(
        "export_account_rows", {"user_id": str(user_id), "source": source, "after": after, "batch": batch}
    )
    return found["rows"], found["next"]


async def files(database: Database, user_id: UUID, batch: int, after: str | None = None) -> AsyncIterator[File]:
    """All of a person's files in the order of their keys, page by page."""
    while True:
        found = await database.rpc("list_account_files", {"user_id": str(user_id), "after": after, "batch": batch})
        for row in found:
            yield File(row["bucket_id"], row["name"], row["size"] or 0)
        if len(found) < batch:
            return
        after = found[-1]["key"]


async def begin_export(database: Database, user_id: UUID, seconds: int, again: int) -> Row | None:
    """The archive's row, new or under way; None where there is no such person."""
    row: Row | None = await database.rpc(
        "begin_account_export", {"user_id": str(user_id), "lifetime_seconds": seconds, "again_seconds": again}
    )
    return row


async def get_export(database: Database, user_id: UUID) -> Row | None:
    row: Row | None = await database.rpc("get_account_export", {"user_id": str(user_id)})
    return row


async def lease_export(database: Database, seconds: int, only: UUID | None) -> Export | None:
    """An archive to go on with; nobody else does until it is recorded, or the time is over."""
    row = await database.rpc(
        "lease_account_export", {"lease_seconds": seconds, "export_id": str(only) if only else None}
    )
    if row is None:
        return None
    return Export(
        UUID(row["id"]), UUID(row["user_id"]), row["lease"], row["failures"], Place(**row["place"]), row["parts"]
    )


async def record_part(database: Database, export: Export, name: str, size: int, place: Place) -> bool:
    """Whether the archive is there and still ours."""
    kept: bool = await database.rpc(
        "record_account_export_part",
        {"export_id": str(export.id), "lease": export.lease, "name": name, "size": size, "place": asdict(place)},
    )
    return kept


async def delay_export(database: Database, export: Export, error: str, wait: int) -> None:
    await database.rpc(
        "delay_account_export",
        {"export_id": str(export.id), "lease": export.lease, "error": error, "wait_seconds": wait},
    )


async def finish_export(database: Database, export: Export, seconds: int, payload: Row) -> None:
    await database.rpc(
        "finish_account_export", {"export_id": str(export.id), "lifetime_seconds": seconds, "payload": dict(payload)}
    )


async def drop_exports(database: Database) -> None:
    """Those that have run out."""
    await database.rpc("drop_account_exports", {})


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
