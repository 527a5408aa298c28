"""SendGrid's simulator: what it accepts, refuses and reports, and the page that shows it."""

import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from sendgrid import SendGridAPIClient
from sendgrid.helpers.eventwebhook import EventWebhook
from sendgrid.helpers.mail import Mail

from tests.support.cluster import TestCluster
from tests.support.ports import free_port
from tests.support.vendors.simulators import running_simulator


class Receiver:
    """A webhook that keeps what it is reported; the first `refuse` times it says no."""

    def __init__(self) -> None:
        self.reported: list[tuple[bytes, dict[str, str]]] = []
        self.refuse = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.reported.append((body, {k.lower(): v for k, v in self.headers.items()}))
                outer.refuse -= 1
                self.send_response(500 if outer.refuse >= 0 else 204)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", free_port()), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def events(self, to: str, number: int) -> list[dict[str, Any]]:
        """Those about an address, once there are so many."""
        deadline = time.monotonic() + 10
        while True:
            found = [
                e
                for body, _ in list(self.reported)
                for e in httpx.Response(200, content=body).json()
                if e["email"] == to
            ]
            if len(found) >= number or time.monotonic() > deadline:
                return found
            time.sleep(0.02)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, daemon=True)
    thread.start()
    yield receiver
    receiver.server.shutdown()


@pytest.fixture(scope="module")
def sendgrid(
    cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory, receiver: Receiver
) -> Iterator[httpx.Client]:
    environment = {"SENDGRID_SIMULATOR_WEBHOOK_URL": receiver.url, "SENDGRID_SIMULATOR_RETRY_SECONDS": "0.1,0.1"}
    with running_simulator("sendgrid", cluster, tmp_path_factory.mktemp("sendgrid"), environment) as client:
        yield client


@pytest.fixture
def to() -> str:
    return f"{uuid.uuid4().hex}@example.com"


def message(to: str, **changes: Any) -> dict[str, Any]:
    return {
        "personalizations": [{"to": [{"email": to}], "custom_args": {"notification_id": "n1"}}],
        "from": {"email": "showcase@example.com", "name": "Showcase"},
        "subject": "Hello",
        "content": [{"type": "text/plain", "value": "Hi"}, {"type": "text/html", "value": "<p>Hi</p>"}],
        **changes,
    }


def send(client: httpx.Client, body: Any, key: str = "SG.test") -> httpx.Response:
    return client.post("/v3/mail/send", json=body, headers={"Authorization": f"Bearer {key}"})


def behave(client: httpx.Client, subject: str, *behaviours: dict[str, Any]) -> None:
    client.put("/_simulator/behaviours", json={subject: behaviours}).raise_for_status()


def accepted(client: httpx.Client, to: str) -> int:
    number: int = client.get("/_simulator", params={"subject": to}).json()["accepted"][to]
    return number


def test_the_sdk_sends_through_it(sendgrid: httpx.Client, to: str) -> None:
    client = SendGridAPIClient("SG.test", host=str(sendgrid.base_url).rstrip("/"))
    answer = client.send(Mail("showcase@example.com", to, "Hello", "Hi", "<p>Hi</p>"))
    assert answer.status_code == 202
    assert answer.headers["X-Message-Id"]
    (found,) = sendgrid.get("/_simulator/messages", params={"to": to}).json()["messages"]
    assert (found["subject"], found["text"], found["html"]) == ("Hello", "Hi", "<p>Hi</p>")
    assert found["id"].startswith(answer.headers["X-Message-Id"])


@pytest.mark.parametrize(
    "change",
    [
        {"personalizations": []},
        {"personalizations": [{"to": []}]},
        {"personalizations": [{"to": [{"email": "not an address"}]}]},
        {"personalizations": [{"to": [{"email": "a@b.example"}, {"email": "A@b.example"}]}]},
        {"from": None},
        {"subject": ""},
        {"subject": None},
        {"subject": "a\r\nBcc: x@y.example"},
        {"content": []},
        {"content": [{"type": "text/plain", "value": ""}]},
        {"content": [{"type": "text/html", "value": "a"}, {"type": "text/plain", "value": "a"}]},
        {"headers": {"Subject": "x"}},
        {"headers": {"X-A": "a\nb"}},
        {"headers": {"X-A": "ä"}},
        {"custom_args": {"a": "x" * 10_001}},
        {"categories": [str(n) for n in range(11)]},
        {"unknown": 1},
    ],
    ids=str,
)
def test_what_sendgrid_refuses(sendgrid: httpx.Client, to: str, change: dict[str, Any]) -> None:
    answer = send(sendgrid, message(to, **change))
    assert answer.status_code == 400
    assert all({"message"} <= error.keys() <= {"message", "field"} for error in answer.json()["errors"])
    assert accepted(sendgrid, to) == 0


def test_who_may_ask_and_how(sendgrid: httpx.Client, to: str) -> None:
    assert sendgrid.post("/v3/mail/send", json=message(to)).status_code == 401
    headers = {"Authorization": "Bearer SG.test", "Content-Type": "text/plain"}
    assert sendgrid.post("/v3/mail/send", content="{}", headers=headers).status_code == 415
    assert sendgrid.post("/v3/mail/sent", json={}).status_code == 404


