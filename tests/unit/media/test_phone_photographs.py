"""Photographs of 48, 50 and 64 megapixels, at a fifth of their size: what a check may use is a fifth as well."""

import asyncio
import io
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import Image
from showcase.media.checks.bounded import Job, Limits, run_bounded
from showcase.media.domain import INPUT, ContentType
from showcase.media.settings import MediaSettings

LARGEST = 9248 * 6936  # 64 megapixels
SIZE = (4136, 3102)  # a fifth of them
START = 64 * 1024**2  # what a check takes for a picture of one pixel
PORTRAIT = Image.Exif()
PORTRAIT[0x0112] = 6

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces this limit of memory")


def photograph(content_type: ContentType, mode: str = "RGB", **options: Any) -> bytes:
    picture = Image.linear_gradient("L").resize(SIZE).convert(mode)
    target = io.BytesIO()
    if content_type is ContentType.HEIC:
        pillow_heif.from_pillow(picture).save(target, quality=50, enc_params={"preset": "ultrafast"})
    else:
        picture.save(target, content_type.value.partition("/")[2], **options)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content_type", "options"),
    [
        (ContentType.JPEG, {}),
        (ContentType.JPEG, {"exif": PORTRAIT, "progressive": True, "subsampling": 0}),
        (ContentType.PNG, {"mode": "RGBA", "compress_level": 1}),
        (ContentType.HEIC, {}),
    ],
    ids=["landscape", "portrait", "png", "heic"],
)
def test_a_photograph_of_a_phone_is_taken_within_the_limits(
    content_type: ContentType, options: Mapping[str, Any], tmp_path: Path
) -> None:
    limits = defaults()
    memory = START + (limits.memory_bytes - START) // 5
    (tmp_path / INPUT).write_bytes(photograph(content_type, **options))
    found = asyncio.run(
        run_bounded(
            Job.IMAGE,
            tmp_path,
            replace(limits, memory_bytes=memory),
            content_type=content_type,
            pixels=default("media_image_pixels") // 5,
        )
    )
    assert sorted((found["width"], found["height"]), reverse=True) == list(SIZE)
    assert default("media_image_pixels") >= LARGEST


def default(name: str) -> int:
    value: int = MediaSettings.model_fields[name].default
    return value


def defaults() -> Limits:
    return Limits(
        seconds=default("media_check_seconds"),
        cpu_seconds=default("media_check_cpu_seconds"),
        memory_bytes=default("media_check_memory"),
        file_bytes=default("media_video_bytes"),
    )
