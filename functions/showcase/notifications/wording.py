"""Payloads as an e-mail can show them: short, printable, formatted; None for whatever is missing or makes no sense."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

LONGEST_TEXT = 120  # characters
LONGEST_LINK = 850  # characters, as HTML writes them: with what stands around it, still a line that mail carries
_JOINER = "\u200d"  # holds composed emoji together
_NO_CENTS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_PLATFORMS = {"github": ("GitHub", "stars"), "linkedin": ("LinkedIn", "likes"), "twitter": ("X", "likes")}
_MOST_PROJECTS = 5


@dataclass(frozen=True)
class Count:
    """One platform's number of a project."""

    platform: str
    unit: str
    now: str
    change: str


@dataclass(frozen=True)
class Bar:
    """One project of the digest; `percent` is the length of its bar."""

    title: str
    change: str
    percent: int
    counts: tuple[Count, ...]


@dataclass(frozen=True)
class Facts:
    """What any of the e-mails may tell."""

    plan: str | None = None
    amount: str | None = None
    period_end: str | None = None
    next_attempt_at: str | None = None
    ends_at: str | None = None
    invoice_url: str | None = None
    url: str | None = None
    expires_at: str | None = None
    size: str | None = None
    receipt_id: str | None = None
    week: str | None = None
    gained: str | None = None
    more: int = 0
    bars: tuple[Bar, ...] = field(default=())


def facts(payload: Mapping[str, Any]) -> Facts:
    """What a payload says, as far as it can be understood."""
    start, end = date(payload.get("from")), date(payload.get("to"))
    gained = whole(payload.get("gained"))
    return Facts(
        plan=text(payload.get("plan")),
        amount=money(payload.get("amount"), payload.get("currency")),
        period_end=date(payload.get("period_end")) or date(payload.get("date")),
        next_attempt_at=date(payload.get("next_attempt_at")) or date(payload.get("next_attempt")),
        ends_at=date(payload.get("ends_at")) or date(payload.get("ended_at")),
        invoice_url=link(payload.get("invoice_url")),
        url=link(payload.get("url")),
        expires_at=moment(payload.get("expires_at")),
        size=size(payload.get("size_bytes")),
        receipt_id=text(payload.get("receipt_id")),
        week=_span(start, end) if start and end else None,
        gained=_signed(gained) if gained is not None else None,
        more=max(0, whole(payload.get("more")) or 0),
        bars=_bars(payload.get("projects")),
    )


def text(value: Any) -> str | None:
    """One short line: no control characters, no marks that turn the direction of what follows."""
    if not isinstance(value, str):
        return None
    shown = " ".join("".join(c if c.isprintable() or c == _JOINER else " " for c in value[:1000]).split())
    return (shown if len(shown) <= LONGEST_TEXT else shown[: LONGEST_TEXT - 1].rstrip() + "…") or None


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
    number = f"{abs(amount):,}" if code in _NO_CENTS else f"{abs(amount) // 100:,}.{abs(amount) % 100:02}"
    shown = f"{_SIGNS[code]}{number}" if code in _SIGNS else f"{number} {code}"
    return f"-{shown}" if amount < 0 else shown


def date(value: Any) -> str | None:
    """3 March 2026."""
    when = _when(value)
    return f"{when.day} {when:%B} {when.year}" if when else None


def _span(start: str, end: str) -> str:
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


def _bars(projects: Any) -> tuple[Bar, ...]:
    rows = [p for p in projects if isinstance(p, dict)][:_MOST_PROJECTS] if isinstance(projects, list) else []
    gains = [max(0, whole(row.get("gained")) or 0) for row in rows]
    longest = max([*gains, 1])
    return tuple(
        Bar(
            title=text(row.get("title")) or "Untitled",
            change=_signed(whole(row.get("gained")) or 0),
            percent=max(2, round(100 * gain / longest)) if gain else 0,
            counts=_counts(row.get("platforms")),
        )
        for row, gain in zip(rows, gains, strict=True)
    )


def _counts(platforms: Any) -> tuple[Count, ...]:
    counts: list[Count] = []
    for row in platforms if isinstance(platforms, list) else []:
        if not isinstance(row, dict) or row.get("platform") not in list(_PLATFORMS):
            continue
        now, before = whole(row.get("now")), whole(row.get("before"))
        if now is not None and len(counts) < len(_PLATFORMS):
            name, unit = _PLATFORMS[row["platform"]]
            counts.append(Count(name, unit, f"{now:,}", _signed(now - (now if before is None else before))))
    return tuple(counts)


def _signed(number: int) -> str:
    return f"+{number:,}" if number > 0 else f"\u2212{-number:,}" if number < 0 else "0"
