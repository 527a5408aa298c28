"""The account's database functions."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from typing_extensions import TypedDict

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


class ExportPart(TypedDict):
    """A file of an archive, by its name in Storage; `size` in bytes."""

    name: str
    size: int


@dataclass(frozen=True)
class Export:
    """An archive whose next part is ours to make."""

    id: UUID
    user_id: UUID
    lease: int
    failures: int
    place: Place
    parts: list[ExportPart]


class ExportRow(TypedDict):
    """An archive as its user is shown it."""

    id: UUID
    parts: list[ExportPart]
    last_error: str | None
    started_at: datetime
    finished_at: datetime | None
    expires_at: datetime


class Receipt(TypedDict):
    """A deletion as its user is shown it."""

    id: UUID
    status: Literal["scheduled", "running", "done", "canceled"]
    step: Literal["billing", "files", "notice", "account", "rest"]
    last_error: str | None
    requested_at: datetime
    due_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class DeletionRefused:
    """Why there is no deletion."""

    reason: Literal["account_gone", "wrong_username", "sign_in_again"]


class _Page(TypedDict):
    rows: list[dict[str, Any]]
    next: str | None


class _FileRow(TypedDict):
    bucket_id: str
    name: str
    size: int | None
    key: str


async def list_sources(database: Database) -> Sequence[str]:
    return await database.rpc("list_export_sources", {}, list[str])


async def page(
    database: Database, user_id: UUID, source: str, after: str | None, batch: int
) -> tuple[Sequence[Row], str | None]:
    """Some of a person's rows of one source, and where the following ones begin; None after the last."""
    found = await database.rpc(
        "export_account_rows", {"user_id": str(user_id), "source": source, "after": after, "batch": batch}, _Page
    )
    return found["rows"], found["next"]


async def files(database: Database, user_id: UUID, batch: int, after: str | None = None) -> AsyncIterator[File]:
    """All of a person's files in the order of their keys, page by page."""
    while True:
        parameters = {"user_id": str(user_id), "after": after, "batch": batch}
        found = await database.rpc("list_account_files", parameters, list[_FileRow])
        for row in found:
            yield File(row["bucket_id"], row["name"], row["size"] or 0)
        if len(found) < batch:
            return
        after = found[-1]["key"]


async def begin_export(database: Database, user_id: UUID, seconds: int, again: int) -> ExportRow | None:
    """The archive's row, new or under way; None where there is no such person."""
    parameters = {"user_id": str(user_id), "lifetime_seconds": seconds, "again_seconds": again}
    row: ExportRow | None = await database.rpc("begin_account_export", parameters, ExportRow | None)
    return row


async def get_export(database: Database, user_id: UUID) -> ExportRow | None:
    row: ExportRow | None = await database.rpc("get_account_export", {"user_id": str(user_id)}, ExportRow | None)
    return row


async def lease_export(database: Database, seconds: int, only: UUID | None) -> Export | None:
    """An archive to go on with; nobody else does until it is recorded, or the time is over."""
    parameters = {"lease_seconds": seconds, "export_id": str(only) if only else None}
    export: Export | None = await database.rpc("lease_account_export", parameters, Export | None)
    return export


async def record_part(database: Database, export: Export, name: str, size: int, place: Place) -> bool:
    """Whether the archive is there and still ours."""
    return await database.rpc(
        "record_account_export_part",
        {"export_id": str(export.id), "lease": export.lease, "name": name, "size": size, "place": asdict(place)},
        bool,
    )


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


async def request_deletion(
    database: Database, user_id: UUID, username: str, recent: int, grace: int
) -> Receipt | DeletionRefused:
    row: Receipt | DeletionRefused = await database.rpc(
        "request_account_deletion",
        {"user_id": str(user_id), "username": username, "recent_seconds": recent, "grace_seconds": grace},
        Receipt | DeletionRefused,
    )
    return row


async def cancel_deletion(database: Database, user_id: UUID) -> Receipt | None:
    row: Receipt | None = await database.rpc("cancel_account_deletion", {"user_id": str(user_id)}, Receipt | None)
    return row


async def get_deletion(database: Database, receipt_id: UUID) -> Receipt | None:
    row: Receipt | None = await database.rpc("get_account_deletion", {"receipt_id": str(receipt_id)}, Receipt | None)
    return row


async def lease(database: Database, batch: int, seconds: int, receipt_id: UUID | None = None) -> Sequence[Deletion]:
    return await database.rpc(
        "lease_account_deletions",
        {"batch": batch, "lease_seconds": seconds, "receipt_id": str(receipt_id) if receipt_id else None},
        list[Deletion],
    )


async def record(database: Database, deletion: Deletion, step: str, error: str | None, wait: int | None) -> None:
    await database.rpc(
        "record_account_deletion",
        {"receipt_id": str(deletion.id), "step": step, "error": error, "wait_seconds": wait},
    )


async def delete_account(database: Database, deletion: Deletion) -> None:
    await database.rpc("delete_account", {"receipt_id": str(deletion.id)})


async def finish_deletion(database: Database, deletion: Deletion) -> None:
    await database.rpc("finish_account_deletion", {"receipt_id": str(deletion.id)})
