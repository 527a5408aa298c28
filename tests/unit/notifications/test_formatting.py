"""Values as people read them."""

from typing import Any

import pytest
from showcase.notifications.formatting import date, link, moment, money, plan, size, text
from showcase.notifications.template_context import facts


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (900, "usd", "$9.00"),
        (123456, "EUR", "€1,234.56"),
        (5, "gbp", "£0.05"),
        (500, "jpy", "¥500"),
        (0, "chf", "0.00 CHF"),
        (1234560, "kwd", "1,234.560 KWD"),
        (5, "bhd", "0.005 BHD"),
        (500, "ugx", "5.00 UGX"),
        (500, "isk", "5.00 ISK"),
        (1500, "krw", "1,500 KRW"),
        (-900, "usd", "-$9.00"),
        (9.5, "usd", None),
        (True, "usd", None),
        (900, "dollars", None),
        (900, None, None),
        (10**18, "usd", None),
    ],
)
def test_money(amount: Any, currency: Any, shown: str | None) -> None:
    assert money(amount, currency) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [("pro_monthly", "Pro monthly"), ("team-2", "Team 2"), ("Pro", "Pro"), ("unknown", None), ("", None), (7, None)],
)
def test_plan(value: Any, shown: str | None) -> None:
    assert plan(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-03-01", "1 March 2026"),
        ("2026-03-01T23:30:00-05:00", "2 March 2026"),
        (1772323200, "1 March 2026"),
        ("2026-03-01T10:00:00Z", "1 March 2026"),
        (True, None),
        ("soon", None),
        (10**20, None),
        ("0001-01-01T00:00:00+14:00", None),
        (None, None),
    ],
)
def test_dates(value: Any, shown: str | None) -> None:
    assert date(value) == shown


def test_moments_say_their_zone() -> None:
    assert moment("2026-03-01T10:05:00+02:00") == "1 March 2026, 08:05 UTC"


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("https://example.com/a?b=c#d", True),
        ("http://127.0.0.1:54321/x", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://", False),
        ("https://example.com/ space", False),
        ('https://example.com/"onclick', False),
        ("https://example.com/\r\nBcc:", False),
        ("https://exämple.com/", False),
        ("https://example.com/" + "a" * 1000, False),
        ("https://example.com/?" + "&a" * 300, False),
        ("//example.com", False),
        ("https://[::1", False),
        (7, False),
    ],
)
def test_links(value: Any, good: bool) -> None:
    assert link(value) == (value if good else None)


def test_text_is_one_short_line() -> None:
    assert text(" a\r\n b\t c ") == "a b c"
    assert text("x" * 500) == "x" * 119 + "…"
    assert text("") is text("\u202e") is text(3) is None
    assert text("👩\u200d💻") == "👩\u200d💻"


def test_sizes() -> None:
    assert [size(n) for n in (0, 999, 1500, 48_300_000, 2_100_000_000, -1, "7")] == [
        "0 bytes", "999 bytes", "1.5 kB", "48.3 MB", "2.1 GB", None, None,
    ]  # fmt: skip


def test_the_week_says_once_what_its_days_share() -> None:
    assert facts({"from": "2026-11-16", "to": "2026-11-23"}).week == "16 to 23 November 2026"
    assert facts({"from": "2026-11-28", "to": "2026-12-05"}).week == "28 November to 5 December 2026"
    assert facts({"from": "2026-12-28", "to": "2027-01-04"}).week == "28 December 2026 to 4 January 2027"


def test_bars_are_as_long_as_their_share_and_never_negative() -> None:
    reported = {"projects": [{"title": "a", "gained": 200}, {"title": "b", "gained": 1}, {"title": "c", "gained": -9}]}
    assert [(bar.percent, bar.change) for bar in facts(reported).bars] == [(100, "+200"), (2, "+1"), (0, "\u22129")]
