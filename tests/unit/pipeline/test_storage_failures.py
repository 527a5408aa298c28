"""What becomes of an error that Storage answers: by its body, in which the real status is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from showcase.errors import NotFound, ServiceUnavailable
from showcase.responses import HttpResponse
from showcase.storage_failures import failure


def answer(http_status: int, **body: Any) -> HttpResponse:
    return HttpResponse(http_status, {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("http_status", "body"),
    [
        (544, {"statusCode": "544", "error": "DatabaseTimeout", "code": "DatabaseTimeout"}),
        (500, {"statusCode": "500", "error": "Internal", "code": "InternalError"}),
        (400, {"statusCode": "503", "error": "acquiring_lock_timeout", "code": "LockTimeout"}),
        (400, {"statusCode": "503", "error": "DatabaseReadOnly", "code": "DatabaseReadOnly"}),
        (400, {"statusCode": "423", "error": "ResourceLocked", "code": "ResourceLocked"}),
        (429, {"statusCode": "429", "error": "too_many_connections", "code": "SlowDown"}),
        (502, {}),
        (520, {"message": "an edge's own"}),
    ],
)
def test_what_passes_is_unavailable(http_status: int, body: dict[str, Any]) -> None:
    found = failure(answer(http_status, **body))
    assert isinstance(found, ServiceUnavailable)
    assert found.code == "storage_unavailable"


@pytest.mark.parametrize(
    ("http_status", "body"),
    [
        (400, {"statusCode": "404", "error": "not_found", "message": "Object not found", "code": "NoSuchKey"}),
        (
            400,
            {"statusCode": "404", "error": "Not found", "message": "The resource was not found", "code": "NoSuchKey"},
        ),
        (400, {"statusCode": "404", "error": "not_found", "message": "Object not found"}),
    ],
)
def test_only_an_object_that_is_not_there_is_missing(http_status: int, body: dict[str, Any]) -> None:
    assert isinstance(failure(answer(http_status, **body)), NotFound)


@pytest.mark.parametrize(
    ("http_status", "body"),
    [
        (
            400,
            {"statusCode": "404", "error": "Bucket not found", "message": "Bucket not found", "code": "NoSuchBucket"},
        ),
        (400, {"statusCode": "403", "error": "Unauthorized", "message": "Invalid Compact JWS", "code": "AccessDenied"}),
        (400, {"statusCode": "400", "error": "InvalidJWT", "message": "not_found 404", "code": "InvalidJWT"}),
        (401, {"message": "Invalid API key", "hint": "Double check your Supabase `apikey`"}),
        (404, {"statusCode": "404", "error": "Not Found", "message": "Route not found", "code": "InvalidRequest"}),
        (404, {}),
    ],
)
def test_a_refusal_never_reads_as_a_missing_object(http_status: int, body: dict[str, Any]) -> None:
    assert failure(answer(http_status, **body)).code == "storage_refused"


def test_a_full_storage_is_told_from_a_refused_key() -> None:
    body = {"statusCode": "403", "error": "Unauthorized", "code": "AccessDenied"}
    full = failure(answer(400, **body, message="Storage quota exceeded: delete files first, or take a larger plan."))
    assert (full.status, full.code) == (413, "storage_quota_exceeded")


@given(
    st.integers(400, 599),
    st.one_of(st.binary(), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps)),
)
def test_any_body_is_an_error_of_ours(http_status: int, body: bytes | str) -> None:
    content = body.encode() if isinstance(body, str) else body
    assert failure(HttpResponse(http_status, {}, content)).code in {"storage_unavailable", "storage_refused"}
