"""The simulator of X, held against X's own published description of its API."""

import json
from typing import Any

import httpx
import pytest

from tests.support.vendors.described import DescribedAnswer, DescribedRequest
from tests.support.vendors.descriptions import description_file
from tests.support.vendors.x import X

DESCRIPTION = description_file("x.openapi.json")


def posts_request(answer: httpx.Response) -> DescribedRequest:
    """The request that got this answer."""
    return DescribedRequest("https://api.x.com", "/2/tweets", "get", query=answer.request.url.query.decode())


@pytest.fixture(scope="session")
def description() -> Any:
    if not DESCRIPTION.is_file():
        pytest.skip(f"X's published API description is not at {DESCRIPTION}")
    openapi = pytest.importorskip("openapi_core", reason="openapi-core is not installed")
    text = json.loads(DESCRIPTION.read_text("utf-8"))
    # Of the three ways to sign in, openapi-core can check the one that we use.
    text["paths"]["/2/tweets"]["get"]["security"] = [{"BearerToken": []}]
    config = openapi.Config(
        spec_validator_cls=None, extra_media_type_deserializers={"application/problem+json": json.loads}
    )
    return openapi.OpenAPI.from_dict(text, config=config)


def test_requests_and_answers_are_as_x_describes_them(x: X, description: Any) -> None:
    for subject, kind in zip(x.ids, ("not_found", "not_authorized", "suspended", "omitted"), strict=False):
        x.behave(subject, {"kind": kind})
    for ids in (x.ids[:100], x.ids[4:5], x.ids[:1]):
        answer = x.get(*ids, query="post.fields=public_metrics,created_at")
        asked = posts_request(answer)
        description.validate_request(asked)
        description.validate_response(asked, DescribedAnswer(answer))


def test_the_description_tells_wrong_answers_from_right_ones(x: X, description: Any) -> None:
    validation = pytest.importorskip("openapi_core.validation.response.exceptions")
    for query, kinds in (
        ("tweet.fields=public_metrics", []),  # the old words are not in it
        ("post.fields=public_metrics", [{"kind": "not_found"}, {"kind": "legacy_problems"}]),
    ):
        x.behave(x.ids[0], *kinds)
        answer = x.get(x.ids[0], query=query)
        with pytest.raises(validation.InvalidData):
            description.validate_response(posts_request(answer), DescribedAnswer(answer))


def test_a_request_that_x_refuses_is_not_as_it_describes(x: X, description: Any) -> None:
    exceptions = pytest.importorskip("openapi_core.exceptions")
    for ids in (("x1",), tuple(map(str, range(101)))):
        answer = x.get(*ids, query="post.fields=public_metrics")
        asked = posts_request(answer)
        with pytest.raises(exceptions.OpenAPIError):
            description.validate_request(asked)
        assert answer.status_code == 400
        description.validate_response(asked, DescribedAnswer(answer))
