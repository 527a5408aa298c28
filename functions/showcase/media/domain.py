"""Nouns of uploads, files and QR codes, and what the first bytes of a file say that it is. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NotRequired
from uuid import UUID

from typing_extensions import TypedDict

Row = Mapping[str, Any]

# In the folder of a file's check: what was sent, and what may be shown.
INPUT, OUTPUT = "input", "output"
POSTER = "poster.jpg"  # a still of a video
QR_SVG = "code.svg"


def rendition_name(width: int) -> str:
    """Of a smaller copy of an image, in that folder."""
    return f"{width}.webp"


UPLOADS = "uploads"  # the bucket where files arrive
SHOWN = "project-media"  # the bucket of those that passed the checks
AVATARS = "avatars"  # and of those that are pictures of profiles
AVATAR_WIDTH = 640  # pixels: of a wider picture the rendition of this width is shown


class Kind(StrEnum):
    """What an upload becomes: a row of `project_<kind>s`, or the picture of a profile."""

    IMAGE = "image"
    VIDEO = "video"
    AVATAR = "avatar"


class ContentType(StrEnum):
    """What may be uploaded. No SVG: a browser would run its scripts."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    WEBP = "image/webp"
    GIF = "image/gif"
    AVIF = "image/avif"
    HEIC = "image/heic"
    HEIF = "image/heif"
    MP4 = "video/mp4"
    WEBM = "video/webm"
    QUICKTIME = "video/quicktime"

    @property
    def kind(self) -> Kind:
        """Image or video: never an avatar, which is a use of an image."""
        return Kind(self.value.partition("/")[0])

    @property
    def ending(self) -> str:
        """Of the name of a file, without a dot."""
        return {"quicktime": "mov", "jpeg": "jpg"}.get(self.value.partition("/")[2], self.value.partition("/")[2])

    @property
    def container(self) -> "ContentType":
        """The type that stands for a family of one structure, whose names are given to each other's files.

        HEIC is HEIF with HEVC in it. MP4 came from QuickTime: cameras write either brand, players read both.
        """
        return {ContentType.HEIF: ContentType.HEIC, ContentType.QUICKTIME: ContentType.MP4}.get(self, self)


class Reason(StrEnum):
    """Why a file does not pass."""

    EMPTY = "empty_file"
    TOO_LARGE = "file_too_large"
    WRONG_TYPE = "wrong_type"
    DAMAGED = "damaged_file"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_COMPLEX = "too_complex"


DETAILS: Mapping[Reason, str] = {
    Reason.EMPTY: "The file is empty.",
    Reason.TOO_LARGE: "The file is larger than was announced.",
    Reason.WRONG_TYPE: "The file is not of the type that was announced.",
    Reason.DAMAGED: "The file is damaged or incomplete.",
    Reason.TOO_MANY_PIXELS: "The image has too many pixels or frames.",
    Reason.TOO_COMPLEX: "Checking the file takes more time or memory than a file may.",
}


# Why there is no upload, or no row of it.
RefusalCode = (
    Reason | Literal["project_not_found", "upload_not_found", "not_the_owner", "storage_quota_exceeded", "too_many"]
)


class Refused(Exception):
    """A file that does not pass, and why."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class Upload:
    """A file that was announced."""

    id: UUID
    user_id: UUID
    project_id: UUID | None  # None: an avatar
    kind: Kind
    content_type: ContentType
    size: int

    @property
    def sent_name(self) -> str:
        """Where it arrives, in `UPLOADS`. Nothing of it is chosen by the caller."""
        return f"{self.user_id}/{self.id}"

    @property
    def bucket(self) -> str:
        """Where it is shown from."""
        return AVATARS if self.kind is Kind.AVATAR else SHOWN

    def shown_name(self, content_type: ContentType, derived: str = "") -> str:
        """Its name in `bucket`, as what it was checked to be or converted to; or of what is derived from it."""
        folder = f"{self.user_id}/{self.project_id}" if self.project_id else f"{self.user_id}"
        return f"{folder}/{self.id}{derived and '-'}{derived}.{content_type.ending}"


@dataclass(frozen=True)
class AnnouncedUpload(Upload):
    """One that holds its place until `expires_at`."""

    expires_at: datetime


@dataclass(frozen=True)
class LeasedUpload(Upload):
    """One as a confirmation finds it: `pending` is the caller's to check, `busy` another's; else it is over."""

    status: Literal["pending", "busy", "confirmed", "rejected", "expired"]


@dataclass(frozen=True)
class RenditionFile:
    """A smaller copy of an image, in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True)
