"""What other servers respond: how much of it is read, and parsed as JSON that any part of ours can take."""

import math
from typing import Any

from pydantic_core import from_json

MAX_RESPONSE_BYTES = 16 * 1024 * 1024  # decoded; the largest is an image of OpenAI's in Base64


def parse_json(content: bytes) -> Any:
    """The JSON (RFC 8259) of a response.

    Raises: ValueError: not JSON, nested deeper than some 200 levels, a number out of range, half of a surrogate pair.
    """
    return _finite(from_json(content, allow_inf_nan=False))


def _finite(value: Any) -> Any:
    """1e999 is read as infinity, which no JSON writer of ours takes."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("number out of range")
    if isinstance(value, dict):
        for each in value.values():
            _finite(each)
    elif isinstance(value, list):
        for each in value:
            _finite(each)
    return value
