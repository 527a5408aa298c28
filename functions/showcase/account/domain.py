"""Nouns of deletions and exports. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from typing_extensions import TypedDict

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
    """A stored file of a user's."""

    bucket: str
    name: str
    size: int

    @property
    def key(self) -> str:
        """Its place among the user's files."""
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
