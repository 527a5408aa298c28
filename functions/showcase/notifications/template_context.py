"""Payloads as an e-mail can show them: what each of them may tell, as far as it can be understood."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from showcase.notifications.formatting import (
    address,
    date,
    link,
    moment,
    money,
    paragraphs,
    plan,
    price,
    signed,
    size,
    span,
    text,
    whole,
)

_PLATFORMS = {"github": ("GitHub", "stars"), "linkedin": ("LinkedIn", "likes"), "twitter": ("X", "likes")}
_MOST_PROJECTS = 5
_MOST_LINKS = 30  # more of them would make an e-mail that programs cut off


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
    price: str | None = None
    paid: str | None = None
    is_full: bool = False
    period_end: str | None = None
    trial_end: str | None = None
    ends_at: str | None = None
    next_attempt: str | None = None
    ended_at: str | None = None
    invoice_url: str | None = None
    urls: tuple[str, ...] = ()
    expires_at: str | None = None
    size: str | None = None
    receipt_id: str | None = None
    week: str | None = None
    gained: str | None = None
    more: int = 0
    bars: tuple[Bar, ...] = field(default=())
    project: str | None = None
    name: str | None = None
    email: str | None = None
    message: tuple[str, ...] = ()


def facts(payload: Mapping[str, Any]) -> Facts:
    """What a payload says, as far as it can be understood."""
    start, end = date(payload.get("from")), date(payload.get("to"))
    gained = whole(payload.get("gained"))
    return Facts(
        plan=plan(payload.get("plan")),
        amount=money(payload.get("amount"), payload.get("currency")),
        price=price(*map(payload.get, ("amount", "currency", "interval", "interval_count"))),
        paid=money(payload.get("paid"), payload.get("currency")),
        is_full=payload.get("paid") == payload.get("amount"),
        trial_end=date(payload.get("trial_end")),
        ends_at=date(payload.get("ends_at")),
        period_end=date(payload.get("period_end")) or date(payload.get("date")),
        next_attempt=date(payload.get("next_attempt")),
        ended_at=date(payload.get("ended_at")),
        invoice_url=link(payload.get("invoice_url")),
        urls=_links(payload),
        expires_at=moment(payload.get("expires_at")),
        size=size(payload.get("size_bytes")),
        receipt_id=text(payload.get("receipt_id")),
        week=span(start, end) if start and end else None,
        gained=signed(gained) if gained is not None else None,
        more=max(0, whole(payload.get("more")) or 0),
        bars=_bars(payload.get("projects")),
        project=text(payload.get("project")),
        name=text(payload.get("name")),
        email=address(payload.get("email")),
        message=paragraphs(payload.get("message")),
    )


def _links(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """All of them or none: with some alone, something would be missing unnoticed."""
    given = payload.get("urls", [payload.get("url")])
    links = [link(value) for value in given] if isinstance(given, list) else []
    return tuple(filter(None, links)) if all(links) and len(links) <= _MOST_LINKS else ()


def _bars(projects: Any) -> tuple[Bar, ...]:
    rows = [p for p in projects if isinstance(p, dict)][:_MOST_PROJECTS] if isinstance(projects, list) else []
    gains = [max(0, whole(row.get("gained")) or 0) for row in rows]
    longest = max([*gains, 1])
    return tuple(
        Bar(
            title=text(row.get("title")) or "Untitled",
            change=signed(whole(row.get("gained")) or 0),
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
            counts.append(Count(name, unit, f"{now:,}", signed(now - (now if before is None else before))))
    return tuple(counts)
