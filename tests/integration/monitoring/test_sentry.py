"""What Sentry gets when everything fails, with secrets everywhere: enough to fix it, and nothing of anybody's."""

import json
import time
import uuid
from typing import Any

import pytest
from showcase.routes import ENDPOINTS

from tests.integration.billing.backend import new_event, signed
from tests.integration.monitoring.conftest import KEYS, Watch, Watched, linked_project
from tests.support import plain_http
from tests.support.stack import Stack
from tests.support.users import User


def canary() -> str:
    """Neither a key nor an address by its looks: only telling nothing keeps it in."""
    return f"canary{uuid.uuid4().hex}"


def headers(stack: Stack, caller: User | str, words: str) -> dict[str, str]:
    return {
        **stack.headers(caller),  # type: ignore[arg-type]
        "Cookie": f"session={words}",
        "User-Agent": words,
        "Baggage": f"sentry-user_segment={words},sentry-trace_id={words}",
        "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "X-Forwarded-For": words,
    }


def everything_that_is_secret(stack: Stack, user: User, *words: str) -> dict[str, str]:
    return {
        **KEYS,
        "the service's key": stack.secret_key,
        "the publishable key": stack.publishable_key,
        "what signs tokens": stack.jwt_secret,
        "the caller's token": user.token,
        "its signature": user.token.rpartition(".")[2],
        "the caller's address": user.email,
        "the caller's name": user.username,
        **{f"words {number}": word for number, word in enumerate(words)},
    }


def assert_nothing_told(watched: Watched, secrets: dict[str, str]) -> None:
    watched.end()
    assert watched.envelopes.raw, "nothing was reported at all"
    reported = {"Sentry": "\n".join(watched.envelopes.raw), "the log": watched.log.read_text()}
    leaks = [(where, name) for where, text in reported.items() for name, secret in secrets.items() if secret in text]
    assert leaks == [], [text for text in reported["the log"].splitlines() if any(s in text for s in secrets.values())]


def wait_for(watched: Watched, kind: str, number: int = 1) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 30
    while len(found := watched.envelopes.of(kind)) < number:
        assert time.monotonic() < deadline, watched.envelopes.items
        time.sleep(0.05)
    return found


def test_when_every_vendor_fails_nothing_secret_is_told(stack: Stack, user: User, watch: Watch) -> None:
    body, query, said = canary(), canary(), canary()
    watched = watch(f"{said} {user.email} {stack.secret_key}")
    mine, services = headers(stack, user, query), headers(stack, "service", query)
    project = linked_project(stack, user, body)
    content = {"title": body, "description": f"{body} {user.email}"}
    stripe_event = json.dumps(
        new_event("customer.subscription.updated", {"id": "sub_1", "object": "subscription", "note": body})
    ).encode()

    def post(name: str, given: object, by: dict[str, str]) -> int:
        return watched.post(name, given, headers=by, params={"token": query, "email": user.email}).status_code

    for mode in (500, 401, 400, "garbage"):
        watched.vendors.mode = mode
        with stack.client("service") as service:
            service.post("/rest/v1/rpc/resume_platform", json={"platform": "github"}).raise_for_status()
        post("getSocialMetrics", {"project_id": project}, mine)
        post("refreshSocialMetrics", {}, services)
        for accept in ("application/json", "text/event-stream"):
            post("aiDesignAssistant", {"content": content, "style": {"notes": body}}, {**mine, "Accept": accept})
        post("createCheckoutSession", {"plan": "pro", "success_path": "/", "cancel_path": "/"}, mine)
        post("createCheckoutSession", {"plan": body, "success_path": "/", "cancel_path": "/"}, mine)
        post("reconcileSubscriptions", {}, {**services, "X-Cron-Job": "reconcileSubscriptions"})
        mail = {"type": "welcome", "user_id": str(user.id), "data": {"note": body}, "dedupe_key": str(mode)}
        post("sendNotification", mail, services)
        plain_http.post(
            f"{watched.url}/functions/v1/webhooks/stripe?token={query}",
            content=stripe_event,
            headers=signed(stripe_event, KEYS["STRIPE_WEBHOOK_SECRETS"]),
            timeout=60,
        )
    assert_nothing_told(watched, everything_that_is_secret(stack, user, body, query, said))

    reported = {(event["tags"].get("vendor"), event["tags"].get("failure")) for event in watched.envelopes.of("event")}
    assert {("github", "unavailable"), ("github", "rejected"), ("stripe", "unavailable"), ("stripe", "rejected"),
            ("sendgrid", "unavailable"), ("sendgrid", "rejected")} <= reported  # fmt: skip
    causes = {value["value"] for event in watched.envelopes.of("event") for value in event["exception"]["values"]}
    assert {"assistant_unavailable", "assistant_misconfigured", "github: rejected (status 401)"} <= causes


