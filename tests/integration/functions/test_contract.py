"""The HTTP contract that all functions share, asked of the running functions through the gateway."""

import json
import subprocess
from uuid import UUID

import httpx
import pytest

from local.postgres.migrations import node_program
from local.settings import ROOT
from tests.support import plain_http
from tests.support.stack import Stack
from tests.support.users import access_token

PATH = "/functions/v1/getSocialMetrics"
PROBLEM = "application/problem+json"


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    problem: dict[str, object] = response.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["x-request-id"]
    assert {"type", "title", "detail"} <= problem.keys()
    return problem


def test_a_wrong_method_is_405_with_allow(stack: Stack) -> None:
    with stack.client() as client:
        response = client.put(PATH, json={})
    assert_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "POST, OPTIONS"


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/json-patch+json"]
)
def test_a_wrong_media_type_is_415(stack: Stack, media_type: str) -> None:
    with stack.client() as client:
        response = client.post(PATH, content=b"{}", headers={"Content-Type": media_type})
    assert_problem(response, 415, "unsupported_media_type")


NOT_JSON = [
    *(b" ", b"{", b"\xff\xfe", b"[" * 60_000, b"1e999999 x"),
    *(b'{"data": NaN}', b'{"data": [-Infinity]}', b'{"data": {"x": 1e999}}', b'{"data": "\\ud800"}'),
]


@pytest.mark.parametrize("body", NOT_JSON)
def test_what_is_not_json_is_400(stack: Stack, body: bytes) -> None:
    with stack.client() as client:
        response = client.post(PATH, content=body, headers={"Content-Type": "application/json; charset=utf-8"})
    assert_problem(response, 400, "invalid_json")


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/json"}], ids=str)
def test_no_body_is_one_without_fields(stack: Stack, headers: dict[str, str]) -> None:
    """SDKs send none where they are given none."""
    user = stack.make_user()
    with stack.client(user) as client:
        problem = assert_problem(client.post(PATH, headers=headers), 422, "invalid_request")
        assert [error["field"] for error in problem["errors"]] == ["project_id"]  # type: ignore[attr-defined]
        assert client.post("/functions/v1/generateQrCode", headers=headers).status_code == 200


def test_a_body_over_the_limit_is_413_however_it_comes(stack: Stack) -> None:
    large = b" " * 70_000

    def chunks() -> object:
        yield from (large[:35_000], large[35_000:])

    headers = {"Content-Type": "application/json"}
    with stack.client() as client:
        assert_problem(client.post(PATH, content=large, headers=headers), 413, "content_too_large")
        assert_problem(client.post(PATH, content=chunks(), headers=headers), 413, "content_too_large")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"project_id"}),
        ({"project_id": "nonsense"}, {"project_id"}),
        ({"project_id": None, "extra": 1}, {"project_id", "extra"}),
        ([], {""}),
        ({"project_id": str(UUID(int=1)), "refresh": 0, "history_days": "1"}, {"refresh", "history_days"}),
    ],
)
def test_bad_fields_are_422_by_name_and_without_their_values(stack: Stack, body: object, fields: set[str]) -> None:
    with stack.client() as client:
        response = client.post(PATH, json=body)
    problem = assert_problem(response, 422, "invalid_request")
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert {error["field"] for error in errors} == fields
    assert "nonsense" not in response.text.replace('"nonsense"', "")


def test_an_unknown_function_is_404(stack: Stack) -> None:
    with stack.client() as client:
        assert_problem(client.post("/functions/v1/nonsuch", json={}), 404, "not_found")


def sent_by_supabase_js() -> set[str]:
    """The headers that its own functions are set to allow."""
    program = "import { corsHeaders } from '@supabase/supabase-js/cors'; console.log(JSON.stringify(corsHeaders))"
    folder = ROOT / "local"
    reported = subprocess.check_output([node_program(), "--input-type=module", "-e", program], cwd=folder, text=True)
    return set(json.loads(reported)["Access-Control-Allow-Headers"].replace(" ", "").split(","))


def test_browsers_may_call(stack: Stack) -> None:
    preflight = plain_http.options(
        stack.url + PATH,
        headers={
            "Origin": "https://front.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, traceparent",
        },
    )
    assert preflight.is_success
    assert preflight.headers["access-control-allow-origin"] == "*"
    allowed = preflight.headers["access-control-allow-headers"].replace(" ", "").split(",")
    assert sent_by_supabase_js() | {"sentry-trace", "x-request-id"} <= set(allowed)
    with stack.client() as client:
        answer = client.post(PATH, json={}, headers={"Origin": "https://front.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(("given", "kept"), [("abc-123_x.y", True), ("a" * 129, False), ("two words", False)])
def test_a_request_id_is_taken_where_it_is_a_plain_word(stack: Stack, given: str, kept: bool) -> None:
    with stack.client() as client:
        response = client.get("/functions/v1/health", headers={"X-Request-Id": given})
    assert (response.headers["x-request-id"] == given) == kept
    assert response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("garbage", "invalid_token"),
        ("a.b.c", "invalid_token"),
        ("expired", "token_expired"),
        ("forged", "invalid_token"),
    ],
)
def test_a_bad_token_is_401_and_says_how_to_sign_in(stack: Stack, token: str, code: str) -> None:
    user = stack.make_user()
    made = {
        "expired": access_token(stack.jwt_secret, stack.url, user.id, seconds=-60),
        "forged": access_token("another secret of at least thirty-two bytes", stack.url, user.id),
    }
    headers = {"Authorization": f"Bearer {made.get(token, token)}"}
    response = plain_http.get(f"{stack.functions_url}/health", headers=headers)
    assert_problem(response, 401, code)
    assert response.headers["www-authenticate"] == "Bearer"


def test_health_names_every_part_and_what_answering_cost(stack: Stack) -> None:
    response = stack.health()
    assert response.status_code == 200, response.text
    health = response.json()
    assert {name: part["status"] for name, part in health["dependencies"].items()} == {
        "database": "ok",
        "auth": "ok",
        "storage": "ok",
        "github": "ok",
    }
    assert "total;dur=" in response.headers["server-timing"]
    assert health.keys() == {"status", "release", "dependencies"}, "the rest is for services"


def test_health_tells_services_how_the_system_is(stack: Stack) -> None:
    with stack.client("service") as client:
        health = client.get("/functions/v1/health").json()
    assert health["verdict"] in {"ok", "warn", "alert"}
    lines = {line["item"]: line for line in health["system"]}
    assert set(lines["stripe_events"]) == {"item", "subject", "value", "unit", "verdict", "detail"}
    assert "of $100" in lines["design_budget"]["detail"], "what the settings allow is known"


def test_users_are_told_no_more_than_anybody(stack: Stack) -> None:
    with stack.client(stack.make_user()) as client:
        assert "system" not in client.get("/functions/v1/health").json()
