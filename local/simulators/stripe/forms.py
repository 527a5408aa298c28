"""Stripe's request bodies: forms whose names nest, `items[0][price]=x&expand[]=y`."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from local.simulators.stripe.errors import StripeError, invalid

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_KEY = re.compile(r"\[([^\[\]]*)\]")


def parse_form(text: str) -> dict[str, Any]:
    """Nested dictionaries of strings. Numbered lists stay dictionaries: only the parameter's type can tell them from
    metadata with numbers for names."""
    return nest(parse_qsl(text, keep_blank_values=True))


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in pairs:
        match = _NAME.fullmatch(name)
        if not match:
            raise invalid(f"Invalid request: malformed parameter name {name!r}")
        _put(nested, [match[1], *_KEY.findall(match[2])], value, name)
    return nested


def _put(level: dict[str, Any], keys: list[str], value: str, name: str) -> None:
    *groups, last = keys
    for key in groups:
        level = level.setdefault(key, {}) if key else {}
        if not isinstance(level, dict):
            raise _contradiction(name)
    # `a[]=x&a[]=y`: each adds one.
    last = last or str(len(level))
    if "" in groups or isinstance(level.get(last), dict):
        raise _contradiction(name)
    level[last] = value


def _contradiction(name: str) -> StripeError:
    return invalid(f"Invalid request: {name!r} is malformed, or given both as a value and as a group")


def shown(path: Iterable[str | int]) -> str:
    """How Stripe names a nested parameter: `items[0][price]`."""
    first, *rest = (str(part) for part in path)
    return first + "".join(f"[{part}]" for part in rest)
