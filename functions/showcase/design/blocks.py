"""The block catalogue: what a page is made of, for the editor, the assistant and the database alike.

A list may be left empty and a text null where the page takes them from its project: templates have no content.
All text is plain text, never HTML.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from showcase.design.fields import (
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

MOST_BLOCKS = 200
LARGEST = 262_144  # bytes, as the database counts them


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


class Hero(Part):
    type: Literal["hero"]
    props: HeroProps


class Text(Part):
    type: Literal["text"]
    props: TextProps


class Gallery(Part):
    type: Literal["gallery"]
    props: GalleryProps


class Video(Part):
    type: Literal["video"]
    props: VideoProps


class Metrics(Part):
    type: Literal["metrics"]
    props: MetricsProps


class TechList(Part):
    type: Literal["tech_list"]
    props: TechListProps


class Tags(Part):
    type: Literal["tags"]
    props: TagsProps


class Links(Part):
    type: Literal["links"]
    props: LinksProps


class Contact(Part):
    type: Literal["contact"]
    props: ContactProps


class Features(Part):
    type: Literal["features"]
    props: FeaturesProps


class Steps(Part):
    type: Literal["steps"]
    props: StepsProps


class Quote(Part):
    type: Literal["quote"]
    props: QuoteProps


class CallToAction(Part):
    type: Literal["call_to_action"]
    props: CallToActionProps


class Divider(Part):
    type: Literal["divider"]
    props: DividerProps


_Simple = (
    Hero
    | Text
    | Gallery
    | Video
    | Metrics
    | TechList
    | Tags
    | Links
    | Contact
    | Features
    | Steps
    | Quote
    | CallToAction
    | Divider
)
SimpleBlock = Annotated[_Simple, Field(discriminator="type")]


# Lists of lists, and no object for each column: structured outputs may be ten levels deep, and this is the tenth.
ColumnBlocks = Annotated[list[SimpleBlock], Field(max_length=20)]


class ColumnsProps(Props):
    columns: Annotated[list[ColumnBlocks], Field(min_length=2, max_length=4)]
    widths: list[ColumnCount] = Field(default=[], max_length=4, description="Shares of the width. Empty: equal ones.")


class Columns(Part):
    type: Literal["columns"]
    props: ColumnsProps


Block = Annotated[_Simple | Columns, Field(discriminator="type")]
BlockList = Annotated[list[Block], Field(max_length=MOST_BLOCKS)]

block_adapter: TypeAdapter[Block] = TypeAdapter(Block)
block_list_adapter: TypeAdapter[BlockList] = TypeAdapter(BlockList)
