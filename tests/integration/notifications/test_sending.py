"""From the outbox to an inbox, through everything that SendGrid and the way to it may do."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.vendors.sendgrid import Mail

KEY = "token:SG.local"


def test_an_email_is_sent_and_its_delivery_noted(mail: Mail) -> None:
    user = mail.stack.make_user()
    one = mail.queue(user, "renewal_succeeded", amount=900, currency="usd", plan="Pro")
    row = mail.until(one, "delivered")
    assert (row["attempts"], row["error"]) == (1, None)
    assert row["sent_at"] is not None
    message = next(m for m in mail.messages(user.email) if m["custom_args"] == {"notification_id": str(one)})
    assert message["id"].startswith(f"{row['provider_message_id']}.")
    assert message["subject"] == "Thank you: $9.00 received"
    assert "Plan: Pro" in message["text"]


@pytest.mark.parametrize(
    "behaviours",
    [
        [{"kind": "rate_limited", "reset_seconds": 1, "times": 2}],
        [{"kind": "rate_limited", "retry_after": 1, "times": 1}],
        [{"kind": "server_error", "times": 3}],
        [{"kind": "service_unavailable", "retry_after": 1, "times": 1}],
        [{"kind": "delay", "seconds": 0.5}],
    ],
    ids=lambda behaviours: behaviours[0]["kind"],
)
def test_what_was_not_taken_is_tried_again(mail: Mail, behaviours: list[dict[str, Any]]) -> None:
    user = mail.stack.make_user()
    mail.until(mail.of(user, "welcome")[0]["id"], "sent", "delivered")
    mail.behave(user.email, *behaviours)
    row = mail.until(mail.queue(user), "sent", "delivered")
    assert row["attempts"] == 1 + behaviours[0].get("times", 0)
    assert mail.accepted(user.email) == 2


def test_a_wait_of_years_is_cut_short(mail: Mail) -> None:
    user = mail.stack.make_user()
    mail.behave(user.email, {"kind": "service_unavailable", "retry_after": 10**9})
    one = mail.of(user, "welcome")[0]["id"]
    mail.dispatch()
    row = mail.row(one)
    assert (row["status"], row["attempts"]) == ("queued", 1)
    assert row["next_attempt_at"] < datetime.now(UTC) + timedelta(hours=2)


@pytest.mark.parametrize("kind", ["accept_then_drop", "accept_then_timeout"])
def test_a_lost_answer_is_settled_by_its_events_and_sent_once(mail: Mail, kind: str) -> None:
    user = mail.stack.make_user()
    mail.behave(user.email, {"kind": kind}, {"kind": "late_events", "seconds": 1})
    one = mail.of(user, "welcome")[0]["id"]
    mail.dispatch()
    lost = mail.row(one)
    assert (lost["status"], mail.accepted(user.email)) == ("sending", 1)
    assert mail.until(one, "sent", "delivered")["attempts"] == 1
    assert mail.accepted(user.email) == 1


@pytest.mark.parametrize("kind", ["dropped", "bad_gateway", "gateway_timeout"])
def test_what_never_arrived_is_sent_when_its_time_to_settle_is_over(mail: Mail, kind: str) -> None:
    user = mail.stack.make_user()
    mail.behave(user.email, {"kind": kind, "times": 1})
    one = mail.of(user, "welcome")[0]["id"]
    started = time.monotonic()
    mail.dispatch()
    assert (mail.row(one)["status"], mail.accepted(user.email)) == ("sending", 0)
    assert mail.until(one, "sent", "delivered")["attempts"] == 2
    assert time.monotonic() - started >= 2.5
    assert mail.accepted(user.email) == 1


def test_what_sendgrid_refuses_is_not_tried_again(mail: Mail) -> None:
    user = mail.stack.make_user()
    mail.behave(user.email, {"kind": "refused"})
    row = mail.until(mail.of(user, "welcome")[0]["id"], "failed")
    assert (row["attempts"], row["error"]) == (1, "status 400")


@pytest.mark.parametrize(
    ("behaviour", "status", "suppressed"),
    [
        ({"kind": "bounce"}, "bounced", True),
        ({"kind": "bounce", "type": "blocked"}, "bounced", False),
        ({"kind": "drop", "reason": "Spam Reporting Address"}, "suppressed", True),
        ({"kind": "drop", "reason": "Spam Content"}, "failed", False),
        ({"kind": "spam_report"}, "delivered", True),
    ],
    ids=lambda value: "" if not isinstance(value, dict) else "-".join(map(str, value.values())),
)
def test_what_happens_to_one_decides_about_the_next(
    mail: Mail, behaviour: dict[str, Any], status: str, suppressed: bool
) -> None:
    user = mail.stack.make_user()
    mail.behave(user.email, behaviour | {"times": 1}, {"kind": "duplicate_events"}, {"kind": "reorder_events"})
    mail.until(mail.of(user, "welcome")[0]["id"], status)
    time.sleep(0.4)  # the rest of the events
    assert mail.of(user, "welcome")[0]["status"] == status
    row = mail.until(mail.queue(user), "suppressed" if suppressed else "delivered")
    assert row["error"] == ("address_suppressed" if suppressed else None)
    assert mail.accepted(user.email) == (1 if suppressed else 2)


def test_addresses_that_cannot_receive_get_nothing(mail: Mail) -> None:
    user = mail.stack.make_user(email=f"nobody-{time.monotonic_ns()}@no-address.invalid")
    row = mail.until(mail.of(user, "welcome")[0]["id"], "suppressed")
    assert (row["error"], row["attempts"], mail.accepted(user.email)) == ("no_address", 0, 0)


def test_a_payload_that_nobody_thought_of_holds_up_no_other(mail: Mail) -> None:
    odd, usual = mail.stack.make_user(), mail.stack.make_user()
    odd_one = mail.queue(odd, "weekly_metrics", projects=[{"title": 7, "platforms": {"a": 1}}, 3], more="x", gained=[])
    mail.rows("insert into notification_preferences values (%s, 'weekly_metrics', true)", odd.id)
    assert mail.until(odd_one, "sent", "delivered")["attempts"] == 1
    mail.until(mail.queue(usual), "sent", "delivered")


def test_a_revoked_key_stops_the_run_and_nothing_is_lost(mail: Mail) -> None:
    user = mail.stack.make_user()
    mail.until(mail.of(user, "welcome")[0]["id"], "delivered")
    mail.behave(KEY, {"kind": "bad_credentials"})
    try:
        one = mail.queue(user)
        assert mail.dispatch()["stopped"] == "rejected"
        row = mail.row(one)
        assert (row["status"], row["error"]) == ("queued", "rejected")
    finally:
        mail.behave(KEY)
    mail.rows("update notifications set next_attempt_at = now() where id = %s", one)
    mail.until(one, "delivered")
    assert mail.accepted(user.email) == 2
