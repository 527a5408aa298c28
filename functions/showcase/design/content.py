"""What is designed: the content of a project, as it is stored or as the request brings it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from showcase.design.fields import Action, Label, Link
from showcase.http import RequestModel

_LABELS = {"live_link": "Live", "github_link": "GitHub", "linkedin_link": "LinkedIn", "twitter_link": "X"}


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

    @property
    def words(self) -> str:
        """Everything that people wrote."""
        texts = [self.title, self.short_summary, self.description, *self.tags, *self.technologies]
        return "\n".join(text for text in (*texts, *(link.label for link in self.links)) if text)


def of_project(row: Mapping[str, Any]) -> Content:
    """The content of a row of projects with its media, tags and technologies."""
    return Content.model_construct(
        title=row["title"],
        short_summary=row["short_summary"],
        description=row["description"],
        links=[Action.model_construct(label=label, url=row[name]) for name, label in _LABELS.items() if row[name]],
        images=_urls(row["project_images"]),
        videos=_urls(row["project_videos"]),
        tags=sorted(each["tag"] for each in row["project_tags"]),
        technologies=sorted(each["technology"] for each in row["project_technologies"]),
        platforms=[name for name in ("github", "linkedin", "twitter") if row[f"{name}_link"]],
    )


def _urls(rows: list[Mapping[str, Any]]) -> list[str]:
    return [row["url"] for row in sorted(rows, key=lambda row: int(row["position"]))][:50]