@pytest.mark.parametrize(
    ("behaviour", "status", "taken"),
    [
        ({"kind": "rate_limited", "retry_after": 3}, 429, 0),
        ({"kind": "server_error"}, 500, 0),
        ({"kind": "service_unavailable"}, 503, 0),
        ({"kind": "bad_gateway"}, 502, 0),
        ({"kind": "refused"}, 400, 0),
        ({"kind": "accept_then_timeout"}, 504, 1),
        ({"kind": "delay", "seconds": 0.2}, 202, 1),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_behaviours(sendgrid: httpx.Client, to: str, behaviour: dict[str, Any], status: int, taken: int) -> None:
    behave(sendgrid, to, behaviour)
    answer = send(sendgrid, message(to))
    assert (answer.status_code, accepted(sendgrid, to)) == (status, taken)
    if status == 429:
        assert answer.headers["retry-after"] == "3"
        assert int(answer.headers["x-ratelimit-reset"]) >= int(time.time())


@pytest.mark.parametrize(("kind", "taken"), [("accept_then_drop", 1), ("dropped", 0)])
def test_connections_that_break(sendgrid: httpx.Client, to: str, kind: str, taken: int) -> None:
    behave(sendgrid, to, {"kind": kind})
    with pytest.raises(httpx.RemoteProtocolError):
        send(sendgrid, message(to))
    assert accepted(sendgrid, to) == taken


def test_events_are_signed_as_the_sdk_verifies_them(sendgrid: httpx.Client, receiver: Receiver, to: str) -> None:
    send(sendgrid, message(to))
    processed, delivered = receiver.events(to, 2)
    assert (processed["event"], delivered["event"]) == ("processed", "delivered")
    assert processed["notification_id"] == "n1"
    verifier = EventWebhook(sendgrid.get("/_simulator/webhook").json()["public_key"])
    for body, headers in receiver.reported:
        signature = headers["x-twilio-email-event-webhook-signature"]
        timestamp = headers["x-twilio-email-event-webhook-timestamp"]
        assert verifier.verify_signature(body.decode(), signature, timestamp)
        assert not verifier.verify_signature(body.decode() + " ", signature, timestamp)


@pytest.mark.parametrize(
    ("behaviours", "reported"),
    [
        ([{"kind": "bounce"}], ["processed", "bounce"]),
        ([{"kind": "drop"}], ["dropped"]),
        ([{"kind": "spam_report"}], ["processed", "delivered", "spamreport"]),
        ([{"kind": "unsubscribe"}], ["processed", "delivered", "unsubscribe"]),
        ([{"kind": "duplicate_events", "copies": 2}], ["processed", "processed", "delivered", "delivered"]),
        ([{"kind": "reorder_events"}], ["delivered", "processed"]),
        ([{"kind": "late_events", "seconds": 0.3}], ["processed", "delivered"]),
    ],
    ids=lambda value: value[0]["kind"] if isinstance(value[0], dict) else "",
)
def test_what_is_told(
    sendgrid: httpx.Client, receiver: Receiver, to: str, behaviours: list[dict[str, Any]], reported: list[str]
) -> None:
    behave(sendgrid, to, *behaviours)
    send(sendgrid, message(to))
    events = receiver.events(to, len(reported))
    assert [event["event"] for event in events] == reported
    assert len({event["sg_event_id"] for event in events}) == len(reported)


def test_nothing_is_told_where_that_is_wanted(sendgrid: httpx.Client, receiver: Receiver, to: str) -> None:
    behave(sendgrid, to, {"kind": "no_events"})
    send(sendgrid, message(to))
    time.sleep(0.3)
    assert receiver.events(to, 0) == []


def test_events_are_told_again_until_they_are_taken(sendgrid: httpx.Client, receiver: Receiver, to: str) -> None:
    receiver.refuse = 2
    send(sendgrid, message(to))
    assert len(receiver.events(to, 6)) == 6


def test_the_inbox_shows_mails_in_a_sandbox(sendgrid: httpx.Client, to: str) -> None:
    evil = "<html><head></head><body><script>alert(1)</script></body></html>"
    content = [{"type": "text/plain", "value": "<b>"}, {"type": "text/html", "value": evil}]
    send(sendgrid, message(to, subject="<i>Hello</i>", content=content))
    inbox = sendgrid.get("/_simulator/inbox", params={"to": to}).text
    assert "&lt;i&gt;Hello&lt;/i&gt;" in inbox
    (found,) = sendgrid.get("/_simulator/messages", params={"to": to}).json()["messages"]
    page = sendgrid.get(f"/_simulator/inbox/{found['id']}").text
    assert "<iframe sandbox" in page
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert sendgrid.get("/_simulator/inbox/none").status_code == 404
    assert sendgrid.delete("/_simulator/messages", params={"to": to}).status_code == 204
    assert sendgrid.get("/_simulator/messages", params={"to": to}).json() == {"messages": []}
    assert accepted(sendgrid, to) == 0
