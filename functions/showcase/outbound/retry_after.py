"""Times in a vendor's headers: how long it wants to be left alone, when it signed."""

from collections.abc import Mapping

DEFAULT_RETRY_AFTER = 60.0  # seconds, where a vendor refuses calls and does not say for how long
LONGEST_NUMBER = 12  # digits


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of an answer's Retry-After; None where it says nothing, a date, or more than anybody would wait."""
    return parse_seconds(headers.get("retry-after", ""))


def parse_seconds(text: str) -> float | None:
    """A header's number of seconds: of a wait, or since 1970. None where it is no such number."""
    return float(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None
