"""What SendGrid's events mean."""

from typing import Any

import pytest
from showcase.notifications.domain import backoff, read_event

ID = "00000000-0000-4000-8000-0000000000aa"


def told(event: Any = "delivered", **more: Any) -> dict[str, Any]:
    return {
        "event": event,
        "timestamp": 1772323200,
        "email": "ada@example.com",
        "sg_message_id": "abc.recvd-1.0",
        "notification_id": ID,
        **more,
    }


@pytest.mark.parametrize(
    ("event", "verdict", "suppress"),
    [
        (told("processed"), "sent", None),
        (told("deferred", response="400 later"), "sent", None),
        (told("delivered"), "delivered", None),
        (told("spamreport"), "delivered", "spamreport"),
        (told("bounce", type="bounce", reason="550"), "bounced", "bounce"),
        (told("bounce", reason="550"), "bounced", "bounce"),
        (told("bounce", type="blocked", reason="421 busy"), "bounced", None),
        (told("dropped", reason="Bounced Address"), "suppressed", "dropped"),
        (told("dropped", reason="Spam Reporting Address"), "suppressed", "dropped"),
        (told("dropped", reason="Unsubscribed Address"), "suppressed", None),
        (told("dropped", reason="Invalid"), "suppressed", "dropped"),
        (told("dropped", reason="Invalid SMTPAPI header"), "failed", None),
        (told("dropped", reason="Recipient List over Package Quota"), "failed", None),
        (told("dropped", reason="Spam Content"), "failed", None),
        (told("unsubscribe"), None, None),
    ],
)
def test_what_events_mean(event: dict[str, Any], verdict: str | None, suppress: str | None) -> None:
    read = read_event(event)
    assert read is not None
    assert (read.verdict, read.suppress) == (verdict, suppress)
    assert (str(read.notification_id), read.message_id) == (ID, "abc")
    assert read.unsubscribe == (event["event"] == "unsubscribe")


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        7,
        "delivered",
        [],
        {},
        told("open"),
        told("click"),
        told(None),
        told("account_status_change"),
        told(timestamp="1772323200"),
        told(timestamp=True),
        told(timestamp=-1),
        told(timestamp=10**15),
    ],
)
def test_what_means_nothing_is_passed_over(nonsense: Any) -> None:
    assert read_event(nonsense) is None


def test_odd_fields_are_made_storable() -> None:
    read = read_event(told(notification_id="x", email=None, sg_message_id=7, reason="a\x00b\r\nc" + "d" * 999))
    assert read is not None
    assert (read.notification_id, read.email, read.message_id) == (None, "", "")
    assert read.reason is not None
    assert read.reason.startswith("delivered: a b  c")
    assert len(read.reason) == 300


def test_waits_double_with_jitter_up_to_an_hour() -> None:
    for attempt in range(1, 60):
        longest = min(3600, 30 * 2 ** (attempt - 1))
        assert longest / 2 <= backoff(attempt, 30) <= longest
