"""The block catalogue: what a page is made of, for the editor, the assistant and the database alike.

What a block can be given is in `block_props`, and the values that this is made of in `block_types`.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from showcase.design.page.block_props import (
    CallToActionProps,
    ContactProps,
    DividerProps,
    FeaturesProps,
    GalleryProps,
    HeroProps,
    LinksProps,
    MetricsProps,
    Props,
    QuoteProps,
    StepsProps,
    TagsProps,
    TechListProps,
    TextProps,
    VideoProps,
)
from showcase.design.page.block_types import ColumnCount, Part

MOST_BLOCKS = 200  # those in columns counted
LARGEST = 262_144  # bytes, as the database counts them


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


def _count_nested(blocks: list[Block]) -> list[Block]:
    nested = sum(len(column) for block in blocks if isinstance(block, Columns) for column in block.props.columns)
    if len(blocks) + nested > MOST_BLOCKS:
        raise ValueError(f"a page has at most {MOST_BLOCKS} blocks, those in columns counted")
    return blocks


BlockList = Annotated[list[Block], Field(max_length=MOST_BLOCKS), AfterValidator(_count_nested)]

block_adapter: TypeAdapter[Block] = TypeAdapter(Block)
block_list_adapter: TypeAdapter[BlockList] = TypeAdapter(BlockList)
