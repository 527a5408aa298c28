"""What the media functions take and answer."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from showcase.http import RequestModel, ResponseModel
from showcase.media.domain import ContentType, Kind

COLOUR = r"^#[0-9a-fA-F]{6}$"


class CreateUploadUrlRequest(RequestModel):
    """The file that is to come. It has no name: the answer says where it goes."""

    project_id: UUID
    content_type: ContentType
    size: int = Field(gt=0, description="Bytes.")


class CreateUploadUrlResponse(ResponseModel):
    """Where the file goes: PUT it to `upload_url` with its Content-Type, then call confirmUpload."""

    upload_id: UUID
    upload_url: str = Field(description="Takes the file once, by PUT, from whoever holds it.")
    kind: Kind
    expires_at: datetime = Field(description="Until when the upload holds its place.")


class ConfirmUploadRequest(RequestModel):
    """The upload whose file has been sent."""

    upload_id: UUID


class ConfirmUploadResponse(ResponseModel):
    """The new row of project_images or project_videos."""

    id: UUID
    project_id: UUID
    kind: Kind
    url: str
    position: int
    width: int | None = Field(description="Pixels, for images, as they are shown.")
    height: int | None


class QrCodeRequest(RequestModel):
    """What the code leads to, and how it looks."""

    project_id: UUID | None = Field(default=None, description="A published project of the caller's; null: the profile.")
    dark: str = Field(default="#000000", pattern=COLOUR)
    light: str = Field(default="#ffffff", pattern=COLOUR)
    error_correction: Literal["L", "M", "Q", "H"] = Field(default="M", description="With a logo it is always H.")
    scale: int = Field(default=10, ge=4, le=20, description="Pixels to a module.")
    logo_image_id: UUID | None = Field(default=None, description="An uploaded image of the caller's, for the middle.")


class QrCodeResponse(ResponseModel):
    """The code as two pictures."""

    link: str = Field(description="What a reader of the code is sent to.")
    png_url: str = Field(description="The stored PNG; the address stays the same when the link changes.")
    svg: str = Field(description="The same code as SVG, not stored.")


class SweepRequest(RequestModel):
    """What to do besides removing what is queued."""

    orphans: bool = Field(default=False, description="Also look for files without a row and rows without a file.")


class SweepResponse(ResponseModel):
    """What a run did."""

    removed: int
    failed: int = Field(description="Still there; tried again later.")
    remaining: int
    refreshed_qr_codes: int
    expired_uploads: int = Field(description="Announced uploads that were overdue: they reserve nothing any more.")
    orphans: int = Field(description="Files that nothing stood for, queued.")
    missing: list[UUID] = Field(description="Rows of project_images and project_videos whose file is not there.")
    corrected_quotas: int = Field(description="Users whose counters of storage were not what they count.")
