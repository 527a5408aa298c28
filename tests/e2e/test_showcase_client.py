"""supabase/types/showcase.ts against the whole backend: what it returns, and that it never throws."""

from typing import Any

import httpx
import pytest
from supabase_functions.errors import FunctionsHttpError

from supabase import ClientOptions, create_client
from tests.support.node import run_script
from tests.support.ports import free_port
from tests.support.stack import Stack
from tests.support.users import User


@pytest.fixture
def answers(stack: Stack, user: User) -> dict[str, Any]:
    with stack.client(user) as owner:
        owner.headers["prefer"] = "return=representation"
        project = owner.post("/rest/v1/projects", json={"title": "Engine"}).raise_for_status().json()[0]
    return run_script(
        "showcase_client.mjs",
        url=stack.url,
        key=stack.publishable_key,
        token=user.token,
        project_id=project["id"],
        closed=f"http://127.0.0.1:{free_port()}",
    )


def test_an_answer_or_a_problem_comes_back(answers: dict[str, Any]) -> None:
    assert answers["metrics"]["error"] is None
    assert answers["metrics"]["data"]["project_id"]
    for name, status, code in (
        ("refused", 404, "project_not_found"),
        ("invalid", 422, "invalid_request"),
        ("get", 404, "upload_not_found"),
    ):
        problem = answers[name]["error"]
        assert answers[name]["data"] is None
        assert (problem["status"], problem["code"]) == (status, code), name
        assert problem["request_id"], name
    assert answers["invalid"]["error"]["errors"][0]["field"] == "project_id"


def test_no_answer_is_a_problem_too(answers: dict[str, Any]) -> None:
    for name in ("unreachable", "aborted"):
        assert answers[name]["data"] is None, name
        assert (answers[name]["error"]["status"], answers[name]["error"]["code"]) == (0, "network_error"), name


def test_a_stream_that_does_not_begin_is_one_error(answers: dict[str, Any]) -> None:
    assert [event["event"] for event in answers["stream"]] == ["error"]
    assert answers["stream"][0]["data"]["status"] in {404, 503}  # not found, or no assistant configured
    assert [event["event"] for event in answers["abortedStream"]] == ["error"]
    assert answers["abortedStream"][0]["data"]["code"] == "network_error"


@pytest.mark.filterwarnings("ignore:The '.*' parameter is deprecated:DeprecationWarning")
def test_supabase_py_shows_the_code_of_a_problem(stack: Stack) -> None:
    """As docs/clients.md writes it."""
    functions = create_client(stack.url, stack.publishable_key, ClientOptions(function_client_timeout=150)).functions
    unknown = {"body": {"project_id": "00000000-0000-4000-8000-00000000dead"}, "responseType": "json"}
    with pytest.raises(FunctionsHttpError) as refused:
        functions.invoke("getSocialMetrics", unknown)
    assert refused.value.message.partition(": ")[0] == "project_not_found"
    nowhere = create_client(f"http://127.0.0.1:{free_port()}", stack.publishable_key).functions
    with pytest.raises(httpx.TransportError):
        nowhere.invoke("getSocialMetrics", unknown)
