"""The renderers of the site: every block of the catalogue, and whatever designs there may be."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from showcase.design.page.json_schema import editor_schema

from tests.support.json_schema import valid
from tests.support.stack import Stack
from tests.web.conftest import Browse, needs_browser

pytestmark = needs_browser

Design = list[dict[str, Any]]

SCHEMA = editor_schema()
TYPES = sorted(SCHEMA["items"]["discriminator"]["mapping"])
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
GREY = dict.fromkeys(("background", "text", "accent"), "#777777")
CASES: list[Design] = [
    [{"type": "hero", "props": {}}, {"type": "hero", "props": {"title": HOSTILE}}, {"type": "marquee", "props": {}}],
    [{"type": "links", "props": {"links": [{"label": "x", "url": "javascript:alert(1)"}]}}],
    [
        {
            "type": "text",
            "props": {"text": HOSTILE, "colors": dict.fromkeys(("background", "text", "accent"), "#777777")},
        }
    ],
]


def random_designs() -> list[Design]:
    designs: list[Design] = []

    @settings(max_examples=100, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(valid(SCHEMA))
    def collect(design: Design) -> None:
        designs.append(design)

    collect()
    return designs


def classes(design: Design) -> list[str]:
    found = []
    for block in design:
        found.append("block-" + block["type"].replace("_", "-"))
        for column in block["props"].get("columns", []) if block["type"] == "columns" else []:
            found += classes(column)
    return found


def test_every_block_and_random_designs_are_rendered_and_can_be_read(site: Stack, browse: Browse) -> None:
    designs = random_designs()
    assert len(designs) >= 100
    seen = browse("designs.mjs", designs=[*CASES, *designs])
    assert seen["complaints"] == []
    assert sorted(seen["types"]) == TYPES
    assert seen["empty"] == 0
    assert seen["gallery"] == [[], []]
    first, link, grey, *random = seen["results"]
    assert first["blocks"] == ["block-hero", "block-hero", "block-marquee"]
    assert first["text"].count("Analytical Engine") == 1
    assert HOSTILE in first["text"]
    assert link["links"] == [None]
    assert HOSTILE in grey["text"]
    for result in (first, link, grey):
        assert (result["problem"], result["scripts"], result["faint"]) == ([], 0, [])
    for design, result in zip(designs, random, strict=True):
        assert (result["problem"], result["faint"], result["overflow"]) == ([], [], 0), design
        assert result["blocks"] == classes(design)
