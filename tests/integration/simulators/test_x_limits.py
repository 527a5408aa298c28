"""The simulator of X: what goes wrong, what is limited, and what is billed."""

import json
import re
import time
import uuid
from datetime import date

import httpx
import pytest

from local.simulators.x.billing import Billing
from tests.support.vendors.x import X

API = "https://api.x.com/2/problems"


# What goes wrong


def test_the_rate_limit(x: X) -> None:
    x.behave(x.ids[0], {"kind": "rate_limited", "reset_seconds": 60})
    answer = x.get(x.ids[0])
    assert answer.status_code == 429
    assert answer.json() == {
        "title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429,
    }  # fmt: skip
    assert answer.headers["x-rate-limit-remaining"] == "0"
    assert int(answer.headers["x-rate-limit-reset"]) - time.time() == pytest.approx(60, abs=5)
    assert "retry-after" not in answer.headers


def test_the_usage_cap_leaves_the_rate_limit_alone(x: X) -> None:
    x.behave_token({"kind": "usage_capped"})
    answer = x.get(x.ids[0])
    body = answer.json()
    assert answer.status_code == 429
    assert (body["title"], body["period"], body["scope"]) == ("UsageCapExceeded", "Monthly", "Product")
    assert body["type"] == f"{API}/usage-capped"
    assert int(answer.headers["x-rate-limit-remaining"]) > 0


@pytest.mark.parametrize(
    ("kind", "status", "problem"),
    [
        ("credits_depleted", 402, f"{API}/credits"),
        ("client_forbidden", 403, f"{API}/client-forbidden"),
        ("service_unavailable", 503, "about:blank"),
    ],
)
def test_other_problems_of_a_request(x: X, kind: str, status: int, problem: str) -> None:
    x.behave(x.ids[0], {"kind": kind})
    answer = x.get(*x.ids[:2])
    assert (answer.status_code, answer.json()["type"]) == (status, problem)
    assert "retry-after" not in answer.headers


def test_unavailable_for_a_known_time(x: X) -> None:
    x.behave(x.ids[0], {"kind": "service_unavailable", "retry_after": 7})
    assert x.get(x.ids[0]).headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("bad_gateway", 502, "<title>502 Bad Gateway</title>"),
        ("gateway_timeout", 504, "<title>504 Gateway Time-out</title>"),
        ("wrong_shape", 200, '["unexpected"]'),
    ],
)
def test_answers_of_something_else_than_x(x: X, kind: str, status: int, text: str) -> None:
    x.behave(x.ids[0], {"kind": kind})
    answer = x.get(x.ids[0])
    assert answer.status_code == status
    assert text in answer.text


def test_a_malformed_answer_is_cut_off_json(x: X) -> None:
    x.behave(x.ids[0], {"kind": "malformed"})
    answer = x.get(x.ids[0])
    assert answer.text.startswith('{"data":[{"id":')
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_dropped_connection_and_a_delay(x: X) -> None:
    x.behave(x.ids[0], {"kind": "dropped", "times": 1}, {"kind": "delay", "seconds": 0.3, "times": 2})
    with pytest.raises(httpx.RemoteProtocolError):
        x.get(x.ids[0])
    started = time.perf_counter()
    x.ask(x.ids[0])
    assert time.perf_counter() - started >= 0.3


# The limits that limit


def test_requests_run_out_and_come_back(x: X) -> None:
    x.behave_token({"kind": "requests_per_window", "limit": 2, "window_seconds": 2})
    answers = [x.get(x.ids[0]) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-rate-limit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["x-rate-limit-limit"] for answer in answers} == {"2"}

    time.sleep(max(0.0, int(answers[2].headers["x-rate-limit-reset"]) - time.time()))
    assert x.get(x.ids[0]).headers["x-rate-limit-remaining"] == "1"


def test_each_token_has_requests_of_its_own(x: X) -> None:
    x.behave_token({"kind": "requests_per_window", "limit": 0})
    assert x.get(x.ids[0]).status_code == 429
    answer = x.get(x.ids[0], authorization=f"Bearer {uuid.uuid4().hex}")
    assert (answer.status_code, answer.headers["x-rate-limit-remaining"]) == (200, "3499")


def test_a_month_has_only_so_many_posts(x: X) -> None:
    x.behave_token({"kind": "posts_per_month", "limit": 3})
    assert [x.get(*x.ids[:3]).status_code, x.get(x.ids[3]).status_code] == [200, 429]
    assert x.get(x.ids[3]).json()["title"] == "UsageCapExceeded"
    assert x.billed(x.ids[3]) == 0


# What is billed


def test_a_post_is_billed_once_a_day(x: X) -> None:
    x.ask(*x.ids[:2])
    x.ask(*x.ids[1:3])
    assert [x.billed(each) for each in x.ids[:4]] == [1, 1, 1, 0]
    assert x.billed(f"token:{x.token}") == 3


def test_only_posts_that_came_back_are_billed(x: X) -> None:
    x.behave(x.ids[0], {"kind": "not_found"})
    x.behave(x.ids[1], {"kind": "service_unavailable", "times": 1})
    assert x.get(x.ids[1]).status_code == 503
    x.ask(x.ids[0], x.ids[2])
    assert [x.billed(each) for each in x.ids[:3]] == [0, 0, 1]


def test_the_next_day_is_billed_again() -> None:
    billing, first, last = Billing(), date(2026, 1, 31), date(2026, 2, 1)
    for day, app in ((first, "a"), (first, "a"), (first, "b"), (last, "a")):
        billing.bill(app, ["1"], day)
    assert (billing.billed("1"), billing.billed("a"), billing.billed("b"), billing.billed("*")) == (3, 2, 1, 3)
    assert (billing.this_month("a", first), billing.this_month("a", last)) == (1, 1)


# The control side


def test_the_page_shows_requests_and_bills(x: X) -> None:
    x.ask(*x.ids[:2])
    page = x.client.get("/_simulator", params={"subject": x.ids[0]}, headers={"accept": "text/html"}).text
    assert "X simulator" in page
    assert re.search(rf"<h2>Billed</h2>.*1</strong> for {x.ids[0]}", page)
    assert x.token not in page


def test_requests_are_counted_by_post_and_token(x: X) -> None:
    x.ask(*x.ids[:2])
    x.ask(x.ids[1])
    token = f"token:{x.token}"
    counts = x.state(x.ids[0], x.ids[1], token)["counts"]
    assert (counts[x.ids[0]], counts[x.ids[1]], counts[token]) == (1, 2, 2)
