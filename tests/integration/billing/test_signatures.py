"""What is not signed by Stripe, with a secret of ours and just now, is refused and leaves no row."""

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.billing.backend import OTHER_SECRET, SECRET, WEBHOOK, Backend, new_event, signed
from tests.support import plain_http

MEBIBYTE = 1024 * 1024
Headers = Callable[[bytes], dict[str, str]]


def an_event() -> dict[str, Any]:
    return new_event("balance.available", {"object": "balance"})


def header(value: str) -> Headers:
    return lambda _: {"Stripe-Signature": value}


def stamp(body: bytes, secret: str = SECRET, timestamp: str = "") -> tuple[str, str]:
    """A timestamp, and the signature of any that one likes."""
    timestamp = timestamp or str(int(time.time()))
    return timestamp, hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def several_wrong(body: bytes) -> dict[str, str]:
    timestamp, mark = stamp(body)
    return {"Stripe-Signature": f"t={timestamp}," + ",".join(f"v1={mark[n:]}{mark[:n]}" for n in range(1, 60))}


def other_scheme(body: bytes) -> dict[str, str]:
    timestamp, mark = stamp(body)
    return {"Stripe-Signature": f"t={timestamp},v0={mark}"}


def other_timestamp(body: bytes) -> dict[str, str]:
    """A true signature of long ago, said to be of now."""
    _, mark = stamp(body, timestamp="1700000000")
    return {"Stripe-Signature": f"t={int(time.time())},v1={mark}"}


ATTACKS: dict[str, Headers] = {
    "no header": lambda _: {},
    "empty header": header(""),
    "old": lambda body: signed(body, age=301),
    "other secret": lambda body: signed(body, secret="whsec_somebody_else"),
    "empty secret": lambda body: signed(body, secret=""),
    "several wrong": several_wrong,
    "other scheme": other_scheme,
    "other timestamp": other_timestamp,
    "of another body": lambda body: signed(body + b" "),
    "no timestamp": lambda body: {"Stripe-Signature": f"v1={stamp(body)[1]}"},
    "word as timestamp": header("t=now,v1=00"),
    "endless timestamp": header(f"t={'9' * 5000},v1=00"),
    "endless header": header("v1=" + "0" * 30_000),
    "not of ASCII": lambda body: {"Stripe-Signature": "t=1,v1=é"},
    "commas": header(",,,=,=v1"),
}


def refused(backend: Backend, body: bytes, headers: dict[str, str], status: int, code: str) -> None:
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    answer = plain_http.post(f"{backend.functions}{WEBHOOK}", content=body, headers=encoded, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert SECRET not in answer.text


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_attacks(backend: Backend, attack: Headers) -> None:
    event = an_event()
    body = json.dumps(event).encode()
    refused(backend, body, attack(body), 400, "invalid_signature")
    assert backend.event(event["id"]) == {}


def test_one_byte_more_or_less_or_other(backend: Backend) -> None:
    event = an_event()
    body = json.dumps(event).encode()
    headers = signed(body)
    for changed in (body + b"\n", body[:-1], body.replace(b"balance", b"charges"), b"\xef\xbb\xbf" + body, b""):
        refused(backend, changed, headers, 400, "invalid_signature")
    assert backend.event(event["id"]) == {}


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"id": "evt_\xff"}', b"\xed\xa0\x80"])
def test_bytes_that_are_no_text(backend: Backend, body: bytes) -> None:
    timestamp, mark = stamp(body)
    refused(backend, body, {"Stripe-Signature": f"t={timestamp},v1={mark}"}, 400, "invalid_signature")


def test_a_body_that_is_too_large(backend: Backend) -> None:
    event = an_event() | {"padding": "x" * 10 * MEBIBYTE}
    body = json.dumps(event).encode()
    refused(backend, body, signed(body), 413, "content_too_large")
    assert backend.event(event["id"]) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b'"evt_1"', b"{}", b"[" * 100_000, b'{"id": "evt_1"}', b'{"id": 7, "type": "a"}',
        b'{"id": "evt_\\u0000", "type": "invoice.paid"}', b'{"id": "evt_1", "type": "a\\ud800"}',
        '{"id": "evt_ü", "type": "invoice.paid"}'.encode(), b'{"id": "%s", "type": "a"}' % (b"e" * 300),
    ],
)  # fmt: skip
def test_what_is_signed_but_no_event(backend: Backend, body: bytes) -> None:
    before = backend.rows("select count(*) as n from private.stripe_events")
    refused(backend, body, signed(body), 400, "invalid_event")
    assert backend.rows("select count(*) as n from private.stripe_events") == before


@pytest.mark.parametrize("secret", [SECRET, OTHER_SECRET])
def test_each_of_our_secrets_counts(backend: Backend, secret: str) -> None:
    event = an_event()
    assert backend.send(event, secret=secret, age=290).json() == {"outcome": "recorded"}
    assert backend.event(event["id"])["type"] == "balance.available"


def test_one_true_signature_among_others_is_enough(backend: Backend) -> None:
    """As Stripe sends while a secret is being replaced there."""
    event = an_event()
    body = json.dumps(event).encode()
    timestamp, mark = stamp(body)
    headers = {"Stripe-Signature": f"t={timestamp},v1={'0' * 64},v1={mark},v0=1"}
    answer = plain_http.post(f"{backend.functions}{WEBHOOK}", content=body, headers=headers)
    assert answer.status_code == 200


def test_unknown_types_and_odd_objects_are_recorded(backend: Backend) -> None:
    odd: list[tuple[str, Any]] = [
        ("something.nobody.knows", {"id": "x", "text": "日本語 \U0001f600 \ud800"}),
        ("invoice.paid", {"id": "in_1", "customer": "cus_1"}),  # of no subscription
        ("invoice.paid", {"id": "in_1", "parent": {"subscription_details": None}, "subscription": None}),
        ("checkout.session.completed", {"id": "cs_1", "mode": "payment", "subscription": None}),
        ("customer.subscription.updated", {"id": "sub/../x"}),
        ("charge.dispute.created", {"id": "du_1", "charge": None}),
        ("customer.updated", None),
        ("customer.deleted", [1, 2]),
    ]
    for kind, obj in odd:
        event = new_event(kind, obj)
        assert backend.send(event).json() == {"outcome": "recorded"}, kind
        row = backend.event(event["id"])
        assert (row["type"], row["outcome"], row["attempts"]) == (kind, "recorded", 1)
        assert row["processed_at"] is not None
        assert backend.send(event).json() == {"outcome": "recorded"}


def test_nothing_but_post_is_taken(backend: Backend) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = plain_http.request(method, f"{backend.functions}{WEBHOOK}", params={"id": uuid.uuid4().hex})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
