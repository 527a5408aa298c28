"""The account's database functions."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from showcase.account.domain import Deletion, DeletionRefused, Export, ExportRow, File, Place, Receipt, Row
from showcase.database import Database


class _Page(TypedDict):
    rows: list[dict[str, Any]]
    next: str | None


class _FileRow(TypedDict):
    bucket_id: str
    name: str
    size: int | None
    key: str


async def list_sources(database: Database) -> Sequence[str]:
    """Names of what an archive holds rows of, in its order."""
    sources: list[str] = await database.rpc("list_export_sources", {}, Annotated[list[str], Field(min_length=1)])
    return sources


async def page(
    database: Database, user_id: UUID, source: str, after: str | None, batch: int
) -> tuple[Sequence[Row], str | None]:
    """Some of a user's rows of one source, and where the following ones begin; None after the last."""
    found = await database.rpc(
        "export_account_rows", {"user_id": str(user_id), "source": source, "after": after, "batch": batch}, _Page
    )
    return found["rows"], found["next"]


async def files(database: Database, user_id: UUID, batch: int, after: str | None = None) -> AsyncIterator[File]:
    """All of a user's files in the order of their keys, page by page."""
    while True:
        parameters = {"user_id": str(user_id), "after": after, "batch": batch}
        found = await database.rpc("list_account_files", parameters, list[_FileRow])
        for row in found:
            yield File(row["bucket_id"], row["name"], row["size"] or 0)
        if len(found) < batch:
            return
        after = found[-1]["key"]


async def begin_export(database: Database, user_id: UUID, seconds: int, again: int) -> ExportRow | None:
    """The archive's row, new or under way; None where there is no such user."""
    parameters = {"user_id": str(user_id), "lifetime_seconds": seconds, "again_seconds": again}
    row: ExportRow | None = await database.rpc("begin_account_export", parameters, ExportRow | None)
    return row


async def get_export(database: Database, user_id: UUID) -> ExportRow | None:
    """The user's archive; None where there is none."""
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
    """Records why an archive waits (the code of an error); no run leases it for `wait` seconds."""
    await database.rpc(
        "delay_account_export",
        {"export_id": str(export.id), "lease": export.lease, "error": error, "wait_seconds": wait},
    )


async def finish_export(database: Database, export: Export, seconds: int, payload: Row) -> None:
    """Marks an archive complete for `seconds`, and queues the user's e-mail with `payload`."""
    await database.rpc(
        "finish_account_export", {"export_id": str(export.id), "lifetime_seconds": seconds, "payload": dict(payload)}
    )


async def drop_exports(database: Database) -> None:
    """Those that have run out."""
    await database.rpc("drop_account_exports", {})


async def request_deletion(
    database: Database, user_id: UUID, username: str, recent: int, grace: int
) -> Receipt | DeletionRefused:
    """Records that a user wants to be deleted; the same receipt if it is called again.

    `recent`: seconds since the sign-in, at most; `grace`: seconds until the deletion begins.
    """
    row: Receipt | DeletionRefused = await database.rpc(
        "request_account_deletion",
        {"user_id": str(user_id), "username": username, "recent_seconds": recent, "grace_seconds": grace},
        Receipt | DeletionRefused,
    )
    return row


async def cancel_deletion(database: Database, user_id: UUID) -> Receipt | None:
    """The receipt of the deletion that is canceled; None where none can be canceled any more."""
    row: Receipt | None = await database.rpc("cancel_account_deletion", {"user_id": str(user_id)}, Receipt | None)
    return row


async def get_deletion(database: Database, receipt_id: UUID) -> Receipt | None:
    """None: no such receipt."""
    row: Receipt | None = await database.rpc("get_account_deletion", {"receipt_id": str(receipt_id)}, Receipt | None)
    return row


async def lease(database: Database, batch: int, seconds: int, receipt_id: UUID | None = None) -> Sequence[Deletion]:
    """Leases up to `batch` deletions that are due, or the one of a receipt, for `seconds`."""
    return await database.rpc(
        "lease_account_deletions",
        {"batch": batch, "lease_seconds": seconds, "receipt_id": str(receipt_id) if receipt_id else None},
        list[Deletion],
    )


async def record(database: Database, deletion: Deletion, step: str, error: str | None, wait: int | None) -> None:
    """Records the step that a deletion is at; with an `error`, that it waits there for `wait` seconds."""
    await database.rpc(
        "record_account_deletion",
        {"receipt_id": str(deletion.id), "step": step, "error": error, "wait_seconds": wait},
    )


async def delete_account(database: Database, deletion: Deletion) -> None:
    """Deletes the user and all rows that go with it."""
    await database.rpc("delete_account", {"receipt_id": str(deletion.id)})


async def finish_deletion(database: Database, deletion: Deletion) -> None:
    """Erases what is left of the user in Auth, queues and billing's records; the receipt stays."""
    await database.rpc("finish_account_deletion", {"receipt_id": str(deletion.id)})
