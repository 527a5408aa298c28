"""What can go wrong with the simulator of GitHub when a test asks for it."""

import json
import threading
import time
from typing import Any

import httpx
import pytest

from tests.support.vendors.github import GitHub


@pytest.mark.parametrize(
    ("behaviour", "status", "error_type"),
    [
        ({"kind": "rate_limited"}, 200, "RATE_LIMITED"),
        ({"kind": "rate_limited", "code": "RATE_LIMIT"}, 200, "RATE_LIMIT"),
        ({"kind": "rate_limited", "status": 403}, 403, None),
        ({"kind": "rate_limited", "status": 429, "reset_seconds": 5}, 429, None),
    ],
)
def test_the_primary_limit(github: GitHub, behaviour: dict[str, Any], status: int, error_type: str | None) -> None:
    github.behave(github.own("engine"), behaviour)
    answer = github.post(github.batch("engine"))
    body = answer.json()

    assert answer.status_code == status
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert "retry-after" not in answer.headers
    wait = int(answer.headers["x-ratelimit-reset"]) - time.time()
    assert wait == pytest.approx(behaviour.get("reset_seconds", 3600), abs=5)
    message = body["message"] if error_type is None else body["errors"][0]["message"]
    assert message.startswith("API rate limit")
    assert error_type is None or ([error["type"] for error in body["errors"]], "data" in body) == ([error_type], False)


@pytest.mark.parametrize("status", [200, 403, 429])
@pytest.mark.parametrize("retry_after", [3, None])
def test_the_secondary_limit(github: GitHub, status: int, retry_after: int | None) -> None:
    behaviour = {"kind": "secondary_rate_limited", "status": status, "retry_after": retry_after}
    github.behave(github.own("engine"), behaviour)
    answer = github.post(github.batch("engine"))
    body = answer.json()

    assert answer.status_code == status
    assert answer.headers.get("retry-after") == (None if retry_after is None else str(retry_after))
    assert int(answer.headers["x-ratelimit-remaining"]) > 0
    message = body["errors"][0]["message"] if status == 200 else body["message"]
    assert message.startswith("You have exceeded a secondary rate limit.")


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("bad_gateway", 502, "<title>502 Bad Gateway</title>"),
        ("gateway_timeout", 504, "<title>504 Gateway Time-out</title>"),
        ("query_timeout", 502, "Something went wrong while executing your query."),
        ("wrong_shape", 200, '["unexpected"]'),
    ],
)
def test_answers_of_something_else_than_graphql(github: GitHub, kind: str, status: int, text: str) -> None:
    github.behave(github.own("engine"), {"kind": kind})
    answer = github.post(github.batch("engine"))
    assert answer.status_code == status
    assert text in answer.text


def test_a_chosen_wrong_shape(github: GitHub) -> None:
    shape = {"data": {"r0": {"stargazerCount": "many"}}}
    github.behave(github.own("engine"), {"kind": "wrong_shape", "body": shape})
    assert github.ask(github.batch("engine")) == shape


def test_a_malformed_answer_is_cut_off_json(github: GitHub) -> None:
    github.behave(github.own("engine"), {"kind": "malformed"})
    answer = github.post(github.batch("engine"))
    assert answer.status_code == 200
    assert answer.text.startswith('{"data":{"r0":')
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_dropped_connection(github: GitHub) -> None:
    github.behave(github.own("engine"), {"kind": "dropped", "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        github.post(github.batch("engine"))
    assert github.ask(github.batch("engine"))["data"]["r0"]


def test_a_delay_holds_up_its_own_subject_only_and_counts_at_once(github: GitHub) -> None:
    github.behave(github.own("slow"), {"kind": "delay", "seconds": 5})
    took: list[float] = []

    def wait() -> None:
        started = time.perf_counter()
        github.ask(github.batch("slow"))
        took.append(time.perf_counter() - started)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while github.count(github.own("slow")) == 0:
        time.sleep(0.01)
    github.ask(github.batch("quick"))
    assert not took  # the quick one overtook it
    waiting.join()
    assert took[0] >= 5


def test_times_then_normal_again(github: GitHub) -> None:
    github.behave(github.own("engine"), {"kind": "bad_gateway", "times": 2}, {"kind": "not_found", "times": 1})
    assert [github.post(github.batch("engine")).status_code for _ in range(2)] == [502, 502]
    answers = [github.ask(github.batch("engine"))["data"]["r0"] for _ in range(2)]
    assert answers[0] is None
    assert answers[1]["nameWithOwner"] == github.own("engine")


def test_one_poisonous_repository_spoils_its_batch_alone(github: GitHub) -> None:
    github.behave(github.own("poison"), {"kind": "bad_gateway"})
    assert github.post(github.batch("a", "poison", "b")).status_code == 502
    assert github.post(github.batch("poison")).status_code == 502
    assert github.post(github.batch("a", "b")).status_code == 200


def test_a_batch_that_is_too_large(github: GitHub) -> None:
    github.behave(f"{github.owner}/*", {"kind": "gateway_timeout", "over_subjects": 2})
    assert github.post(github.batch("a", "b", "c")).status_code == 504
    assert github.post(github.batch("a", "b")).status_code == 200


def test_resource_limits_end_the_query_where_they_are_reached(github: GitHub) -> None:
    github.behave(f"{github.owner}/*", {"kind": "resource_limits_exceeded", "after": 2})
    answer = github.ask(github.batch("a", "b", "c", "d"))
    assert [answer["data"][f"r{i}"] is None for i in range(4)] == [False, False, True, True]
    assert [(error["type"], error["path"], error["message"]) for error in answer["errors"]] == [
        ("RESOURCE_LIMITS_EXCEEDED", ["r2"], "Resource limits for this query exceeded."),
        ("RESOURCE_LIMITS_EXCEEDED", ["r3"], "Resource limits for this query exceeded."),
    ]
