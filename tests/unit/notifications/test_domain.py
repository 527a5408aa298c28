"""What SendGrid's events mean."""

from typing import Any

import pytest
from showcase.notifications.domain import backoff, read_event

ID = "00000000-0000-4000-8000-0000000000aa"


def reported(event: Any = "delivered", **more: Any) -> dict[str, Any]:
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
        (reported("processed"), "sent", None),
        (reported("deferred", response="400 later"), "sent", None),
        (reported("delivered"), "delivered", None),
        (reported("spamreport"), "delivered", "spamreport"),
        (reported("bounce", type="bounce", reason="550"), "bounced", "bounce"),
        (reported("bounce", reason="550"), "bounced", "bounce"),
        (reported("bounce", type="blocked", reason="421 busy"), "bounced", None),
        (reported("dropped", reason="Bounced Address"), "suppressed", "dropped"),
        (reported("dropped", reason="Spam Reporting Address"), "suppressed", "dropped"),
        (reported("dropped", reason="Unsubscribed Address"), "suppressed", None),
        (reported("dropped", reason="Invalid"), "suppressed", "dropped"),
        (reported("dropped", reason="Invalid SMTPAPI header"), "failed", None),
        (reported("dropped", reason="Recipient List over Package Quota"), "failed", None),
        (reported("dropped", reason="Spam Content"), "failed", None),
        (reported("unsubscribe"), None, None),
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
        reported("open"),
        reported("click"),
        reported(None),
        reported("account_status_change"),
        reported(timestamp="1772323200"),
        reported(timestamp=True),
        reported(timestamp=-1),
        reported(timestamp=10**15),
    ],
)
def test_what_means_nothing_is_passed_over(nonsense: Any) -> None:
    assert read_event(nonsense) is None


def test_odd_fields_are_made_storable() -> None:
    read = read_event(reported(notification_id="x", email=None, sg_message_id=7, reason="a\x00b\r\nc" + "d" * 999))
    assert read is not None
    assert (read.notification_id, read.email, read.message_id) == (None, "", "")
    assert read.reason is not None
    assert read.reason.startswith("delivered: a b  c")
    assert len(read.reason) == 300


def test_waits_double_with_jitter_up_to_an_hour() -> None:
    for attempt in range(1, 60):
        longest = min(3600, 30 * 2 ** (attempt - 1))
        assert longest / 2 <= backoff(attempt, 30) <= longest
