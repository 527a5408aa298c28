import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from showcase.design.stream_parser import AnswerReader

from tests.support.json_schema import ANYTHING, CHARACTERS, unhurried

OBJECTS = st.dictionaries(st.text(CHARACTERS, max_size=10), ANYTHING, max_size=4)


def pieces(text: str, cuts: list[int]) -> list[str]:
    at = sorted({cut % (len(text) + 1) for cut in cuts})
    return [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]


@unhurried
@given(
    st.lists(OBJECTS, max_size=5),
    st.lists(st.integers(0, 10_000), max_size=40),
    st.sampled_from([None, 2]),
    st.booleans(),
)
def test_elements_come_whole_and_in_order_however_the_text_is_cut(
    blocks: list[Any], cuts: list[int], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps({"blocks": blocks}, indent=indent, ensure_ascii=ascii_only)
    reader = AnswerReader()
    assert [block for piece in pieces(text, cuts) for block in reader.feed(piece)] == blocks
    reader.complete()


def test_an_element_comes_with_its_last_brace() -> None:
    reader = AnswerReader()
    assert list(reader.feed('{"blocks": [{"a": "}]{\\"')) == []
    assert list(reader.feed('"}')) == [{"a": '}]{"'}]
    with pytest.raises(ValueError, match=r"Expecting|delimiter"):
        reader.complete()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"blocks": {}}',
        '{"blocks": [1]}',
        '{"blocks": [{}, "x"]}',
        '{"blocks": [], "more": [{"secret": 1}]}',
        '{"more": [{"secret": 1}], "blocks": []}',
        '{"blocks": []}{"blocks": [{}]}',
        'Here you are: {"blocks": [{"a": 1}]}',
        '{"blocks": [{"a": 1}]} And more.',
    ],
)
def test_what_is_not_the_shape_is_told_at_the_end_and_gives_nothing_from_elsewhere(text: str) -> None:
    reader = AnswerReader()
    given_ = list(reader.feed(text))
    assert {"secret": 1} not in given_
    with pytest.raises(ValueError, match=r".+"):
        reader.complete()


def test_an_answer_without_end_is_ended() -> None:
    with pytest.raises(ValueError, match="too long"):
        list(AnswerReader().feed('{"blocks": [' + " " * 1_000_001))
