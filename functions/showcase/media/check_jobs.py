"""What the process of a check runs: from `INPUT` in its folder to `OUTPUT`. Each loads only what its kind needs."""

from pathlib import Path

from showcase.media.domain import INPUT, OUTPUT, ContentType


def check_image(folder: Path, *, content_type: str, pixels: int, largest: int) -> dict[str, int]:
    """Writes the clean image; its width and height. Raises: Refused."""
    from showcase.media import images

    picture = images.cleaned((folder / INPUT).read_bytes(), ContentType(content_type), pixels, largest)
    (folder / OUTPUT).write_bytes(picture.content)
    return {"width": picture.width, "height": picture.height}


def check_video(folder: Path, *, content_type: str) -> dict[str, int]:
    """Cleans the video in place, and names it as what may be shown. Raises: Refused."""
    from showcase.media import videos

    with (folder / INPUT).open("r+b") as file:
        videos.clean(file, ContentType(content_type))
    (folder / INPUT).rename(folder / OUTPUT)
    return {}
