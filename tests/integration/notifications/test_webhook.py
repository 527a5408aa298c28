"""SendGrid's event webhook: what is signed counts once, what is not leaves no trace."""

import base64
import json
import time
from typing import Any

import httpx
import pytest

from local.simulators.sendgrid.keys import sign, signing_key
from tests.support.users import User
from tests.support.vendors.sendgrid import Mail

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


def event(mail: Mail, user: User, kind: str = "delivered", **more: Any) -> dict[str, Any]:
    return {
        "email": user.email,
        "event": kind,
        "timestamp": int(time.time()),
        "sg_message_id": "abc.recvd",
        "sg_event_id": "e1",
        "notification_id": str(mail.of(user, "welcome")[0]["id"]),
        **more,
    }


def events_of(mail: Mail, user: User) -> list[str]:
    rows = mail.rows(
        """select event from private.notification_events join notifications on id = notification_id
           where user_id = %s order by event""",
        user.id,
    )
    return [row["event"] for row in rows]


@pytest.fixture
def user(mail: Mail) -> User:
    return mail.stack.make_user()


def test_a_signed_event_counts_once(mail: Mail, user: User) -> None:
    reported = event(mail, user)
    for again in ({}, {"sg_event_id": "e2"}, {"sg_event_id": "e3"}):
        answer = mail.tell(reported | again, reported)
        assert answer.status_code == 200, answer.text
    assert mail.of(user, "welcome")[0]["status"] == "delivered"
    assert events_of(mail, user) == ["delivered"]


def refused(mail: Mail, user: User, answer: httpx.Response, status: int = 400) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert events_of(mail, user) == []
    assert mail.of(user, "welcome")[0]["status"] == "queued"


def test_no_byte_can_be_changed(mail: Mail, user: User) -> None:
    body, headers = mail.signed(event(mail, user))
    for place in (0, 1, len(body) // 2, len(body) - 1):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        refused(mail, user, mail.deliver(changed, headers))
    for changed in (body + b" ", body[:-1], b"\xef\xbb\xbf" + body, body.replace(b"delivered", b"processed")):
        refused(mail, user, mail.deliver(changed, headers))
    assert mail.deliver(body, headers).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {SIGNATURE: ""},
        {SIGNATURE: "AAAA"},
        {SIGNATURE: "not base64!"},
        {SIGNATURE: "x" * 5000},
        {SIGNATURE: base64.b64encode(bytes(72)).decode()},
        {TIMESTAMP: ""},
        {TIMESTAMP: "0"},
        {TIMESTAMP: "now"},
        {TIMESTAMP: "-1"},
        {TIMESTAMP: "9" * 40},
        {TIMESTAMP: "1e9"},
    ],
    ids=lambda change: str(change)[:70],
)
def test_headers_that_do_not_belong_are_refused(mail: Mail, user: User, change: dict[str, str]) -> None:
    body, headers = mail.signed(event(mail, user))
    refused(mail, user, mail.deliver(body, {**headers, **change}))


def test_a_signature_holds_for_its_own_time(mail: Mail, user: User) -> None:
    now = int(time.time())
    body, headers = mail.signed(event(mail, user), timestamp=str(now))
    refused(mail, user, mail.deliver(body, {**headers, TIMESTAMP: str(now - 5)}))


def test_missing_headers_are_refused(mail: Mail, user: User) -> None:
    body, headers = mail.signed(event(mail, user))
    for name in (SIGNATURE, TIMESTAMP):
        refused(mail, user, mail.deliver(body, {k: v for k, v in headers.items() if k != name}))


@pytest.mark.parametrize(("age", "taken"), [(86_000, True), (91_000, False), (-200, True), (-400, False)])
def test_old_and_future_deliveries(mail: Mail, user: User, age: int, taken: bool) -> None:
    """SendGrid tells for 24 hours; a replay changes nothing."""
    answer = mail.deliver(*mail.signed(event(mail, user), timestamp=str(int(time.time()) - age)))
    if taken:
        assert answer.status_code == 200, answer.text
    else:
        refused(mail, user, answer)


def test_another_key_is_refused(mail: Mail, user: User) -> None:
    body, headers = mail.signed(event(mail, user))
    forged = sign(signing_key("another"), headers[TIMESTAMP], body)
    refused(mail, user, mail.deliver(body, {**headers, SIGNATURE: forged}))


def test_a_body_over_the_limit_is_refused(mail: Mail, user: User) -> None:
    _, headers = mail.signed(event(mail, user))
    refused(mail, user, mail.deliver(b" " * 10_000_000, headers), 413)


def test_what_is_signed_but_no_event_is_passed_over(mail: Mail, user: User) -> None:
    odd: list[Any] = [
        {"event": "open"},
        {"event": None},
        {},
        event(mail, user, timestamp="soon"),
        event(mail, user, notification_id="'; drop table notifications; --"),
        event(mail, user, notification_id="00000000-0000-4000-8000-00000000ffff"),
        event(mail, user, "bounce", notification_id=None, email="\u0000@\ud83d\ude00"),
        event(mail, user, reason="\u0000" * 9999, email="x" * 9999, sg_message_id=["a"]),
    ]
    answer = mail.deliver(*signed_raw(mail, json.dumps(odd).encode()))
    assert answer.status_code == 200, answer.text
    assert events_of(mail, user) == ["delivered"]


def test_a_long_batch_is_stored_whole(mail: Mail, user: User) -> None:
    now = int(time.time())
    reported = event(mail, user, "deferred")
    batch = [reported | {"timestamp": now - second} for second in range(1200)]
    answer = mail.tell(*batch)
    assert answer.json() == {"recorded": 1200}


def test_signed_text_that_is_no_list_is_refused(mail: Mail, user: User) -> None:
    for body in (b"{}", b"7", b"", b"[", b"[" * 100_000, b"\xff"):
        answer = mail.deliver(*signed_raw(mail, body))
        refused(mail, user, answer)


def signed_raw(mail: Mail, body: bytes) -> tuple[bytes, dict[str, str]]:
    """Any bytes under SendGrid's own signature."""
    now = str(int(time.time()))
    return body, {SIGNATURE: sign(signing_key(mail.seed), now, body), TIMESTAMP: now}


def test_the_stand_in_signs_what_it_says(mail: Mail, user: User) -> None:
    body, _ = mail.signed(event(mail, user))
    assert [each["event"] for each in json.loads(body)] == ["delivered"]
