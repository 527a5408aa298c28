"""Making an archive part by part. A part is stored whole or not at all, and noted when it is."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from showcase.account import store
from showcase.account.archive import Part
from showcase.account.dependencies import Account
from showcase.account.domain import END, Export
from showcase.errors import ApiError
from showcase.outbound.retry import Deadline

BUCKET = "account-exports"


async def run_exports(account: Account, deadline: Deadline, only: UUID | None = None) -> int:
    """Makes parts of whatever archive is due, or of one, until the deadline; how many were made."""
    made = 0
    while deadline.remaining:
        export = await store.lease_export(account.database, account.settings.account_lease_seconds, only)
        if export is None:
            break
        try:
            made += await _next(account, export, deadline)
        except ApiError as error:
            wait = account.settings.wait_after(export.failures + 1)
            await store.delay_export(account.database, export, error.code, wait)
    return made


async def _next(account: Account, export: Export, deadline: Deadline) -> bool:
    """One part, and the end of it all after the last; whether it counts."""
    parts = [*export.parts]
    if export.place != END:
        # A name of its own for each who takes it: anyone who is late overwrites nothing.
        name = f"{export.user_id}/{export.id}/{len(parts) + 1}-{export.lease}.zip"
        part = Part(account, export, deadline)
        await account.storage.upload(BUCKET, name, part.pieces(), "application/zip")
        if not await store.record_part(account.database, export, name, part.size, part.place):
            await account.storage.remove(BUCKET, [name])
            return False
        parts.append({"name": name, "size": part.size})
        if part.place != END:
            return True
    seconds = account.settings.account_export_seconds
    urls = [part["url"] for part in await links(account, parts, seconds)]
    await store.finish_export(account.database, export, seconds, {"url": urls[0], "urls": urls})
    return True


async def links(account: Account, parts: Sequence[Mapping[str, Any]], seconds: int) -> list[dict[str, Any]]:
    """The parts with addresses that open them to anyone who holds one, for a time."""
    return [
        {"url": await account.storage.sign_download(BUCKET, part["name"], seconds), "size": part["size"]}
        for part in parts
    ]
