"""The values that blocks are made of. Each rule can be said in JSON Schema, so that the database checks it too."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Paragraphs = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]

# Lower case, so that equal colours are equal texts.
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]

_REST = r"[^ \t\r\n]"
Link = Annotated[str, StringConstraints(pattern=rf"^[Hh][Tt][Tt][Pp][Ss]?://{_REST}+$", max_length=2048)]
# A file of the project's bucket may be given by its path, which holds wherever the project is served from.
Media = Annotated[
    str,
    StringConstraints(
        pattern=rf"^([Hh][Tt][Tt][Pp][Ss]?:/|/storage/v1/object/(sign|public))/{_REST}+$", max_length=2048
    ),
]

Align = Literal["left", "center"]


def _number(value: Any) -> Any:
    """JSON Schema's integers are numbers without a fraction: no text, no true."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a whole number")
    return value


ColumnCount = Annotated[int, Field(ge=1, le=4), BeforeValidator(_number)]


def _boolean(value: Any) -> Any:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


Switch = Annotated[bool, BeforeValidator(_boolean)]


class Part(BaseModel):
    """Base of everything in a page: nothing beside the named fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Colors(Part):
    """What a block is painted with. Text and accent must stand out from the background (WCAG AA, 4.5:1)."""

    background: Color
    text: Color
    accent: Color = Field(description="Links, buttons and highlights.")


class Image(Part):
    url: Media
    alt: Annotated[str, StringConstraints(max_length=300)] = Field(default="", description="For those who cannot see.")


class Action(Part):
    """A link that looks like a button."""

    label: Label
    url: Link


class Entry(Part):
    """One of several points: a feature, a step."""

    title: Line
    text: Annotated[str, StringConstraints(max_length=1000)] = ""
