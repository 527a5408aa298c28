"""The catalogue as JSON Schema: for the editor, for the model's structured output, and for the database's CHECK."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from showcase.design.page.block_types import Part
from showcase.design.page.blocks import Block, block_list_adapter

LONGEST_PAGE = 30  # blocks that the assistant answers with at most

Schema = dict[str, Any]


class Answer(Part):
    """What the model answers with."""

    blocks: Annotated[list[Block], Field(min_length=1, max_length=LONGEST_PAGE)]


def editor_schema() -> Schema:
    """For everybody who edits or renders pages."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Blocks of a page",
        **block_list_adapter.json_schema(),
    }


def database_schema() -> Schema:
    """What private.schema_error understands: no titles, descriptions or defaults, which decide nothing."""
    return _mapped(block_list_adapter.json_schema(), _without("title", "description", "default"))


def answer_schema() -> Schema:
    """In OpenAI's strict subset (https://platform.openai.com/docs/guides/structured-outputs): every field required,
    `anyOf` for `oneOf`, no keyword that it refuses. What it cannot say is checked afterwards by the models.
    """
    return _mapped(Answer.model_json_schema(), _strict)


# The keywords that strict mode knows.
_STRICT = frozenset(
    {"$defs", "$ref", "anyOf", "type", "const", "enum", "properties", "required", "additionalProperties", "items"}
    | {"minItems", "maxItems", "minimum", "maximum", "pattern", "description"}
)


def _strict(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}  # nothing may stand beside it
    if "oneOf" in schema:
        schema = {**schema, "anyOf": schema["oneOf"]}
    if "properties" in schema:
        schema = {**schema, "required": list(schema["properties"])}
    if "maxLength" in schema:
        limit = f"At most {schema['maxLength']} characters."
        schema = {**schema, "description": " ".join(filter(None, [schema.get("description"), limit]))}
    return {keyword: value for keyword, value in schema.items() if keyword in _STRICT}


def _without(*keywords: str) -> Any:
    return lambda schema: {keyword: value for keyword, value in schema.items() if keyword not in keywords}


def _mapped(schema: Mapping[str, Any], change: Any) -> Schema:
    """The schema with every schema in it changed; the names of properties and definitions are no keywords."""
    changed: Schema = change(schema)
    for keyword, value in changed.items():
        if keyword in {"properties", "$defs"}:
            changed[keyword] = {name: _mapped(each, change) for name, each in value.items()}
        elif keyword in {"anyOf", "oneOf"}:
            changed[keyword] = [_mapped(each, change) for each in value]
        elif keyword == "items":
            changed[keyword] = _mapped(value, change)
    return changed
