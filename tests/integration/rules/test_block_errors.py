"""A page with a bad block: the error says which block, and which property."""

from typing import Any

import httpx
import pytest

from tests.integration.rules.cases import Rule
from tests.integration.rules.forms import shown


@pytest.mark.parametrize(
    ("blocks", "path", "words"),
    [
        ({}, "", "must be a list of blocks"),
        ([{"type": "divider", "props": {}}] * 201, "", "200 blocks at most"),
        ([{"type": "divider", "props": {}}, "x"], "[1]", "must be one of call_to_action, "),
        ([{"type": "marquee", "props": {}}], "[0].type", "must be one of call_to_action, "),
        ([{"type": "hero"}], "[0]", "needs props"),
        ([{"type": "hero", "props": {"title": "x" * 201}}], "[0].props.title", "must have 200 characters at most"),
        ([{"type": "hero", "props": {"colour": 1}}], "[0].props", 'has no property named "colour"'),
        ([{"type": "gallery", "props": {"columns": 9}}], "[0].props.columns", "must be at most 4"),
        ([{"type": "gallery", "props": {"images": [{"url": "ftp://x"}]}}], "[0].props.images[0].url", "must match"),
        ([{"type": "divider", "props": {"style": "dots"}}], "[0].props.style", "must be one of line, space"),
        (
            [{"type": "columns", "props": {"columns": [[], [{"type": "text", "props": {"text": 1}}]]}}],
            "[0].props.columns[1][0].props.text",
            "must be text",
        ),
    ],
)
def test_a_bad_block_is_named_by_its_path(
    owner: httpx.Client, rules: dict[str, Rule], blocks: Any, path: str, words: str
) -> None:
    answer = owner.post("/rest/v1/layouts", json={"name": "L", "blocks_json": blocks})
    error = answer.json()
    assert (answer.status_code, error["code"], error["details"]) == (400, "23514", f"layouts.blocks_json{path}")
    [seen] = shown([error], rules)
    assert seen["field"] == "blocks_json"
    assert seen.get("path", "blocks_json") == f"blocks_json{path}"
    assert f"blocks_json{path} " in seen["message"]
    assert words in seen["message"]
