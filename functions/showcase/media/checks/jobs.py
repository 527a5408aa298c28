"""What the process of a check runs: from `INPUT` in its folder to `OUTPUT`. Each loads only what its kind needs."""

import mmap
from pathlib import Path
from typing import Any

from showcase.media.domain import INPUT, OUTPUT, POSTER, QR_SVG, ContentType, rendition_name


def check_image(folder: Path, *, content_type: str, pixels: int) -> dict[str, Any]:
    """Writes the clean image, and each of its renditions as `rendition_name`. Raises: Refused.

    Returns its content type, width and height, and the width and height of each rendition.
    """
    from showcase.media.checks import images

    image = images.clean((folder / INPUT).read_bytes(), ContentType(content_type), pixels)
    (folder / OUTPUT).write_bytes(image.content)
    for rendition in image.renditions:
        (folder / rendition_name(rendition.width)).write_bytes(rendition.content)
    return {
        "content_type": image.content_type,
        "width": image.width,
        "height": image.height,
        "renditions": [{"width": each.width, "height": each.height} for each in image.renditions],
    }


def check_video(folder: Path, *, content_type: str) -> dict[str, int]:
    """Cleans the video in place, and names it as what may be shown. Raises: Refused."""
    from showcase.media.checks import videos

    with (folder / INPUT).open("r+b") as file, mmap.mmap(file.fileno(), 0) as data:
        videos.clean(data, ContentType(content_type))
    (folder / INPUT).rename(folder / OUTPUT)
    return {}


def draw_poster(folder: Path, *, content_type: str) -> dict[str, int]:
    """Writes the poster of a checked video; its width and height, or nothing where it has none."""
    from showcase.media.checks.posters import make_poster

    with (folder / OUTPUT).open("rb") as file:
        poster = make_poster(file, ContentType(content_type))
    if poster is None:
        return {}
    (folder / POSTER).write_bytes(poster.content)
    return {"width": poster.width, "height": poster.height}


def draw_qr_code(folder: Path, *, link: str, style: dict[str, Any]) -> dict[str, int]:
    """Writes a QR code with the stored image `INPUT` as its logo, as PNG and as `QR_SVG`. Raises: Refused."""
    from showcase.media import qr_image

    picture, svg = qr_image.render(link, style, (folder / INPUT).read_bytes())
    (folder / OUTPUT).write_bytes(picture)
    (folder / QR_SVG).write_text(svg, encoding="utf-8")
    return {}
