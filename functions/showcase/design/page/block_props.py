"""What each type of block can be given: its properties.

A list may be left empty and a text null where the page takes them from its project: templates have no content.
All text is plain text, never HTML.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from showcase.design.page.block_types import (
    Action,
    Align,
    Colors,
    ColumnCount,
    Entry,
    Image,
    Label,
    Line,
    Media,
    Paragraphs,
    Part,
    Switch,
)


class Props(Part):
    colors: Colors | None = Field(default=None, description="Null: those of the page.")


class HeroProps(Props):
    title: Line | None = Field(default=None, description="Null: the project's title.")
    tagline: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    align: Align = "center"
    image: Image | None = None
    image_position: Literal["above", "beside"] = "above"
    actions: list[Action] = Field(default=[], max_length=3)
    show_avatar: Switch = False


class TextProps(Props):
    heading: Line | None = None
    text: Paragraphs | None = Field(default=None, description="Null: the project's description.")
    align: Align = "left"


class GalleryProps(Props):
    heading: Line | None = None
    images: Annotated[list[Image], Field(max_length=50)] = Field(default=[], description="Empty: all of the project's.")
    columns: ColumnCount = 3
    fit: Literal["cover", "contain"] = "cover"


class VideoProps(Props):
    url: Media | None = Field(default=None, description="Null: the project's first video.")
    caption: Line | None = None
    autoplay: Switch = Field(default=False, description="Muted.")


class MetricsProps(Props):
    heading: Line | None = None
    platforms: Annotated[list[Literal["github", "linkedin", "twitter"]], Field(min_length=1, max_length=3)]
    layout: Literal["row", "grid"] = "row"
    show_history: Switch = False


class TechListProps(Props):
    heading: Line | None = None
    items: Annotated[list[Label], Field(max_length=50)] = Field(default=[], description="Empty: all of the project's.")
    style: Literal["chips", "list"] = "chips"


class TagsProps(Props):
    items: Annotated[list[Label], Field(max_length=50)] = Field(default=[], description="Empty: all of the project's.")


class LinksProps(Props):
    heading: Line | None = None
    links: Annotated[list[Action], Field(max_length=10)] = Field(default=[], description="Empty: all of the project's.")
    style: Literal["buttons", "list"] = "buttons"


class ContactProps(Props):
    heading: Line
    text: Annotated[str, StringConstraints(max_length=1000)] = ""
    action: Action | None = Field(default=None, description="Null: the owner's profile.")


class FeaturesProps(Props):
    heading: Line | None = None
    items: Annotated[list[Entry], Field(min_length=1, max_length=12)]
    columns: ColumnCount = 3


class StepsProps(Props):
    heading: Line | None = None
    items: Annotated[list[Entry], Field(min_length=1, max_length=20)]


class QuoteProps(Props):
    text: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    source: Line | None = None


class CallToActionProps(Props):
    title: Line
    text: Annotated[str, StringConstraints(max_length=1000)] = ""
    action: Action


class DividerProps(Props):
    style: Literal["line", "space"] = "line"
    size: Literal["small", "medium", "large"] = "medium"
