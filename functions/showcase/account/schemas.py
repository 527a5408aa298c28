"""What the account functions take and answer."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from showcase.http import RequestModel, ResponseModel


class ExportPart(ResponseModel):
    """One ZIP file of an archive."""

    url: str = Field(description="Opens it for anyone who holds it, until the archive expires.")
    size: int = Field(description="Bytes.")


class ExportResponse(ResponseModel):
    """The archive. Unpack all its parts into one folder."""

    id: UUID
    status: Literal["running", "done"] = Field(
        description="running: it goes on by itself, and an e-mail tells the end."
    )
    waiting_for: str | None = Field(description="Why it waits, e.g. storage_unavailable.")
    requested_at: datetime
    expires_at: datetime | None = Field(description="Until when it can be downloaded; null while it is being made.")
    size: int = Field(description="Bytes, of all parts that are complete.")
    parts: list[ExportPart] = Field(description="Empty while it is being made.")


class ContinueExportsResponse(ResponseModel):
    """A run's counts."""

    parts: int


class DeleteRequest(RequestModel):
    """The caller's own username, typed again."""

    username: str = Field(max_length=100)


class StatusRequest(RequestModel):
    """Whose deletion: the receipt tells."""

    receipt_id: UUID


class DeletionResponse(ResponseModel):
    """How far a deletion is. Keep `receipt_id`: it is the only way to ask later."""

    receipt_id: UUID
    status: Literal["scheduled", "running", "done", "canceled"]
    step: Literal["billing", "files", "notice", "account", "rest"] = Field(
        description="What is being done, or was last."
    )
    waiting_for: str | None = Field(description="Why it waits, e.g. billing_unavailable; it goes on by itself.")
    requested_at: datetime
    due_at: datetime = Field(description="When it begins; until then it can be canceled.")
    finished_at: datetime | None


class ContinueResponse(ResponseModel):
    """A run's counts."""

    taken: int
    done: int
