"""Settings of the media capability."""

from pydantic import Field

from showcase.media.domain import Kind
from showcase.site import SiteSettings

MIB = 1024 * 1024


class MediaSettings(SiteSettings):
    """How much a project may show, how large, and where its codes lead."""

    # How many images and videos a project may have, by its owner's tier.
    media_images_free: int = Field(default=10, ge=0)
    media_images_paid: int = Field(default=50, ge=0)
    media_videos_free: int = Field(default=1, ge=0)
    media_videos_paid: int = Field(default=10, ge=0)
    # How many bytes a file may have; the buckets take 50 MiB at most.
    media_image_bytes: int = Field(default=10 * MIB, gt=0, le=50 * MIB)
    media_video_bytes: int = Field(default=50 * MIB, gt=0, le=50 * MIB)
    # How many pixels an image may have, all its frames together: phones' photographs have 64 million (9248 x 6936).
    # Each takes 4 bytes while it is decoded, 8 where it is turned or converted, 10 as 16 bits of grey, 16 as WebP.
    media_image_pixels: int = Field(default=70_000_000, gt=0)
    # How many files are checked at the same time, and how many seconds one waits for that.
    media_checks: int = Field(default=2, gt=0)
    media_check_wait_seconds: float = Field(default=30, gt=0)
    # What the process of one check may use: seconds by the clock, of processor time, and bytes of memory.
    media_check_seconds: float = Field(default=60, gt=0)
    media_check_cpu_seconds: int = Field(default=20, gt=0)
    media_check_memory: int = Field(default=768 * MIB, ge=128 * MIB)
    # How long an announced upload counts in the limits; Storage's own signed addresses live for two hours.
    media_upload_seconds: int = Field(default=7200, gt=0, le=7200)
    # How many files one run of sweepMedia removes at most, and how long its lease on them lasts.
    media_sweep_files: int = Field(default=1000, gt=0)
    media_sweep_lease_seconds: int = Field(default=120, gt=0)
    # How old a file must be before the nightly sweep takes it for an orphan.
    media_orphan_seconds: int = Field(default=86400, gt=0)
    # Where QR codes lead: {site} is SITE_URL, {username} and {project_id} are filled in.
    media_profile_link: str = Field(default="{site}/{username}", pattern=r"^\{site\}/[^\s]*$")
    media_project_link: str = Field(default="{site}/{username}/projects/{project_id}", pattern=r"^\{site\}/[^\s]*$")

    def limits(self, kind: Kind) -> dict[str, int]:
        """How many of a kind a project may have, by tier; empty for avatars, which no project has."""
        if kind is Kind.AVATAR:
            return {}
        if kind is Kind.IMAGE:
            return {"free": self.media_images_free, "paid": self.media_images_paid}
        return {"free": self.media_videos_free, "paid": self.media_videos_paid}

    def largest(self, kind: Kind) -> int:
        """How many bytes a file of a kind may have."""
        return self.media_video_bytes if kind is Kind.VIDEO else self.media_image_bytes
