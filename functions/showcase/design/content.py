"""What is designed: the content of a project, as it is stored or as the request brings it."""

import json
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from showcase.design.page.block_types import Action, Label, Link
from showcase.http import RequestModel

_LABELS = {"live_link": "Live", "github_link": "GitHub", "linkedin_link": "LinkedIn", "twitter_link": "X"}

# As JSON: every byte of it is paid for, at each attempt.
MOST_BYTES = 64 * 1024
_MOST_IN_A_LIST, _MOST_BYTES_IN_A_LIST = 50, 10_000


class Content(RequestModel):
    """Texts, media and links: what a design may use, and nothing else."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    short_summary: Annotated[str, StringConstraints(max_length=500)] | None = None
    description: Annotated[str, StringConstraints(max_length=20_000)] | None = None
    links: list[Action] = Field(default=[], max_length=10)
    images: list[Link] = Field(default=[], max_length=50)
    videos: list[Link] = Field(default=[], max_length=50)
    tags: list[Label] = Field(default=[], max_length=50)
    technologies: list[Label] = Field(default=[], max_length=50)
    platforms: list[Literal["github", "linkedin", "twitter"]] = Field(default=[], max_length=3)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.size > MOST_BYTES:
            raise ValueError(f"may have at most {MOST_BYTES} bytes as JSON")
        return self

    @property
    def size(self) -> int:
        """Bytes as JSON."""
        return _size(self.model_dump(mode="json"))

    @property
    def words(self) -> str:
        """All text of the content that a user wrote."""
        texts = [self.title, self.short_summary, self.description, *self.tags, *self.technologies]
        return "\n".join(text for text in (*texts, *(link.label for link in self.links)) if text)


def of_project(row: Mapping[str, Any]) -> Content:
    """The content of a row of projects with its media, tags and technologies: as much of it as may be designed."""
    links = [{"label": label, "url": row[name]} for name, label in _LABELS.items() if row[name]]
    content = Content.model_construct(
        title=row["title"],
        short_summary=row["short_summary"],
        links=[Action.model_construct(**link) for link in _fitting(links)],
        images=_fitting(_urls(row["project_images"])),
        videos=_fitting(_urls(row["project_videos"])),
        tags=_fitting(sorted(each["tag"] for each in row["project_tags"])),
        technologies=_fitting(sorted(each["technology"] for each in row["project_technologies"])),
        platforms=[name for name in ("github", "linkedin", "twitter") if row[f"{name}_link"]],
    )
    return content.model_copy(update={"description": _beginning(row["description"], MOST_BYTES - content.size)})


def _urls(rows: list[Mapping[str, Any]]) -> list[str]:
    return [row["url"] for row in sorted(rows, key=lambda row: int(row["position"]))]


def _fitting(values: list[Any]) -> list[Any]:
    """The first ones, no more than a list may have."""
    sizes = accumulate(_size(value) for value in values[:_MOST_IN_A_LIST])
    return [value for value, size in zip(values, sizes, strict=False) if size <= _MOST_BYTES_IN_A_LIST]


def _beginning(text: str | None, room: int) -> str | None:
    """As much of a text as there is room for."""
    return text and text[: bisect_right(range(len(text)), room, key=lambda last: _size(text[: last + 1]))]


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
