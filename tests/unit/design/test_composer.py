"""Whatever the model writes: what is kept validates, refers to the project's own alone, and can be read."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from showcase.contrast import ENOUGH, contrast
from showcase.design.composer import Composer
from showcase.design.content import Content
from showcase.design.domain import Json, Rules
from showcase.design.errors import InvalidDesign
from showcase.design.openai_api import Meter, OnText
from showcase.design.page.blocks import block_list_adapter
from showcase.design.page.json_schema import LONGEST_PAGE, Answer, answer_schema
from showcase.design.prompt import Prompt
from showcase.design.prompt_leaks import Confidential
from showcase.design.schemas import Style

from tests.support.json_schema import ANYTHING, nearly_valid, unhurried, valid

IMAGE, VIDEO, LINK = "https://i.example.com/a.png", "https://v.example.com/a.mp4", "https://example.com/"
CONTENT = Content.model_validate(
    {"title": "T", "images": [IMAGE], "videos": [VIDEO], "links": [{"label": "L", "url": LINK}]}
)
PROMPT = Prompt(CONTENT, Style())
RULES = Rules(
    frozenset({IMAGE}), frozenset({VIDEO}), frozenset({LINK}), CONTENT.words, Confidential(PROMPT.instructions, ())
)
TEXT: Json = {"type": "text", "props": {"text": "Hello"}}


@dataclass
class Script:
    """A model that writes these answers, one after the other, in pieces."""

    answers: list[tuple[str, str]]
    piece: int = 7
    asked: list[list[dict[str, str]]] = field(default_factory=list)

    async def write(self, messages: list[dict[str, str]], identifier: str, meter: Meter, on_text: OnText) -> str:
        self.asked.append(messages)
        text, finish = self.answers[len(self.asked) - 1]
        for at in range(0, len(text), self.piece):
            await on_text(text[at : at + self.piece])
        return finish


def compose(script: Script, **more: Any) -> tuple[list[Json], list[Json], Exception | None]:
    """What is kept, what was shown, and how it ended."""
    shown: list[Json] = []
    composer = Composer(script, RULES, PROMPT, "somebody", Meter(), shown.append, **more)
    try:
        asyncio.run(composer.compose())
    except InvalidDesign as error:
        return composer.blocks, shown, error
    return composer.blocks, shown, None


def written(*blocks: Any) -> tuple[str, str]:
    return json.dumps({"blocks": blocks}), "stop"


def inside(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from inside(each)


def own(value: Any, place: str = "") -> Any:
    """With the addresses that a well-behaved model would use."""
    if isinstance(value, dict):
        kinds = {"images": IMAGE, "image": IMAGE, "links": LINK, "action": LINK, "actions": LINK}
        address = {"url": kinds.get(place, VIDEO)} if "url" in value else {}
        return {name: own(each, name) for name, each in value.items()} | address
    return [own(each, place) for each in value] if isinstance(value, list) else value


WRITTEN = (
    st.builds(json.dumps, valid(answer_schema()))
    | st.builds(json.dumps, valid(answer_schema()).map(own))
    | st.builds(json.dumps, nearly_valid(answer_schema()).map(own))
    | st.builds(json.dumps, ANYTHING)
    | st.text(max_size=50)
)


@unhurried
@given(st.lists(st.tuples(WRITTEN, st.sampled_from(["stop", "stop", "length"])), min_size=2, max_size=2))
def test_whatever_is_written_what_is_kept_is_within_the_rules(answers: list[tuple[str, str]]) -> None:
    kept, shown, failure = compose(Script(answers, piece=1000))
    assert kept == shown
    assert kept or failure
    block_list_adapter.validate_python(kept)
    assert len(kept) <= LONGEST_PAGE
    for value in inside(kept):
        if "url" in value:
            assert value["url"] in (IMAGE, VIDEO, LINK) or (value["url"] is None and "caption" in value)
        if value.keys() == {"background", "text", "accent"}:
            assert contrast(value["text"], value["background"]) >= ENOUGH
            assert contrast(value["accent"], value["background"]) >= ENOUGH


def visible(value: Any) -> Any:
    """With texts that somebody can see: other signs are taken out, and might leave nothing."""
    if isinstance(value, dict):
        return {name: visible(each) for name, each in value.items()}
    if isinstance(value, list):
        return [visible(each) for each in value]
    return "".join(sign if sign.isprintable() else "x" for sign in value) if isinstance(value, str) else value


@unhurried
@given(valid(Answer.model_json_schema()).map(visible).map(own))
def test_an_answer_within_the_rules_is_taken_as_a_whole(answer: Json) -> None:
    """So that the test above does not hold because nothing is ever kept."""
    script = Script([(json.dumps(answer), "stop")], piece=1000)
    kept, _, failure = compose(script)
    assert failure is None
    assert [block["type"] for block in kept] == [block["type"] for block in answer["blocks"]]


FOREIGN = {
    "image": {"type": "gallery", "props": {"images": [{"url": "https://evil.example/a.png"}]}},
    "video as image": {"type": "hero", "props": {"image": {"url": VIDEO}}},
    "video": {"type": "video", "props": {"url": "https://evil.example/a.mp4"}},
    "link": {
        "type": "call_to_action",
        "props": {"title": "T", "action": {"label": "Go", "url": "https://evil.example"}},
    },
    "script": {"type": "links", "props": {"links": [{"label": "Go", "url": "javascript:alert(1)"}]}},
    "address in a text": {"type": "text", "props": {"text": "See https://evil.example/now"}},
    "www in a text": {"type": "quote", "props": {"text": "See www.evil.example!"}},
    "nested": {
        "type": "columns",
        "props": {"columns": [[TEXT], [{"type": "video", "props": {"url": "https://e.example"}}]]},
    },
    "instructions": {"type": "text", "props": {"text": PROMPT.instructions}},
    "unknown type": {"type": "iframe", "props": {}},
    "unknown property": {"type": "text", "props": {"html": "<b>"}},
}


@pytest.mark.parametrize("block", FOREIGN.values(), ids=FOREIGN)
def test_what_breaks_a_rule_is_asked_for_again_once(block: Json) -> None:
    script = Script([written(TEXT, block, TEXT), written({"type": "tags", "props": {}})])
    kept, _, failure = compose(script)
    assert failure is None
    assert [each["type"] for each in kept] == ["text", "tags"], "the good ones stay, what follows the bad one is new"
    assert '"accepted": [{"type": "text"' in script.asked[1][-1]["content"]
    assert "block 1: " in script.asked[1][-1]["content"]

    kept, _, failure = compose(Script([written(block), written(block)]))
    assert isinstance(failure, InvalidDesign)
    assert kept == []


def test_the_projects_own_addresses_may_be_in_texts() -> None:
    kept, _, _ = compose(Script([written({"type": "text", "props": {"text": f"It runs at {LINK}. Look!"}})]))
    assert len(kept) == 1


def test_a_page_has_an_end() -> None:
    kept, _, failure = compose(Script([written(*[TEXT] * (LONGEST_PAGE + 1)), written(TEXT)]))
    assert len(kept) == LONGEST_PAGE
    assert isinstance(failure, InvalidDesign)


def test_unwanted_signs_are_taken_out_and_colours_are_written_small() -> None:
    colors = {"background": "#FFFFFF", "text": "#FFFFFE", "accent": "#000000"}
    raw = {"type": "text", "props": {"text": "a\u0000b\u202ec", "colors": colors}}
    [block], _, _ = compose(Script([written(raw)]))
    assert block["props"]["text"] == "abc"
    assert block["props"]["colors"]["background"] == "#ffffff"
    assert contrast(block["props"]["colors"]["text"], "#ffffff") >= ENOUGH


def test_the_picture_belongs_to_the_hero_that_comes_first() -> None:
    async def main() -> list[Json]:
        picture = asyncio.get_running_loop().create_future()
        picture.set_result({"url": "/storage/v1/object/sign/ai-assets/p/a.png?token=t", "alt": "A"})
        script = Script([written(TEXT), written({"type": "hero", "props": {}}, TEXT)])
        composer = Composer(script, RULES, PROMPT, "somebody", Meter(), lambda _: None, picture=picture)
        await composer.compose()
        return composer.blocks

    hero, text = asyncio.run(main())
    assert hero["props"]["image"]["url"].startswith("/storage/v1/object/sign/")
    assert text["type"] == "text"
