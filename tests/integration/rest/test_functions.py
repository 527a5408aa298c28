"""Functions: arguments, results, and what they say of the response."""

from typing import Any

import httpx
import pytest


@pytest.mark.parametrize(
    ("name", "body", "media_type", "expected"),
    [
        ("total", '{"numbers": [1, 2]}', "application/json", 3),
        ("total", "numbers=4&numbers=5", "application/x-www-form-urlencoded", 9),
        ("shout", "quiet", "text/plain", "QUIET"),
        ("size", b"\x00\xff\\x", "application/octet-stream", 4),
        ("greet", "", "application/json", "Hello nobody"),
        ("numbers", "{}", "application/json", [1, 2, 3]),
    ],
)
def test_arguments(rest: httpx.Client, name: str, body: str | bytes, media_type: str, expected: Any) -> None:
    answer = rest.post(f"/rpc/{name}", content=body, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json()) == (200, expected), answer.text


def test_a_function_chooses_status_headers_and_errors(rest: httpx.Client) -> None:
    tea = rest.post("/rpc/teapot")
    assert (tea.status_code, tea.headers["x-tea"], tea.headers["cache-control"]) == (418, "green", "no-store")
    pay = rest.post("/rpc/pay")
    assert (pay.status_code, pay.reason_phrase) == (402, "Payment Required")
    assert pay.json() == {"code": "PT402", "details": "Quota", "hint": "Upgrade", "message": "Payment Required"}
    refused = rest.post("/rpc/refuse")
    assert (refused.status_code, refused.headers["x-law"], refused.json()["code"]) == (451, "1", "X1")


@pytest.mark.parametrize(
    "raised",
    [
        {"status": 9999},
        {"status": -1},
        {"status": 100},
        {"name": "X Law"},
        {"value": "a\r\nb"},
        {"value": "\u65e5"},
        {"code": "X\n1"},
    ],
    ids=str,
)
def test_what_http_does_not_have_is_a_fault_of_the_function_alone(rest: httpx.Client, raised: dict[str, Any]) -> None:
    given = {"status": 451, "name": "X-Law", "value": "1", "code": "X1"} | raised
    answer = rest.post("/rpc/raise_response", json=given)
    assert (answer.status_code, answer.text) == (500, "Something went wrong")
    assert rest.get("/books?limit=1").status_code == 200


def test_a_function_reads_the_request(rest: httpx.Client) -> None:
    headers = {"Cookie": "a=1; b=two", "User-Agent": "tester", "Prefer": "timezone=Europe/London"}
    assert rest.get("/rpc/settings", headers=headers).json() == {
        "method": "GET",
        "path": "/rpc/settings",
        "cookies": {"a": "1", "b": "two"},
        "agent": "tester",
        "claims": {"role": "anon"},
        "zone": "Europe/London",
    }
