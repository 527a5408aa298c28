"""Billing periods: months that end on the anchor's day, or on the last that a shorter month has."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

HOUR = 3600
DAY = 24 * HOUR


def period_end(start: int, anchor: int, recurring: dict[str, Any]) -> int:
    count, interval = int(recurring["interval_count"]), recurring["interval"]
    if interval in {"day", "week"}:
        return start + count * DAY * (7 if interval == "week" else 1)
    return _add_months(start, anchor, count * (12 if interval == "year" else 1))


def _add_months(start: int, anchor: int, months: int) -> int:
    begin, day = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(anchor, UTC).day
    years, month = divmod(begin.month - 1 + months, 12)
    year = begin.year + years
    first = begin.replace(year=year, month=month + 1, day=1)
    return int((first + timedelta(days=min(day, monthrange(year, month + 1)[1]) - 1)).timestamp())
