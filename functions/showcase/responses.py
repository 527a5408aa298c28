"""What other servers respond: how much of it is read, and parsed as JSON that any part of ours can take."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import from_json

MAX_RESPONSE_BYTES = 16 * 1024 * 1024  # decoded; the largest is an image of OpenAI's in Base64
# 1e999 is read as infinity, which no JSON writer of ours takes: only such numbers are looked for. Less than 200 digits
# times 1e99 is none.
_MAY_OVERFLOW = re.compile(rb"[0-9](?:[eE]\+?[0-9]{3}|[0-9]{199})")


@dataclass(frozen=True)
class HttpResponse:
    """An answer that has been read in full. Names of headers are in lower case."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        """2xx."""
        return 200 <= self.status_code < 300

    def json(self) -> Any:
        """Raises: ValueError, as `parse_json` does."""
        return parse_json(self.content)


def parse_json(content: bytes) -> Any:
    """The JSON (RFC 8259) of a response, or of a request.

    Raises: ValueError: not JSON, nested deeper than some 200 levels, a number out of range, half of a surrogate pair.
    """
    value = from_json(content, allow_inf_nan=False)
    return _finite(value) if _MAY_OVERFLOW.search(content) else value


def parse_as(content: bytes, shape: object) -> Any:
    """The JSON of a response, as a type that Pydantic reads. Raises: ValueError: it is not."""
    return shape_of(shape).validate_python(parse_json(content))


@cache
def shape_of(shape: Any) -> TypeAdapter[Any]:
    """What checks that a value is of a type that Pydantic reads."""
    return TypeAdapter(shape)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("number out of range")
    if isinstance(value, dict):
        for each in value.values():
            _finite(each)
    elif isinstance(value, list):
        for each in value:
            _finite(each)
    return value
