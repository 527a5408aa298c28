"""Single values as an e-mail can show them: short, printable, formatted; None for what is missing or makes no sense."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from textwrap import wrap
from typing import Any
from urllib.parse import urlsplit

LONGEST_TEXT = 120  # characters
LONGEST_MESSAGE = 5000  # characters
LONGEST_LINK = 850  # characters, as HTML writes them: with what stands around it, still a line that mail carries
_JOINER = "\u200d"  # holds composed emoji together
# Stripe's smallest units, where they are not hundredths (https://docs.stripe.com/currencies). ISK and UGX, which have
# none, are counted in hundredths all the same.
_DECIMALS = dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3) | dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"), 0
)
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def text(value: Any) -> str | None:
    """One short line: no control characters, no marks that turn the direction of what follows."""
    if not isinstance(value, str):
        return None
    shown = " ".join("".join(c if c.isprintable() or c == _JOINER else " " for c in value[:1000]).split())
    return (shown if len(shown) <= LONGEST_TEXT else shown[: LONGEST_TEXT - 1].rstrip() + "…") or None


def paragraphs(value: Any) -> tuple[str, ...]:
    """What somebody wrote, line by line: none too long for mail, and as many as a message may have."""
    given = value[:LONGEST_MESSAGE] if isinstance(value, str) else ""
    lines = ("".join(c if c.isprintable() or c == _JOINER else " " for c in line) for line in given.splitlines())
    return tuple(part for line in lines for part in wrap(line, LONGEST_TEXT) or [""])


def address(value: Any) -> str | None:
    """An e-mail address as a header carries it: ASCII or letters, no spaces, no marks that would make it two."""
    return (
        value if isinstance(value, str) and re.fullmatch(r'[^\s@<>(),;:"\\]{1,64}@[a-z0-9.-]{3,190}', value) else None
    )


def plan(value: Any) -> str | None:
    """Pro monthly, of `pro_monthly`; nothing of a plan that nobody has named."""
    shown = (text(value) or "").replace("_", " ").replace("-", " ")
    return shown[:1].upper() + shown[1:] if shown not in {"", "unknown"} else None


def link(value: Any) -> str | None:
    """An http(s) address, in ASCII, of a length that mail can carry."""
    if not isinstance(value, str) or len(escape(value)) > LONGEST_LINK or not re.fullmatch(r"[!-~]+", value):
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return value if parts.scheme in {"http", "https"} and parts.hostname and not set(value) & set("\"'<>`\\") else None


def money(amount: Any, currency: Any) -> str | None:
    """Stripe's amounts: whole numbers of the smallest unit."""
    if type(amount) is not int or not isinstance(currency, str) or not re.fullmatch(r"[A-Za-z]{3}", currency):
        return None
    code = currency.upper()
    if abs(amount) >= 10**15:
        return None
    number = f"{Decimal(abs(amount)).scaleb(-_DECIMALS.get(code, 2)):,}"
    shown = f"{_SIGNS[code]}{number}" if code in _SIGNS else f"{number} {code}"
    return f"-{shown}" if amount < 0 else shown


def price(amount: Any, currency: Any, interval: Any, count: Any) -> str | None:
    """$9.00 a month; $24.00 every 3 months."""
    shown = money(amount, currency)
    if shown is None or interval not in {"day", "week", "month", "year"}:
        return shown
    return f"{shown} every {count} {interval}s" if type(count) is int and 1 < count <= 1000 else f"{shown} a {interval}"


def date(value: Any) -> str | None:
    """3 March 2026."""
    when = _when(value)
    return f"{when.day} {when:%B} {when.year}" if when else None


def span(start: str, end: str) -> str:
    """16 to 23 November 2026: what both dates end with is said once."""
    first, last = start.split(), end.split()
    while len(first) > 1 and first[-1] == last[len(first) - 1]:
        first.pop()
    return f"{' '.join(first)} to {end}"


def moment(value: Any) -> str | None:
    """3 March 2026, 14:05 UTC."""
    when = _when(value)
    return f"{date(value)}, {when:%H:%M} UTC" if when else None


def _when(value: Any) -> datetime | None:
    """ISO 8601, or seconds since 1970; a year that somebody may live to see."""
    try:
        if type(value) is int:
            when = datetime.fromtimestamp(value, UTC)
        elif isinstance(value, str):
            given = datetime.fromisoformat(value)
            when = given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return when if 1970 <= when.year < 2200 else None


def size(value: Any) -> str | None:
    """1.4 MB."""
    number = whole(value)
    if number is None or number < 0:
        return None
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= bytes_:
            return f"{number / bytes_:,.1f} {unit}"
    return f"{number} bytes"


def whole(value: Any) -> int | None:
    return value if type(value) is int and abs(value) < 10**12 else None


def signed(number: int) -> str:
    return f"+{number:,}" if number > 0 else f"\u2212{-number:,}" if number < 0 else "0"