@pytest.mark.parametrize("mode", [500, 403, "garbage"])
def test_when_supabase_fails_too_nothing_secret_is_told(
    stack: Stack, user: User, watch: Watch, mode: int | str
) -> None:
    """Every function, as everybody, with a body that it takes as far as it gets."""
    body, query, said = canary(), canary(), canary()
    watched = watch(f"{said} {user.email} {stack.secret_key}", supabase=False)
    watched.vendors.mode = mode
    known = {
        "project_id": str(uuid.uuid4()), "upload_id": str(uuid.uuid4()), "receipt_id": str(uuid.uuid4()),
        "user_id": str(user.id), "type": "welcome", "plan": "pro", "success_path": "/", "cancel_path": "/",
        "return_path": "/", "username": body, "data": {"note": body}, "content_type": "image/png", "size": 10,
    }  # fmt: skip
    described = {
        "getSocialMetrics": ("project_id",), "createCheckoutSession": ("plan", "success_path", "cancel_path"),
        "createPortalSession": ("return_path",), "closeBillingAccount": ("user_id",),
        "sendNotification": ("type", "user_id", "data"), "confirmUpload": ("upload_id",),
        "createUploadUrl": ("project_id", "content_type", "size"), "deleteAccount": ("username",),
        "getAccountDeletion": ("receipt_id",), "generateQrCode": ("project_id",),
    }  # fmt: skip
    for name in ENDPOINTS:
        for caller in (user, "service"):
            for given in ({field: known[field] for field in described.get(name, ())}, {"nonsense": body}):
                watched.post(name, given, headers=headers(stack, caller, query), params={"token": query})
    assert_nothing_told(watched, everything_that_is_secret(stack, user, body, query, said))
    types = {value["type"] for event in watched.envelopes.of("event") for value in event["exception"]["values"]}
    assert len(types) >= 2, types


def test_an_event_has_what_is_needed_to_fix_the_fault(stack: Stack, user: User, watch: Watch) -> None:
    watched = watch("words", supabase=False)
    watched.vendors.mode = 500
    caller = {**stack.headers(user), "X-Request-Id": "asked-1"}
    caller["Traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert watched.post("getSocialMetrics", {"project_id": str(uuid.uuid4())}, headers=caller).status_code == 503
    (event,) = wait_for(watched, "event")
    (traced,) = wait_for(watched, "transaction")
    assert (event["release"], event["environment"]) == ("1.2.3", "tests")
    assert event["user"] == {"id": str(user.id)}
    assert event["transaction"] == traced["transaction"] == "getSocialMetrics"
    assert event["tags"] == {"function": "getSocialMetrics", "request_id": "asked-1"}
    assert event["exception"]["values"][-1]["value"] == "database_unavailable"
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert any(frame["function"] == "rpc" and "vars" not in frame for frame in frames)
    assert event["contexts"]["trace"]["trace_id"] == traced["contexts"]["trace"]["trace_id"]
    assert traced["contexts"]["trace"]["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert traced["contexts"]["trace"]["parent_span_id"] == "b7ad6b7169203331"
    assert {(span["op"], span["description"]) for span in traced["spans"]} == {("db", "db")}


def test_what_callers_do_wrong_is_no_error(stack: Stack, user: User, watch: Watch) -> None:
    watched = watch("words")
    for body in ({}, {"project_id": str(uuid.uuid4())}):
        assert watched.post("getSocialMetrics", body, headers=stack.headers(user)).status_code in {404, 422}
    assert watched.post("getSocialMetrics", {}, headers={"Authorization": "Bearer a.b.c"}).status_code == 401
    assert watched.post("reconcileSubscriptions", {}, headers=stack.headers(user)).status_code == 403
    wait_for(watched, "transaction", 4)
    watched.end()
    assert watched.envelopes.of("event") == []


def test_what_waits_is_sent_when_the_process_is_told_to_end(stack: Stack, watch: Watch) -> None:
    """At once after the answer: no time was left for the thread that sends."""
    watched = watch("words", supabase=False, SENTRY_TRACES_SAMPLE_RATE="0")
    watched.vendors.mode = 500
    for _ in range(5):
        watched.post("refreshSocialMetrics", {}, headers=stack.headers("service"))
    watched.end()
    assert watched.envelopes.of("transaction") == []
    assert len(watched.envelopes.of("event")) >= 5
