"""X's simulator: what a request must be, and who may ask."""

import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.cluster import TestCluster
from tests.support.vendors.simulators import running_simulator
from tests.support.vendors.x import X, new_x

API = "https://api.x.com/2/problems"

# What a request must be


@pytest.mark.parametrize(
    ("query", "parameter", "message"),
    [
        ("", "ids", "The `ids` query parameter can not be empty"),
        ("ids=", "ids", "The `ids` query parameter can not be empty"),
        ("ids=12,x1", "ids", "The `ids` query parameter value [x1] does not match ^[0-9]{1,19}$"),
        (f"ids={10**19}", "ids", f"The `ids` query parameter value [{10**19}] does not match ^[0-9]{{1,19}}$"),
        (
            "ids=" + ",".join(map(str, range(101))),
            "ids",
            "The number of values in the `ids` query parameter list [101] is not between 1 and 100",
        ),
        ("ids=1&colour=red", "colour", "The query parameter [colour] is not one of [ids,"),
        (
            "ids=1&tweet.fields=colour",
            "tweet.fields",
            "The `tweet.fields` query parameter value [colour] is not one of",
        ),
        ("ids=1&post.fields=note_tweet", "post.fields", "The `post.fields` query parameter value [note_tweet] is not"),
    ],
)
def test_a_malformed_request_is_refused(x: X, query: str, parameter: str, message: str) -> None:
    answer = x.client.get(f"/2/tweets?{query}", headers={"authorization": f"Bearer {x.token}"})
    body = answer.json()

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert (body["title"], body["type"]) == ("Invalid Request", f"{API}/invalid-request")
    [error] = body["errors"]
    assert set(error["parameters"]) == {parameter}
    assert error["message"].startswith(message)


def test_everything_wrong_is_said_at_once(x: X) -> None:
    assert len(x.get("a", "b", query="colour=red").json()["errors"]) == 3


def test_other_paths_are_not_found(x: X) -> None:
    assert x.client.get("/2/users").status_code == 404
    assert x.client.post("/2/tweets").status_code == 404


# Who may ask


def test_a_request_without_a_token_is_refused(x: X) -> None:
    answer = x.client.get("/2/tweets?ids=1")
    assert answer.status_code == 401
    assert answer.json() == {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}


def test_a_revoked_token_is_refused_and_others_are_not(x: X) -> None:
    x.behave_token({"kind": "bad_credentials"})
    assert x.get(x.ids[0]).status_code == 401
    assert x.get(x.ids[0], authorization=f"Bearer {uuid.uuid4().hex}").status_code == 200


def test_only_the_tokens_of_the_setting_are_taken(cluster: TestCluster, tmp_path: Path) -> None:
    with running_simulator("x", cluster, tmp_path, {"X_SIMULATOR_TOKENS": "one, two"}) as client:
        answers = {token: replace(new_x(client), token=token).get("1").status_code for token in ("one", "two", "three")}
    assert answers == {"one": 200, "two": 200, "three": 401}
