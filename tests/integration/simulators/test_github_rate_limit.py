"""The simulator of GitHub really limits."""

import time
import uuid
from datetime import date

from local.simulators.github.repositories import repository
from tests.support.vendors.github import GitHub


def test_points_run_out_and_come_back(github: GitHub) -> None:
    github.behave(f"token:{github.token}", {"kind": "points_per_hour", "limit": 3, "window_seconds": 3})
    answers = [github.post("{ viewer { login } rateLimit { cost limit remaining used resetAt } }") for _ in range(4)]
    headers = [answer.headers for answer in answers]

    assert [each["x-ratelimit-remaining"] for each in headers] == ["2", "1", "0", "0"]
    assert [each["x-ratelimit-used"] for each in headers] == ["1", "2", "3", "3"]
    assert {each["x-ratelimit-limit"] for each in headers} == {"3"}
    assert {each["x-ratelimit-resource"] for each in headers} == {"graphql"}
    rate_limit = answers[1].json()["data"]["rateLimit"]
    assert {key: rate_limit[key] for key in ("cost", "limit", "remaining", "used")} == {
        "cost": 1, "limit": 3, "remaining": 1, "used": 2,
    }  # fmt: skip
    assert answers[3].status_code == 200
    assert answers[3].json()["errors"][0]["type"] == "RATE_LIMITED"

    time.sleep(max(0.0, int(headers[3]["x-ratelimit-reset"]) - time.time()))
    assert github.post("{ viewer { login } }").headers["x-ratelimit-remaining"] == "2"


def test_each_token_has_points_of_its_own(github: GitHub) -> None:
    github.behave(f"token:{github.token}", {"kind": "points_per_hour", "limit": 0})
    assert github.ask("{ viewer { login } }")["errors"][0]["type"] == "RATE_LIMITED"
    answer = github.post("{ viewer { login } }", headers={"authorization": f"Bearer {uuid.uuid4().hex}"})
    assert answer.headers["x-ratelimit-remaining"] == "4999"


def test_connections_cost_points_by_the_hundred(github: GitHub) -> None:
    found = github.ask(github.batch("engine"))["data"]["r0"]["id"]
    query = (
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Repository { watchers { totalCount } } } rateLimit { cost } }"
    )
    ids = [repository(github.own(f"r{i}"), date(2026, 1, 1)).node_id for i in range(250)]
    assert github.ask(query, {"ids": [found, *ids]})["data"]["rateLimit"]["cost"] == 3
