"""What the media handlers share in one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from showcase.core import Core
from showcase.database import Database
from showcase.errors import ServiceUnavailable
from showcase.media.checks.bounded import Limits
from showcase.media.settings import MediaSettings
from showcase.settings import load
from showcase.storage import Storage


@dataclass(frozen=True)
class Media:
    """The database, the files, and how many of them are checked at once: of one user's, one."""

    database: Database
    storage: Storage
    settings: MediaSettings
    checks: asyncio.Semaphore
    user_checks: WeakValueDictionary[UUID, asyncio.Lock]
    confirmations: set[asyncio.Task[Any]]  # under way, also where their caller has gone

    @asynccontextmanager
    async def check_slot(self, user_id: UUID) -> AsyncIterator[None]:
        """One of the checks that run at once. One user's wait for each other, so that other users' need not.

        Raises:
            ServiceUnavailable: all are still busy after `media_check_wait_seconds`.
        """
        async with AsyncExitStack() as slots:
            try:
                async with asyncio.timeout(self.settings.media_check_wait_seconds):
                    await slots.enter_async_context(self.user_checks.setdefault(user_id, asyncio.Lock()))
                    await slots.enter_async_context(self.checks)
            except TimeoutError:
                raise ServiceUnavailable(
                    "Many files are being checked. Please ask again in a moment.",
                    code="checks_busy",
                    headers={"Retry-After": "10"},
                ) from None
            yield

    @property
    def check_limits(self) -> Limits:
        """The limits of one check's process, from the settings."""
        settings = self.settings
        return Limits(
            seconds=settings.media_check_seconds,
            cpu_seconds=settings.media_check_cpu_seconds,
            memory_bytes=settings.media_check_memory,
            file_bytes=settings.media_video_bytes,
        )


def media_dependencies(core: Core) -> Media:
    """Raises: SettingsError."""
    settings = load(MediaSettings)
    storage = Storage(core.http, core.settings)
    return Media(
        core.database, storage, settings, asyncio.Semaphore(settings.media_checks), WeakValueDictionary(), set()
    )
