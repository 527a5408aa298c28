"""Removing what nothing shows any more."""

from dataclasses import dataclass

from showcase.errors import ApiError
from showcase.media import store
from showcase.media.dependencies import Media

BATCH = 100  # names in one request to Storage


@dataclass(frozen=True)
class Swept:
    """How many files are gone, and how many Storage did not remove."""

    removed: int
    failed: int


async def drain(media: Media) -> Swept:
    """Removes what is due, up to the setting; what Storage does not take is tried again later."""
    removed = failed = 0
    settings = media.settings
    while removed + failed < settings.media_sweep_files:
        leased = await store.lease_removals(media.database, BATCH, settings.media_sweep_lease_seconds)
        if not leased:
            break
        for bucket, names in leased.items():
            reason = None
            try:
                await media.storage.remove(bucket, names)
            except ApiError as error:
                reason = error.code
            gone, left = await store.finish_removals(media.database, bucket, names, reason)
            removed += gone
            failed += left
    return Swept(removed, failed)
