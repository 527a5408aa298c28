"""What the media functions take and answer."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from showcase.http import RequestModel, ResponseModel
from showcase.media.domain import ContentType, Kind

COLOUR = r"^#[0-9a-fA-F]{6}$"


class CreateUploadUrlRequest(RequestModel):
    """The file that is to come, for a project or as the caller's avatar. The answer says where it goes."""

    project_id: UUID | None = None
    avatar: bool = Field(default=False, description="The picture of the caller's profile, instead of a project.")
    content_type: ContentType
    size: int = Field(ge=0, description="Bytes; an empty file is refused.")

    @property
    def kind(self) -> Kind:
        """What the upload becomes."""
        return Kind.AVATAR if self.avatar else self.content_type.kind

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.avatar == (self.project_id is not None):
            raise ValueError("Name a project_id, or say avatar: true.")
        if self.avatar and self.content_type.kind is not Kind.IMAGE:
            raise ValueError("An avatar is an image.")
        return self


class CreateUploadUrlResponse(ResponseModel):
    """Where the file goes: PUT it to `upload_url` with its Content-Type, then call confirmUpload.

    Or by the SDK: `storage.from(bucket).uploadToSignedUrl(path, token, file)`.
    """

    upload_id: UUID
    upload_url: str = Field(description="Takes the file once, by PUT, from any caller that has it.")
    bucket: str
    path: str
    token: str = Field(description="Lets any caller that has it send the file.")
    kind: Kind
    expires_at: datetime = Field(description="Until when the upload holds its place.")


class ConfirmUploadRequest(RequestModel):
    """The upload whose file has been sent."""

    upload_id: UUID
    wait_seconds: int = Field(
        default=20, ge=0, le=60, description="After which the answer is 202, and the check goes on."
    )


class Rendition(ResponseModel):
    """A smaller copy of an image."""

    url: str
    width: int
    height: int


class ConfirmUploadResponse(ResponseModel):
    """The new row of project_images or project_videos; for an avatar the profile's id and picture."""

    id: UUID
    project_id: UUID | None = None
    kind: Kind
    url: str
    position: int | None = None
    width: int | None = Field(default=None, description="Pixels, for images, as they are shown.")
    height: int | None = None
    renditions: list[Rendition] = Field(default=[], description="The widest first.")
    poster_url: str | None = Field(default=None, description="A still, for videos that have one.")


class GetUploadRequest(RequestModel):
    """An upload of the caller's."""

    upload_id: UUID


class UploadResponse(ResponseModel):
    """How far an upload is. One that is `pending` again after `checking` can be confirmed again."""

    upload_id: UUID
    kind: Kind
    status: Literal["pending", "checking", "confirmed", "rejected", "expired"]
    code: str | None = Field(default=None, description="Why it was rejected: a code of docs/errors.md.")
    media: ConfirmUploadResponse | None = Field(default=None, description="What it became, while that is there.")


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
    """Options of a run: what it does besides removing what is queued."""

    orphans: bool = Field(default=False, description="Also look for files without a row and rows without a file.")


class SweepResponse(ResponseModel):
    """A run's counts."""

    removed: int
    failed: int = Field(description="Still there; tried again later.")
    remaining: int
    refreshed_qr_codes: int
    expired_uploads: int = Field(description="Announced uploads that were overdue: they reserve nothing any more.")
    orphans: int = Field(description="Files that nothing stood for, queued.")
    missing: list[UUID] = Field(description="Rows of project_images and project_videos whose file is not there.")
    corrected_quotas: int = Field(description="Users whose counters of storage were not what they count.")
