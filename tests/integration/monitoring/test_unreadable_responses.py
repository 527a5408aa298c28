"""A vendor's 200 that is not what it describes is that vendor's failure; a caller who leaves is nobody's."""

import json
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integration.billing.backend import new_event, signed
from tests.integration.monitoring.conftest import KEYS, Watch, Watched, linked_project
from tests.support import plain_http
from tests.support.stack import Stack

BODIES = {
    "object": b"{}",
    "null": b"null",
    "page": b"<!doctype html><title>Sign in to the Wi-Fi</title>",
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "large": b'{"data": "' + b"x" * 17 * 1024 * 1024 + b'"}',
    "members of other types": json.dumps(
        {
            "object": "list",
            "has_more": True,
            "data": [{"id": 1}, None, {"id": "sub_1", "object": "subscription", "items": 7, "status": []}],
            "results": [{"flagged": "no"}],
            "choices": 5,
            "usage": {"prompt_tokens": "many", "completion_tokens": -1},
            "url": 3,
            "errors": {"a": 1},
        }
    ).encode(),
}
ASSISTANT_FAILS = {(503, "assistant_unavailable"), (502, "assistant_interrupted")}


def test_it_is_the_vendors_failure(stack: Stack, watch: Watch) -> None:
    watched = watch("words", METRICS_FETCH_SECONDS="1")
    services = stack.headers("service")
    content = {"content": {"title": "A page"}, "style": {}}
    checkout = {"plan": "pro_monthly", "success_path": "/", "cancel_path": "/"}
    for kind, body in BODIES.items():
        watched.vendors.mode = body
        user = stack.make_user()
        mine = stack.headers(user)
        events = {**mine, "Accept": "text/event-stream"}
        project = linked_project(stack, user)
        metrics = watched.post("getSocialMetrics", {"project_id": project}, headers=mine)
        assert metrics.status_code == 200, (kind, metrics.text)
        github = metrics.json()["platforms"]["github"]
        assert (metrics.status_code, github["counts"], github["reason"]) == (200, None, "unavailable"), kind
        assert watched.post("refreshSocialMetrics", {}, headers=services).status_code == 200, kind
        assert refused(watched.post("aiDesignAssistant", content, headers=mine)) in ASSISTANT_FAILS, kind
        assert "internal_error" not in watched.post("aiDesignAssistant", content, headers=events).text, kind
        sold = watched.post("createCheckoutSession", checkout, headers=mine)
        assert refused(sold) == (503, "stripe_unavailable"), kind
        assert watched.post("reconcileSubscriptions", {}, headers=services).json()["stopped"] == "unavailable", kind
        assert refused(delivered(watched)) == (503, "stripe_unavailable"), kind
        mail = {"type": "welcome", "user_id": str(user.id), "data": {}, "dedupe_key": kind}
        assert watched.post("sendNotification", mail, headers=services).status_code == 200, kind
    watched.end()
    written = watched.log.read_text().splitlines()
    assert [line for line in written if "internal_error" in line or ' 500"' in line] == []


def delivered(watched: Watched) -> httpx.Response:
    event = json.dumps(new_event("customer.subscription.updated", {"id": "sub_1", "object": "subscription"})).encode()
    return plain_http.post(
        f"{watched.url}/functions/v1/webhooks/stripe",
        content=event,
        headers=signed(event, KEYS["STRIPE_WEBHOOK_SECRETS"]),
        timeout=60,
    )


def refused(response: httpx.Response) -> tuple[int, Any]:
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("body", [b"", b'{"project_id": "'], ids=["at once", "in the middle"])
def test_a_caller_who_leaves_while_sending_is_no_error(stack: Stack, watch: Watch, body: bytes) -> None:
    watched = watch("words")
    address = urlsplit(watched.url)
    with socket.create_connection((address.hostname or "", address.port or 0)) as caller:
        caller.sendall(
            b"POST /functions/v1/getSocialMetrics HTTP/1.1\r\nHost: functions\r\nX-Request-Id: left-1\r\n"
            b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n" + body
        )
        time.sleep(0.2)
    deadline = time.monotonic() + 20
    while not (found := [line for line in watched.log.read_text().splitlines() if "left-1" in line]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    [line] = [json.loads(each) for each in found]
    assert (line["severity"], line["message"], line["httpRequest"]["status"]) == ("INFO", "getSocialMetrics 499", 499)
    assert '"ERROR"' not in watched.log.read_text()
