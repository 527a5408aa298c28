"""The simulator of LinkedIn: what goes wrong, and what is limited."""

import json
import time
import uuid
from datetime import date

import httpx
import pytest

from local.simulators.rate_limit import DailyQuotas
from tests.support.vendors.linkedin import LinkedIn, new_linkedin

SPENT = "Resource level throttle {} DAY limit for calls to this resource is reached."


# What goes wrong


@pytest.mark.parametrize("scope", ["APPLICATION", "MEMBER", "APPLICATION_AND_MEMBER"])
def test_the_daily_limit_is_announced_by_no_header(linkedin: LinkedIn, scope: str) -> None:
    linkedin.behave(linkedin.urns[0], {"kind": "rate_limited", "scope": scope})
    answer = linkedin.get(linkedin.urns[0])
    assert answer.status_code == 429
    assert answer.json() == {
        "status": 429, "serviceErrorCode": 101, "code": "TOO_MANY_REQUESTS", "message": SPENT.format(scope),
    }  # fmt: skip
    assert not [name for name in answer.headers if "rate" in name or "retry" in name]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("no_permission", 403, "ACCESS_DENIED"),
        ("server_error", 500, "INTERNAL_SERVER_ERROR"),
        ("service_unavailable", 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_errors_of_a_whole_request(linkedin: LinkedIn, kind: str, status: int, code: str) -> None:
    linkedin.behave(linkedin.urns[0], {"kind": kind})
    answer = linkedin.get(*linkedin.urns[:2])
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (status, status, code)
    assert "retry-after" not in answer.headers
    assert linkedin.get(linkedin.urns[1]).status_code == 200


def test_unavailable_for_a_known_time(linkedin: LinkedIn) -> None:
    linkedin.behave(linkedin.urns[0], {"kind": "service_unavailable", "retry_after": 7})
    assert linkedin.get(linkedin.urns[0]).headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("bad_gateway", 502, "<title>502 Bad Gateway</title>"),
        ("gateway_timeout", 504, "<title>504 Gateway Time-out</title>"),
        ("wrong_shape", 200, '["unexpected"]'),
    ],
)
def test_answers_of_something_else_than_linkedin(linkedin: LinkedIn, kind: str, status: int, text: str) -> None:
    linkedin.behave(linkedin.urns[0], {"kind": kind})
    answer = linkedin.get(linkedin.urns[0])
    assert answer.status_code == status
    assert text in answer.text


def test_a_malformed_answer_is_cut_off_json(linkedin: LinkedIn) -> None:
    linkedin.behave(linkedin.urns[0], {"kind": "malformed"})
    answer = linkedin.get(linkedin.urns[0])
    assert answer.text.startswith('{"results":{')
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_dropped_connection_and_a_delay(linkedin: LinkedIn) -> None:
    linkedin.behave(linkedin.urns[0], {"kind": "dropped", "times": 1}, {"kind": "delay", "seconds": 0.3, "times": 2})
    with pytest.raises(httpx.RemoteProtocolError):
        linkedin.get(linkedin.urns[0])
    started = time.perf_counter()
    linkedin.ask(linkedin.urns[0])
    assert time.perf_counter() - started >= 0.3


def test_a_batch_that_is_too_large(linkedin: LinkedIn) -> None:
    linkedin.behave_token({"kind": "server_error", "over_subjects": 2})
    assert linkedin.get(*linkedin.urns[:3]).status_code == 500
    assert linkedin.get(*linkedin.urns[:2]).status_code == 200


# The limit that limits


def test_a_day_has_only_so_many_requests(linkedin: LinkedIn) -> None:
    linkedin.behave_token({"kind": "requests_per_day", "limit": 2})
    answers = [linkedin.get(*linkedin.urns[:50]) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["message"] == SPENT.format("APPLICATION")
    assert linkedin.get(linkedin.urns[0], authorization=f"Bearer {uuid.uuid4().hex}").status_code == 200


def test_a_quota_starts_anew_with_the_day() -> None:
    quotas, first, second = DailyQuotas(), date(2026, 1, 31), date(2026, 2, 1)
    assert [quotas.spend("a", 2, first) for _ in range(3)] == [True, True, False]
    assert quotas.spend("b", 2, first)
    assert quotas.spend("a", 3, first)  # a raised limit lets more through, and forgets nothing
    assert not quotas.spend("a", 3, first)
    assert [quotas.spend("a", 2, second) for _ in range(3)] == [True, True, False]


# The control side


def test_behaviours_are_the_subjects_own(linkedin: LinkedIn) -> None:
    first, second, third = linkedin.urns[:3]
    linkedin.behave_token({"kind": "counts", "comments": 5})
    linkedin.behave(first, {"kind": "not_found"})
    linkedin.behave(second, {"kind": "counts", "comments": 6})
    answer = linkedin.ask(first, second, third)
    assert [each["commentSummary"]["count"] for each in answer["results"].values()] == [6, 5]

    stranger = new_linkedin(linkedin.client)
    assert len(stranger.ask(*stranger.urns[:3])["results"]) == 3


def test_the_page_shows_what_it_received(linkedin: LinkedIn) -> None:
    linkedin.ask(linkedin.urns[0])
    page = linkedin.client.get(
        "/_simulator", params={"subject": linkedin.urns[0]}, headers={"accept": "text/html"}
    ).text
    assert "LinkedIn simulator" in page
    assert linkedin.urns[0] in page
    assert linkedin.token not in page


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "counts", "reactions": {"HATE": 1}}, {"kind": "counts", "reactions": {"LIKE": -1}}, {"kind": "nonsense"}],
)
def test_a_behaviour_that_it_does_not_know_is_refused(linkedin: LinkedIn, wrong: dict[str, object]) -> None:
    answer = linkedin.client.put("/_simulator/behaviours", json={linkedin.urns[0]: [wrong]})
    assert answer.status_code == 422
