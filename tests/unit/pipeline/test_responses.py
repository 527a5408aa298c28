"""What a server sends is parsed as JSON that can be written again, or refused."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from showcase.responses import parse_json

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(values)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b" ", b"{", b"<!doctype html>", b"\xff\xfe", b"NaN", b'{"a": -Infinity}', b"[1e999]", b"1" * 5000),
        *(b"[" * 100_000, b'{"a":' * 100_000, b"[" * 300 + b"]" * 300, b'"\\ud800"', b"{} {}"),
    ],
    ids=lambda content: str(content[:12]),
)
def test_what_is_not_json_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever text
        parse_json(content)


@settings(max_examples=300)
@given(st.binary(max_size=40) | st.text(alphabet='[]{}",:0123456789.eE+-naNtrufls\\', max_size=40).map(str.encode))
def test_any_bytes_are_json_that_can_be_written_again_or_a_value_error(content: bytes) -> None:
    try:
        value = parse_json(content)
    except ValueError:
        return
    assert isinstance(json.dumps(value, allow_nan=False), str)
    assert not (isinstance(value, float) and math.isnan(value))
