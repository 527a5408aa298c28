"""Who a visitor is, by what the proxies before the database say."""

import json

import pytest

from tests.sql.acting import superuser


def asked_with(database: str, call: str, headers: dict[str, str]) -> object:
    with superuser(database) as connection:
        connection.execute("select set_config('request.headers', %s, false)", (json.dumps(headers),))
        row = connection.execute(f"select {call} as answer".encode()).fetchone()
    assert row
    return row["answer"]


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"cf-connecting-ip": "203.0.113.7", "x-forwarded-for": "198.51.100.1"}, "203.0.113.7"),
        ({"x-forwarded-for": "198.51.100.1, 203.0.113.7"}, "203.0.113.7"),
        ({"x-forwarded-for": "203.0.113.7:51234"}, "203.0.113.7"),
        ({"x-forwarded-for": "::ffff:203.0.113.7"}, "203.0.113.7"),
        ({"x-forwarded-for": "::FFFF:203.0.113.7"}, "203.0.113.7"),
        ({"x-forwarded-for": "2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::/64"),
        ({"x-forwarded-for": "unknown"}, ""),
        ({}, ""),
    ],
)
def test_one_address_is_one_visitor_however_it_is_written(
    untouched_database: str, headers: dict[str, str], address: str
) -> None:
    assert asked_with(untouched_database, "private.caller_address()", headers) == address


@pytest.mark.parametrize(
    ("agent", "counts"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148 [LinkedInApp]", True),
        ("Mozilla/5.0 (Linux; Android 15; CUBOT X90) Chrome/143.0 Mobile Safari/537.36", True),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", False),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)", False),
        ("LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient)", False),
    ],
)
def test_a_telephone_counts_and_a_bot_does_not(untouched_database: str, agent: str, counts: bool) -> None:
    assert asked_with(untouched_database, "private.is_view()", {"user-agent": agent}) is counts
