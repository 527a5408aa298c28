"""What the media handlers share in one process."""

import asyncio
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakValueDictionary

from showcase.core import Core
from showcase.database import Database
from showcase.media.settings import MediaSettings
from showcase.settings import load
from showcase.storage import Storage


@dataclass(frozen=True)
class Media:
    """The database, the files, and how many images may be decoded at once: of one person's, one."""

    database: Database
    storage: Storage
    settings: MediaSettings
    decoders: asyncio.Semaphore
    turns: WeakValueDictionary[UUID, asyncio.Lock]

    def turn(self, person: UUID) -> asyncio.Lock:
        """What a person's images wait for one after the other, so that others' need not."""
        return self.turns.setdefault(person, asyncio.Lock())


def connect(core: Core) -> Media:
    settings = load(MediaSettings)
    storage = Storage(core.http, core.settings)
    return Media(core.database, storage, settings, asyncio.Semaphore(settings.media_decoders), WeakValueDictionary())
