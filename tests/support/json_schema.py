"""Values that a JSON Schema allows, and values that it almost allows, for Hypothesis."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

Schema = Mapping[str, Any]

# Pages take a while to make up, and are large.
unhurried = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)

# What every store of JSON can hold: no NUL, no half characters.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-10, 10) | st.text(CHARACTERS, max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(CHARACTERS, max_size=10), inner, max_size=3),
    max_leaves=8,
)


def valid(schema: Schema) -> st.SearchStrategy[Any]:
    return _valid(schema, schema.get("$defs", {}))


def _valid(schema: Schema, defs: Mapping[str, Schema]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return st.deferred(lambda: _valid(defs[schema["$ref"].removeprefix("#/$defs/")], defs))
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of([_valid(each, defs) for each in choices])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    if schema["type"] == "array":
        least = schema.get("minItems", 0)
        return st.lists(_valid(schema["items"], defs), min_size=least, max_size=min(schema["maxItems"], least + 3))
    if schema["type"] == "object":
        properties = {name: _valid(each, defs) for name, each in schema["properties"].items()}
        needed = {name: properties[name] for name in schema.get("required", [])}
        return st.fixed_dictionaries(needed, optional={n: s for n, s in properties.items() if n not in needed})
    return _simple(schema)


def _simple(schema: Schema) -> st.SearchStrategy[Any]:
    match schema["type"]:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            whole = st.integers(schema["minimum"], schema["maximum"])
            return whole | whole.map(float)
        case _:
            return _text(schema)


def _text(schema: Schema) -> st.SearchStrategy[str]:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 100)
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], alphabet=CHARACTERS, fullmatch=True).filter(lambda t: len(t) <= most)
    short = st.text(CHARACTERS, min_size=least, max_size=min(most, 30))
    return short | st.sampled_from([most, least]).map(lambda length: "ä" * length)


def nearly_valid(schema: Schema) -> st.SearchStrategy[Any]:
    """Valid but for one place."""
    return st.builds(_changed, valid(schema), st.randoms(use_true_random=False), ANYTHING | _TEMPTING)


_TEMPTING = st.sampled_from(
    [
        "",
        "x" * 201,
        "x" * 20_001,
        "javascript:alert(1)",
        "https://",
        "#FFFFFF",
        "#ffffff\n",
        0,
        5,
        1.5,
        "2",
        True,
        [],
        {},
    ]
)


def _changed(value: Any, random: Any, other: Any) -> Any:
    """With a value somewhere replaced, removed, doubled or added."""
    places = list(_places(value))
    if not places:
        return other
    path = random.choice(places)
    holder = functools.reduce(lambda inner, step: inner[step], path[:-1], value)
    match random.choice(["replace", "replace", "remove", "add"]):
        case "replace":
            holder[path[-1]] = other
        case "remove":
            del holder[path[-1]]
        case _ if isinstance(holder, dict):
            holder["surplus"] = other
        case _:
            holder.append(other)
    return value


def _places(value: Any, path: Sequence[Any] = ()) -> Any:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inner:
        yield [*path, step]
        yield from _places(each, [*path, step])
