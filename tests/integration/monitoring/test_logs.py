"""What stands in the log of the functions, as Cloud Logging reads it."""

import json
import uuid
from typing import Any

import pytest

from tests.integration.monitoring.conftest import Watch, Watched, linked_project
from tests.support.stack import Stack
from tests.support.users import User

TRACE = "0af7651916cd43dd8448eb211c80319c"


def lines(watched: Watched) -> list[dict[str, Any]]:
    watched.end()
    return [json.loads(line) for line in watched.log.read_text().splitlines()]


def test_a_request_is_one_line_with_what_cloud_logging_shows(stack: Stack, user: User, watch: Watch) -> None:
    watched = watch("words", GOOGLE_CLOUD_PROJECT="showcase-1")
    secret = f"canary{uuid.uuid4().hex}"
    caller = {**stack.headers(user), "X-Request-Id": "asked-1", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    answer = watched.post("getSocialMetrics", {"project_id": str(uuid.uuid4())}, headers=caller, params={"a": secret})
    assert answer.status_code == 404
    (line,) = [line for line in lines(watched) if line.get("request_id") == "asked-1"]
    assert (line["severity"], line["message"]) == ("INFO", "getSocialMetrics 404")
    assert line["time"].endswith("+00:00")
    assert line["logging.googleapis.com/trace"] == f"projects/showcase-1/traces/{TRACE}"
    assert line["logging.googleapis.com/spanId"] == line["span_id"] != "b7ad6b7169203331"
    assert line["logging.googleapis.com/labels"] == {"environment": "tests", "function": "getSocialMetrics"}
    assert line["serviceContext"] == {"service": "showcase", "version": "1.2.3"}
    assert line["user_id"] == str(user.id)
    request = line["httpRequest"]
    assert (request["requestMethod"], request["status"]) == ("POST", 404)
    assert request["requestUrl"] == "/functions/v1/getSocialMetrics"
    assert request["latency"].endswith("s")
    assert float(request["latency"][:-1]) > 0
    assert secret not in watched.log.read_text()


@pytest.mark.parametrize(
    ("header", "value", "trace"),
    [
        ("traceparent", f"00-{TRACE}-b7ad6b7169203331-00", TRACE),
        ("traceparent", f"cc-{TRACE}-b7ad6b7169203331-00-what-comes-later", TRACE),
        ("X-Cloud-Trace-Context", f"{TRACE}/13245;o=1", TRACE),
        ("traceparent", f"00-{TRACE}-0000000000000000-00", None),
        ("traceparent", "00-00000000000000000000000000000000-b7ad6b7169203331-00", None),
        ("traceparent", f"00-{TRACE.upper()}-b7ad6b7169203331-00", None),
        ("traceparent", f"00-{TRACE}-b7ad6b7169203331", None),
        ("X-Cloud-Trace-Context", f"{TRACE}/x", None),
    ],
)
def test_a_trace_is_gone_on_with_where_it_is_one(stack: Stack, header: str, value: str, trace: str | None) -> None:
    request_id = uuid.uuid4().hex
    with stack.client() as client:
        client.post("/functions/v1/nonsuch", json={})
        client.post("/functions/v1/getSocialMetrics", json={}, headers={header: value, "X-Request-Id": request_id})
    written = (stack.logs / "functions.log").read_text().splitlines()
    (line,) = [json.loads(each) for each in written if request_id in each]
    assert (line["trace_id"] == TRACE) == (trace is not None)
    assert len(line["trace_id"]) == 32
    assert "logging.googleapis.com/trace" not in line, "it is not on Google Cloud"


def test_our_own_project_goes_on_with_the_trace(stack: Stack, user: User, watch: Watch) -> None:
    watched = watch("words", supabase=False)
    caller = {**stack.headers(user), "traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-Id": "asked-2"}
    watched.vendors.asked.clear()
    watched.post("getSocialMetrics", {"project_id": str(uuid.uuid4())}, headers=caller)
    assert watched.vendors.asked
    for asked in watched.vendors.asked:
        assert asked["traceparent"].startswith(f"00-{TRACE}-")
        assert "b7ad6b7169203331" not in asked["traceparent"], "our own span stands between"
        assert asked["x-request-id"] == "asked-2"


def test_other_companies_do_not_hear_of_it(stack: Stack, user: User, watch: Watch) -> None:
    watched = watch("words")
    linked_project(stack, user)
    watched.vendors.asked.clear()
    watched.post("refreshSocialMetrics", {}, headers={**stack.headers("service"), "X-Request-Id": "asked-4"})
    assert watched.vendors.asked
    assert not [headers for headers in watched.vendors.asked if {"traceparent", "x-request-id"} & headers.keys()]


def test_an_error_has_its_stack_without_its_text(stack: Stack, watch: Watch) -> None:
    watched = watch(said := f"canary{uuid.uuid4().hex}", supabase=False)
    watched.vendors.mode = "garbage"
    watched.post("reconcileSubscriptions", {}, headers={**stack.headers("service"), "X-Request-Id": "asked-3"})
    (error,) = [line for line in lines(watched) if line.get("request_id") == "asked-3" and "stack_trace" in line]
    assert error["severity"] == "ERROR"
    assert error["stack_trace"].startswith("Traceback (most recent call last):")
    assert 'showcase/endpoint.py"' in error["stack_trace"]
    assert said not in watched.log.read_text()


def test_what_lacks_the_site_says_so_and_guesses_none_while_the_rest_goes_on(
    stack: Stack, user: User, watch: Watch
) -> None:
    """That it is ready shows that health answers."""
    watched = watch("words", SITE_URL="")
    for name in ("generateQrCode", "sendNotification", "createCheckoutSession"):
        answer = watched.post(name, {}, headers=stack.headers(user))
        assert (answer.status_code, answer.json()["code"]) == (503, "not_configured"), name
    assert watched.post("exportAccount", {}, headers=stack.headers(user)).is_success
    assert "SITE_URL: Field required" in "".join(json.dumps(line) for line in lines(watched))
