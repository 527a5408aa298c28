"""What aiDesignAssistant takes and answers."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from showcase.design.content import Content
from showcase.design.page.blocks import Block
from showcase.http import RequestModel, ResponseModel

HexColor = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class Style(RequestModel):
    """What the page should look and sound like; all of it optional."""

    tone: Literal["plain", "friendly", "formal", "playful", "bold"] | None = None
    palette: Annotated[list[HexColor], Field(max_length=6)] = Field(default=[], description="Colours to start from.")
    typography: Literal["sans", "serif", "mono", "mixed"] | None = None
    density: Literal["airy", "balanced", "compact"] | None = None
    notes: Annotated[str, StringConstraints(max_length=2000)] | None = Field(
        default=None, description="What you want, in your own words: `make the hero darker`."
    )


class DesignRequest(RequestModel):
    """What to design: a project of yours, content that comes along, or an earlier design to refine."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)

    project_id: UUID | None = None
    content: Content | None = Field(default=None, description="Instead of a project.")
    style: Style = Style()
    template_id: UUID | None = Field(default=None, description="The template to start from.")
    session_id: UUID | None = Field(default=None, description="The earlier design to refine.")
    generate_image: bool = Field(default=False, description="Have a picture made for the hero.")
    save_as_layout: bool = Field(default=False, alias="saveAsLayout", description="Store the design as your layout.")
    layout_name: Annotated[str, StringConstraints(min_length=1, max_length=120)] | None = Field(
        default=None, description="Null: the title."
    )

    @model_validator(mode="after")
    def _names_one_subject(self) -> Self:
        if self.project_id is not None and self.content is not None:
            raise ValueError("give project_id or content, not both")
        if self.project_id is None and self.content is None and self.session_id is None:
            raise ValueError("give project_id, content or session_id")
        return self


class Usage(ResponseModel):
    """The model, tokens and time of a design."""

    model: str
    input_tokens: int
    output_tokens: int
    latency_ms: int


class DesignResponse(ResponseModel):
    """A page that the editor can open as it is."""

    session_id: UUID = Field(description="To refine this design later.")
    blocks: list[Block]
    layout_id: UUID | None = Field(description="The layout that it was stored as.")
    usage: Usage
