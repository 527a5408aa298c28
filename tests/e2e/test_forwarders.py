"""The functions as hosted Supabase serves them: forwarders before the real handlers, called by apps and by vendors."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import stripe
from showcase.routes import ENDPOINTS, find_endpoint

from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.doubles.forwarders import SECRET
from tests.support.doubles.hosted import OTHER_SECRET, Hosted, running_hosted
from tests.support.node import run_script
from tests.support.stack import Stack
from tests.support.users import User
from tests.support.vendors.openai import identifier, read_events

PUBLISHED = "00000000-0000-4000-8000-000000000101"  # of the demo rows
NOBODY = str(uuid.uuid4())
CONTENT = {"content": {"title": "Loom", "description": "It weaves. " * 50}}

# As whom, with what, and the status that comes.
CALLS: dict[str, tuple[str, dict[str, Any] | None, int]] = {
    "getSocialMetrics": ("anon", {"project_id": PUBLISHED}, 200),
    "refreshSocialMetrics": ("service", {}, 200),
    "metricsCard": ("anon", None, 200),
    "webhooks/stripe": ("anon", {}, 400),
    "createCheckoutSession": ("user", {"plan": "pro_monthly", "success_path": "/a", "cancel_path": "/b"}, 200),
    "createPortalSession": ("user", {"return_path": "/a"}, 200),
    "reconcileSubscriptions": ("service", {}, 200),
    "closeBillingAccount": ("service", {"user_id": NOBODY}, 200),
    "sendNotification": ("user", {"type": "welcome"}, 422),
    "dispatchNotifications": ("service", {}, 200),
    "queueWeeklyMetrics": ("service", {}, 200),
    "unsubscribe": ("anon", None, 400),
    "webhooks/sendgrid": ("anon", {}, 400),
    "aiDesignAssistant": ("user", CONTENT, 200),
    "createUploadUrl": ("user", {"project_id": PUBLISHED, "content_type": "image/png", "size": 1}, 403),
    "confirmUpload": ("user", {"upload_id": NOBODY}, 404),
    "getUpload": ("user", None, 422),
    "sweepMedia": ("service", {}, 200),
    "generateQrCode": ("user", {}, 200),
    "exportAccount": ("user", {}, 200),
    "getAccountExport": ("user", {}, 200),
    "continueAccountExports": ("service", {}, 200),
    "deleteAccount": ("user", {"username": "somebody else"}, 422),
    "getAccountDeletion": ("anon", {"receipt_id": NOBODY}, 404),
    "cancelAccountDeletion": ("user", {}, 409),
    "continueAccountDeletions": ("service", {}, 200),
    "watchSystem": ("service", {}, 200),
    "health": ("anon", None, 200),
}


@pytest.fixture(scope="module")
def hosted(stack: Stack, cluster: TestCluster) -> Iterator[Hosted]:
    with running_hosted(stack, cluster) as hosted:
        yield hosted


def wait_for(what: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_supabase_js_calls_every_function(hosted: Hosted, user: User) -> None:
    assert set(CALLS) == set(ENDPOINTS)
    stack = hosted.stack
    calls = [
        {
            "name": f"{path}?project_id={PUBLISHED}" if path == "metricsCard" else path,
            "key": stack.secret_key if caller == "service" else stack.publishable_key,
            "token": user.token if caller == "user" else None,
            "method": "GET" if body is None else "POST",
            **({} if body is None else {"body": body}),
        }
        for path, (caller, body, _) in CALLS.items()
    ]
    answers = dict(zip(CALLS, run_script("forwarders.mjs", url=hosted.edge.url, calls=calls)["answers"], strict=True))
    assert {path: answer["status"] for path, answer in answers.items()} == {
        path: status for path, (_, _, status) in CALLS.items()
    }, answers
    assert answers["getSocialMetrics"]["body"]["project_id"] == PUBLISHED
    assert answers["aiDesignAssistant"]["body"]["blocks"]
    assert answers["createCheckoutSession"]["body"]["url"].startswith("http")
    assert answers["getAccountDeletion"]["body"]["code"]


def test_a_user_alone_passes_where_the_edge_looks(hosted: Hosted, user: User) -> None:
    """With the key that an app has and nobody's token, supabase-js comes no further than the edge."""
    stack = hosted.stack
    calls = [{"name": "generateQrCode", "key": stack.publishable_key, "method": "POST", "body": {}}]
    (answer,) = run_script("forwarders.mjs", url=hosted.edge.url, calls=calls)["answers"]
    assert (answer["status"], answer["body"]) == (401, {"code": 401, "message": "Invalid JWT"})


