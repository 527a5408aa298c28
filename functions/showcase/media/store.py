"""The media's database functions."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from typing_extensions import TypedDict

from showcase.database import Database
from showcase.media.domain import (
    AnnouncedUpload,
    CheckedFile,
    ContentType,
    Kind,
    LeasedUpload,
    Medium,
    Orphans,
    QrTarget,
    Reason,
    Row,
    StaleCode,
    Upload,
    UploadRefused,
    UploadState,
)


class _Removal(TypedDict):
    bucket_id: str
    name: str


class _Removed(TypedDict):
    removed: int
    failed: int


async def create_upload(
    database: Database,
    user_id: UUID,
    project_id: UUID | None,
    kind: Kind,
    content_type: ContentType,
    size: int,
    limits: Mapping[str, int],
    seconds: int,
) -> AnnouncedUpload | UploadRefused:
    """Announces a file of `size` bytes, which counts in `limits` (by tier) for `seconds`, or says why not."""
    created: AnnouncedUpload | UploadRefused = await database.rpc(
        "create_media_upload",
        {
            "user_id": str(user_id),
            "project_id": str(project_id) if project_id else None,
            "kind": kind,
            "content_type": content_type,
            "size": size,
            "limits": dict(limits),
            "lifetime_seconds": seconds,
        },
        AnnouncedUpload | UploadRefused,
    )
    return created


async def lease_upload(database: Database, user_id: UUID, upload_id: UUID, seconds: int) -> LeasedUpload | None:
    """Leases the check of a user's upload for `seconds`, if it is pending. None: no such upload of the user's."""
    parameters = {"user_id": str(user_id), "upload_id": str(upload_id), "lease_seconds": seconds}
    leased: LeasedUpload | None = await database.rpc("lease_media_upload", parameters, LeasedUpload | None)
    return leased


async def release_upload(database: Database, upload_id: UUID) -> bool:
    """Lets others check it; whether it is still to be checked."""
    return await database.rpc("release_media_upload", {"upload_id": str(upload_id)}, bool)


async def renew_lease(database: Database, upload_id: UUID, seconds: int) -> None:
    """Keeps others from checking it for so long."""
    await database.rpc("renew_media_upload_lease", {"upload_id": str(upload_id), "lease_seconds": seconds})


async def get_upload(database: Database, user_id: UUID, upload_id: UUID) -> UploadState | None:
    """None: no such upload of the user's."""
    parameters = {"user_id": str(user_id), "upload_id": str(upload_id)}
    state: UploadState | None = await database.rpc("get_media_upload", parameters, UploadState | None)
    return state


async def confirm(
    database: Database,
    asked: Upload,
    url: str,
    limits: Mapping[str, int],
    checked: CheckedFile,
    renditions: Sequence[Row],
    poster_url: str | None,
) -> Medium | UploadRefused:
    """The row that the upload became, once."""
    confirmed: Medium | UploadRefused = await database.rpc(
        "confirm_media_upload",
        {
            "user_id": str(asked.user_id),
            "upload_id": str(asked.id),
            "url": url,
            "limits": dict(limits),
            "width": checked.width,
            "height": checked.height,
            "renditions": list(renditions),
            "poster_url": poster_url,
        },
        Medium | UploadRefused,
    )
    return confirmed


async def reject(database: Database, upload_id: UUID, reason: Reason) -> None:
    """Closes an upload whose file did not pass the checks, and queues the file to be removed."""
    await database.rpc("reject_media_upload", {"upload_id": str(upload_id), "reason": reason})


async def lease_removals(database: Database, batch: int, seconds: int) -> Mapping[str, Sequence[str]]:
    """Names of files to remove, by bucket."""
    rows = await database.rpc("lease_file_removals", {"batch": batch, "lease_seconds": seconds}, list[_Removal])
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(row["bucket_id"], []).append(row["name"])
    return names


async def finish_removals(database: Database, bucket: str, names: Sequence[str], reason: str | None) -> tuple[int, int]:
    """How many are gone, and how many are to be tried again."""
    parameters = {"bucket_id": bucket, "names": list(names), "reason": reason}
    done = await database.rpc("finish_file_removals", parameters, _Removed)
    return done["removed"], done["failed"]


async def count_removals(database: Database) -> int:
    """How many files wait to be removed."""
    return await database.rpc("count_file_removals", {}, int)


async def queue_orphans(database: Database, older_than_seconds: int) -> Orphans:
    """Queues files older than `older_than_seconds` that no row refers to, and finds rows whose file is missing."""
    return await database.rpc("queue_orphaned_files", {"older_than_seconds": older_than_seconds}, Orphans)


async def expire_uploads(database: Database) -> int:
    """Ends the announced uploads that are overdue; how many."""
    return await database.rpc("expire_media_uploads", {}, int)


async def reconcile_usage(database: Database) -> int:
    """Sets the counters of storage that are not what they count; how many users had such."""
    return await database.rpc("reconcile_storage_usage", {}, int)


async def qr_target(
    database: Database, user_id: UUID, project_id: UUID | None, name: str, logo_image_id: UUID | None
) -> QrTarget | None:
    """What a code would lead to; None where there is no such user."""
    target: QrTarget | None = await database.rpc(
        "get_qr_target",
        {
            "user_id": str(user_id),
            "project_id": str(project_id) if project_id else None,
            "name": name,
            "logo_image_id": str(logo_image_id) if logo_image_id else None,
        },
        QrTarget | None,
    )
    return target


async def record_qr_code(
    database: Database, user_id: UUID, project_id: UUID | None, name: str, link: str, username: str, style: Row
) -> None:
    """Records a code whose file is stored already; of one target the newest 20 are kept."""
    await database.rpc(
        "record_qr_code",
        {
            "user_id": str(user_id),
            "project_id": str(project_id) if project_id else None,
            "name": name,
            "link": link,
            "username": username,
            "style": dict(style),
        },
    )


async def stale_qr_codes(database: Database, batch: int, profile: str, project: str) -> Sequence[StaleCode]:
    """Some whose link is not what the templates make of it now."""
    parameters = {"batch": batch, "profile_link": profile, "project_link": project}
    return await database.rpc("lease_stale_qr_codes", parameters, list[StaleCode])
