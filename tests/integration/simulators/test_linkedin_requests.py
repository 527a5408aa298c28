"""LinkedIn's simulator: what a request must be, and who may ask."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.cluster import TestCluster
from tests.support.vendors.linkedin import VERSION, LinkedIn, new_linkedin, restli_list
from tests.support.vendors.simulators import running_simulator

INVALID = "Invalid query parameters passed to request"

# What a request must be


@pytest.mark.parametrize(
    "query",
    [
        "",
        "ids=",
        "ids=List()",
        "ids=urn%3Ali%3Ashare%3A1",
        "ids=List%28urn%3Ali%3Ashare%3A1%29",  # the structure must not be encoded
        "ids=List(urn:li:share:1)",  # the values must be
        "ids=List(urn%253Ali%253Ashare%253A1)",  # but not twice
        "ids=List(urn%3Ali%3Ashare%3A1,)",
        "ids=List(urn%3Ali%3Aperson%3A1)",
        "ids=List(urn%3Ali%3Ashare%3Ax)",
        "ids=List(urn%3Ali%3Ashare%3A1)&ids=List(urn%3Ali%3Ashare%3A2)",
        "ids=List(urn%3Ali%3Ashare%3A1)&colour=red",
    ],
)
def test_a_malformed_query_is_refused(linkedin: LinkedIn, query: str) -> None:
    answer = linkedin.raw(query, linkedin.headers())
    assert answer.status_code == 400
    assert (answer.json()["status"], answer.json()["code"]) == (400, "ILLEGAL_ARGUMENT")


def test_more_than_fifty_posts_are_refused(linkedin: LinkedIn) -> None:
    assert linkedin.get(*linkedin.urns[:50]).status_code == 200
    answer = linkedin.get(*linkedin.urns[:51])
    assert answer.status_code == 400
    assert "51" in answer.json()["message"]


def test_a_long_address_is_refused_and_its_query_taken_in_a_body(linkedin: LinkedIn) -> None:
    query = f"ids={restli_list(linkedin.urns)}"
    assert len(query) > 4000
    assert linkedin.raw(query, linkedin.headers()).status_code == 414
    assert linkedin.post(query).status_code == 400  # too many, but not too long

    tunnelled = linkedin.post(f"ids={restli_list(linkedin.urns[:50])}")
    assert tunnelled.status_code == 200
    assert tunnelled.json() == linkedin.ask(*linkedin.urns[:50])
    assert linkedin.count(linkedin.urns[0]) == 2


def test_a_tunnelled_query_must_say_that_it_is_one(linkedin: LinkedIn) -> None:
    body = f"ids={restli_list(linkedin.urns[:2])}"
    assert linkedin.post(body, x_http_method_override=None).status_code == 400
    assert linkedin.post(body, content_type="application/json").status_code == 400
    assert linkedin.post(body, content_type="application/x-www-form-urlencoded; charset=utf-8").status_code == 200


def test_the_protocol_must_be_named_and_the_method_may_be(linkedin: LinkedIn) -> None:
    urn = linkedin.urns[0]
    for protocol in (None, "1.0.0"):
        answer = linkedin.get(urn, x_restli_protocol_version=protocol)
        assert (answer.status_code, answer.json()["message"]) == (400, INVALID)
    assert linkedin.get(urn, x_restli_method="FINDER").status_code == 400
    assert linkedin.get(urn, x_restli_method=None).status_code == 200


def test_the_version_must_be_named(linkedin: LinkedIn) -> None:
    answer = linkedin.get(linkedin.urns[0], linkedin_version=None)
    assert answer.status_code == 400
    assert answer.json() == {
        "status": 400,
        "code": "VERSION_MISSING",
        "message": "A version must be present. Please specify a version by adding the LinkedIn-Version header.",
    }


@pytest.mark.parametrize(
    ("version", "named"),
    [("202504", "20250401"), ("209901", "20990101"), ("202613", "20261301"), ("202504.02", "20250402")],
)
def test_a_version_that_is_not_served(linkedin: LinkedIn, version: str, named: str) -> None:
    answer = linkedin.get(linkedin.urns[0], linkedin_version=version)
    assert answer.status_code == 426
    assert answer.json() == {
        "status": 426, "code": "NONEXISTENT_VERSION", "message": f"Requested version {named} is not active",
    }  # fmt: skip


def test_a_version_can_go_out_of_service(linkedin: LinkedIn) -> None:
    linkedin.behave_token({"kind": "version_sunset"})
    answer = linkedin.get(linkedin.urns[0])
    assert (answer.status_code, answer.json()["message"]) == (426, f"Requested version {VERSION}01 is not active")


def test_other_paths_are_not_found(linkedin: LinkedIn) -> None:
    assert linkedin.client.get("/rest/posts").status_code == 404


# Who may ask


def test_a_request_without_a_token_is_refused(linkedin: LinkedIn) -> None:
    answer = linkedin.get(linkedin.urns[0], authorization=None)
    assert answer.status_code == 401
    assert (answer.json()["serviceErrorCode"], answer.json()["code"]) == (65604, "EMPTY_ACCESS_TOKEN")


@pytest.mark.parametrize(
    ("reason", "service_code", "code"),
    [
        ("expired", 65602, "EXPIRED_ACCESS_TOKEN"),
        ("revoked", 65601, "REVOKED_ACCESS_TOKEN"),
        ("invalid", 65600, "INVALID_ACCESS_TOKEN"),
    ],
)
def test_a_token_that_is_no_good(linkedin: LinkedIn, reason: str, service_code: int, code: str) -> None:
    linkedin.behave_token({"kind": "bad_credentials", "reason": reason})
    answer = linkedin.get(linkedin.urns[0])
    assert answer.status_code == 401
    assert (answer.json()["serviceErrorCode"], answer.json()["code"]) == (service_code, code)
    assert linkedin.get(linkedin.urns[0], authorization="Bearer another").status_code == 200


def test_only_the_tokens_of_the_setting_are_taken(cluster: TestCluster, tmp_path: Path) -> None:
    settings = {"LINKEDIN_SIMULATOR_TOKENS": "one, two", "LINKEDIN_SIMULATOR_OLDEST_VERSION": "202501"}
    with running_simulator("linkedin", cluster, tmp_path, settings) as client:
        linkedin = new_linkedin(client)
        answers = {
            token: replace(linkedin, token=token).get(linkedin.urns[0], linkedin_version="202504").status_code
            for token in ("one", "two", "three")
        }
    assert answers == {"one": 200, "two": 200, "three": 401}