def test_a_design_arrives_block_by_block(hosted: Hosted, user: User) -> None:
    """The first is read while the model is still at work on the others."""
    hosted.designer.behave(identifier(user), {"kind": "slow", "seconds": 0.02})
    headers = hosted.designer.headers(user, accept="text/event-stream")
    with hosted.edge.client(**headers) as client, client.stream("POST", "aiDesignAssistant", json=CONTENT) as answer:
        pieces = answer.iter_text()
        text = next(pieces)
        assert hosted.designer.sessions(user)[0]["status"] == "running"
        text += "".join(pieces)
    assert read_events(text)[-1][0] == "done"


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_who_goes_away_takes_the_upstream_call_along(hosted: Hosted, user: User, accept: str) -> None:
    hosted.designer.behave(identifier(user), {"kind": "delay", "seconds": 20, "on": "/v1/chat/completions"})
    headers = hosted.designer.headers(user, accept=accept) | {"Content-Type": "application/json"}
    at_work = lambda: wait_for(lambda: hosted.designer.received(identifier(user)))  # noqa: E731
    hosted.edge.leave("aiDesignAssistant", headers, json.dumps(CONTENT).encode(), at_work)
    wait_for(lambda: hosted.designer.sessions(user)[0]["status"] != "running")
    assert hosted.designer.sessions(user)[0]["error_code"] == "client_gone"
    wait_for(lambda: hosted.designer.received(identifier(user))[0]["ended"] == "hung up")


def test_stripes_signature_survives_and_nothing_but_stripes(hosted: Hosted) -> None:
    """The bytes are odd on purpose: read as JSON and written again, they would be others."""
    body = (
        '{"id": "evt_%s",\r\n "object":"event", "type" : "ping",  "created": 1, "data": {"object": {"\\u00fc": "ü"}}}'
    )
    for tampered, status in ((False, 200), (True, 400)):
        event = (body % uuid.uuid4().hex).encode()
        signature = stripe.WebhookSignature.generate_signature_header(
            event.decode(), hosted.stripe_secret.split(",")[0], int(time.time())
        )
        sent = event.replace(b"\r\n", b"\n") if tampered else event
        with hosted.edge.client(**{"Stripe-Signature": signature}) as client:
            answer = client.post("webhooks/stripe", content=sent, headers={"Content-Type": "application/json"})
        assert answer.status_code == status, answer.text


def test_what_stripe_delivers_changes_the_tier(hosted: Hosted, user: User) -> None:
    """Checkout by supabase-js, paid at Stripe, reported by its webhook."""
    call: dict[str, Any] = {"name": "createCheckoutSession", "key": hosted.stack.publishable_key, "token": user.token}
    call |= {"method": "POST", "body": CALLS["createCheckoutSession"][1]}
    (answer,) = run_script("forwarders.mjs", url=hosted.edge.url, calls=[call])["answers"]
    assert answer["body"]["kind"] == "checkout"
    simulator = hosted.designer.settings.simulator_url("stripe")
    plain_http.post(f"{simulator}/_simulator/checkout/{user.id}", json={}, timeout=30).raise_for_status()

    def tier() -> Any:
        with psycopg.connect(hosted.stack.database_url) as connection:
            return connection.execute("select tier from private.users where id = %s", (user.id,)).fetchone()

    wait_for(lambda: tier() == ("paid",))


def test_sendgrids_signature_survives(hosted: Hosted, user: User) -> None:
    notification = hosted.mail.of(user, "welcome")[0]["id"]
    reported = {"email": user.email, "event": "delivered", "timestamp": int(time.time()), "sg_message_id": "a.recvd"}
    body, headers = hosted.mail.signed(
        {**reported, "sg_event_id": uuid.uuid4().hex, "notification_id": str(notification)}
    )
    assert hosted.mail.deliver(body.replace(b"delivered", b"bounce"), headers).status_code in {400, 401, 403}
    assert hosted.mail.deliver(body, headers).status_code == 200
    assert hosted.mail.row(notification)["status"] == "delivered"


@pytest.mark.parametrize("path", ["getSocialMetrics", "webhooks/sendgrid", "webhooks/stripe"])
@pytest.mark.parametrize("announced", [True, False])
def test_six_megabytes_are_refused_by_the_handler(hosted: Hosted, path: str, announced: bool) -> None:
    large = b" " * (6 * 1024 * 1024)
    with hosted.edge.client(**{"Content-Type": "application/json"}) as client:
        answer = client.post(path, content=large if announced else iter([large[:99], large[99:]]))
    assert (answer.status_code, answer.json()["code"]) == (413, "content_too_large")


@pytest.mark.parametrize("shown", [None, "", "guessed", SECRET[:-1], SECRET.upper(), f"{OTHER_SECRET}, {SECRET}", "ü"])
def test_the_handlers_answer_forwarders_alone(hosted: Hosted, shown: str | None) -> None:
    """Whatever is asked for: not even which functions there are is reported."""
    headers = {} if shown is None else {"x-functions-backend-secret": shown.encode("latin-1")}
    calls = [(find_endpoint(path).method.partition(",")[0], path) for path in ENDPOINTS]
    with plain_http.Client(base_url=f"{hosted.handlers}/functions/v1/", headers=headers, trust_env=False) as client:  # type: ignore[arg-type]
        for method, path in [*calls, ("OPTIONS", "health"), ("GET", "nonsuch"), ("POST", "")]:
            answer = client.request(method, path, headers={"apikey": hosted.stack.secret_key})
            assert (answer.status_code, answer.json()["code"]) == (403, "not_from_gateway"), path
            assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_both_secrets_count_while_one_replaces_the_other(hosted: Hosted) -> None:
    for secret in (SECRET, OTHER_SECRET):
        answer = plain_http.get(
            f"{hosted.handlers}/functions/v1/health", headers={"x-functions-backend-secret": secret}, trust_env=False
        )
        assert answer.status_code == 200
        assert json.dumps(answer.json()).find(secret) == -1
