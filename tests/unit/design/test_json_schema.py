"""The catalogue, in the three forms in which it is given out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from showcase.design.page.blocks import block_adapter, block_list_adapter
from showcase.design.page.json_schema import answer_schema, editor_schema

from local.tools.generate_blocks import DOCUMENT, STATE, document, state
from tests.support.json_schema import unhurried, valid

# https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
STRICT_KEYWORDS = {
    "$defs", "$ref", "anyOf", "type", "const", "enum", "properties", "required", "additionalProperties", "items",
    "minItems", "maxItems", "minimum", "maximum", "pattern", "description",
}  # fmt: skip


def schemas_in(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", [])]
    for each in [*inner, *([schema["items"]] if "items" in schema else [])]:
        yield from schemas_in(each)


def test_there_are_at_least_ten_types_each_with_its_own_properties() -> None:
    types = block_adapter.json_schema()["discriminator"]["mapping"]
    assert set(types) >= {"hero", "text", "gallery", "video", "metrics", "tech_list", "links", "contact"}
    assert len(types) >= 10
    definitions = block_adapter.json_schema()["$defs"]
    props = [definitions[f"{reference.rsplit('/', 1)[1]}Props"]["properties"] for reference in types.values()]
    assert len({frozenset(names) for names in props}) == len(types)


def test_the_models_answer_is_asked_for_in_the_strict_subset() -> None:
    schema = answer_schema()
    assert schema["type"] == "object"
    for each in schemas_in(schema):
        assert set(each) <= STRICT_KEYWORDS
        assert "$ref" not in each or len(each) == 1
        if each.get("type") == "object":
            assert each["additionalProperties"] is False
            assert each["required"] == list(each["properties"])
    assert sum(len(each.get("properties", ())) for each in schemas_in(schema)) < 5000
    assert len(json.dumps(schema)) < 120_000


def depth(schema: dict[str, Any], definitions: dict[str, Any]) -> int:
    """Levels of objects and arrays."""
    if "$ref" in schema:
        return depth(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    if "anyOf" in schema:
        return max(depth(each, definitions) for each in schema["anyOf"])
    return 1 + max(depth(each, definitions) for each in inner) if inner else 0


def test_it_is_no_deeper_than_openai_takes() -> None:
    schema = answer_schema()
    assert depth(schema, schema["$defs"]) == 10


def test_what_is_written_from_the_catalogue_is_current() -> None:
    assert Path(DOCUMENT).read_text(encoding="utf-8") == document(), "run: make blocks"
    assert Path(STATE).read_text(encoding="utf-8") == state(), "run: make blocks, and add a migration"


@unhurried
@given(valid(editor_schema()))
def test_what_the_editors_schema_allows_is_taken(blocks: list[Any]) -> None:
    block_list_adapter.validate_python(blocks)


@pytest.mark.parametrize("value", [True, "2", 1.5, 0, 5, None, float("nan"), float("inf")])
def test_a_count_is_a_whole_number(value: object) -> None:
    block = {"type": "gallery", "props": {"columns": value}}
    with pytest.raises(ValueError, match="columns"):
        block_adapter.validate_python(block)