class Medium:
    """A row of project_images or project_videos; of an avatar the profile's id and its picture."""

    id: UUID
    url: str
    project_id: UUID | None = None
    position: int | None = None
    width: int | None = None
    height: int | None = None
    renditions: list[RenditionFile] = field(default_factory=list)
    poster_url: str | None = None


@dataclass(frozen=True)
class UploadState:
    """How far an upload is; `reason` where it was rejected, `media` while what it became is there."""

    kind: Kind
    status: Literal["pending", "checking", "confirmed", "rejected", "expired"]
    reason: str | None
    media: Medium | None


@dataclass(frozen=True)
class UploadRefused:
    """What the database has against an upload."""

    reason: RefusalCode


class QrStyle(TypedDict):
    """How a QR code looks, as it is asked for and stored: colours as `#rrggbb`, pixels to a module."""

    dark: str
    light: str
    error_correction: Literal["L", "M", "Q", "H"]
    scale: int
    logo_image_id: NotRequired[str | None]


@dataclass(frozen=True)
class CheckedFile:
    """What a file is shown as. Width and height are an image's pixels, as they are of each of its renditions.

    `source` is its file in the folder of the check.
    """

    content_type: ContentType
    width: int | None = None
    height: int | None = None
    renditions: tuple[tuple[int, int], ...] = ()
    source: str = OUTPUT
    poster: bool = False  # whether there is one, of a video

    def as_avatar(self) -> "CheckedFile":
        """What a profile shows of it: one small picture."""
        if small := next((size for size in self.renditions if size[0] == AVATAR_WIDTH), None):
            return CheckedFile(ContentType.WEBP, *small, source=rendition_name(AVATAR_WIDTH))
        return replace(self, renditions=())


@dataclass(frozen=True)
class StaleCode:
    """A QR code whose link has changed."""

    name: str
    user_id: UUID
    project_id: UUID | None
    username: str
    style: QrStyle
    logo: str | None


@dataclass(frozen=True)
class QrTarget:
    """What a QR code would lead to, and what is stored."""

    username: str
    found: bool
    published: bool
    logo: str | None
    stored_link: str | None


class Orphans(TypedDict):
    """How many files were queued to be removed, and the ids of media whose file is missing."""

    orphans: int
    missing: list[UUID]


_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"mif1", b"msf1", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
# How a film begins that is older than `ftyp`, or has something before it.
_FILM_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"uuid"}
HEAD = 4096  # bytes that `sniff` looks at


def sniff(head: bytes) -> ContentType | None:
    """The type that the first bytes show; None for whatever may not be uploaded."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ContentType.PNG
    if head.startswith(b"\xff\xd8\xff"):
        return ContentType.JPEG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return ContentType.GIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ContentType.WEBP
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return ContentType.WEBM if b"webm" in head[:64] else None
    if head[4:8] == b"ftyp":
        major, *compatible = _brands(head)
        if not _AVIF_BRANDS.isdisjoint((major, *compatible)):
            return ContentType.AVIF
        if major in _HEIF_BRANDS:
            return ContentType.HEIC
        return ContentType.QUICKTIME if major == b"qt  " else ContentType.MP4
    return ContentType.QUICKTIME if head[4:8] in _FILM_BOXES else None


def _brands(head: bytes) -> list[bytes]:
    """The major brand, and the compatible ones that decide what a reader can do with the file (14496-12, 4.3)."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[8:12], *(head[place : place + 4] for place in range(16, end - 3, 4))]
