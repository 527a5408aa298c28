"""Nouns of e-mails, and what SendGrid's answers and events mean for them. No I/O."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID

LONGEST_BACKOFF = 3600.0  # seconds
LONGEST_REASON = 300


class NotificationType(StrEnum):
    """The types of e-mails, as `notifications.type` has them."""

    WELCOME = "welcome"
    SUBSCRIPTION_STARTED = "subscription_started"
    RENEWAL_UPCOMING = "renewal_upcoming"
    RENEWAL_SUCCEEDED = "renewal_succeeded"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_REFUNDED = "payment_refunded"
    CANCELLATION_SCHEDULED = "cancellation_scheduled"
    CANCELLATION_WITHDRAWN = "cancellation_withdrawn"
    SUBSCRIPTION_CANCELED = "subscription_canceled"
    ACCOUNT_DELETED = "account_deleted"
    DATA_EXPORT_READY = "data_export_ready"
    WEEKLY_METRICS = "weekly_metrics"
    CONTACT_MESSAGE = "contact_message"


# What users may decline; the rest belongs to their contract or their account.
OPTIONAL = frozenset(
    {NotificationType.RENEWAL_UPCOMING, NotificationType.WEEKLY_METRICS, NotificationType.CONTACT_MESSAGE}
)
# What users may ask for again themselves.
ASKABLE = frozenset({NotificationType.WELCOME, NotificationType.DATA_EXPORT_READY})

# What `notifications.status` can be.
Status = Literal["queued", "sending", "sent", "delivered", "bounced", "failed", "suppressed"]
Outcome = Literal["sent", "retry", "failed", "unknown", "returned"]
Verdict = Literal["sent", "delivered", "bounced", "failed", "suppressed"]


@dataclass(frozen=True)
class Notification:
    """A leased e-mail: until it is settled no other dispatcher sends it. `attempt` counts from 1."""

    id: UUID
    user_id: UUID
    type: NotificationType
    attempt: int
    email: str
    username: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class NotificationLease:
    """E-mails to send now, and how many were closed instead: given up, suppressed or declined."""

    notifications: list[Notification]
    closed: int


@dataclass(frozen=True)
class QueuedNotification:
    """A notification that sendNotification asked for, and its status."""

    id: UUID
    status: Status
    retry_after: int | None = None  # seconds, where it was not sent again since that is too early


@dataclass(frozen=True)
class SitePages:
    """The pages of the site that e-mails speak of: addresses, each with `{site}` and `{username}` to be filled in."""

    site: str  # without a trailing slash
    subscription: str
    plans: str
    account: str
    new_project: str
    numbers: str

    def of(self, username: str) -> "SitePages":
        """The pages as one user opens them."""
        names = [field.name for field in fields(self) if field.name != "site"]
        filled = {name: self._fill(getattr(self, name), username) for name in names}
        return replace(self, **filled)

    def _fill(self, address: str, username: str) -> str:
        return address.replace("{site}", self.site).replace("{username}", quote(username, safe=""))


@dataclass(frozen=True)
class Result:
    """The result of one attempt to hand an e-mail to SendGrid.

    sent: SendGrid accepted it. retry: it did not, and may after `wait` seconds. failed: it never will. unknown: the
    answer was lost, and the event webhook or the end of `wait` settles it. returned: there was no attempt, for a reason
    that is not this e-mail's.
    """

    outcome: Outcome
    message_id: str | None = None
    error: str | None = None
    wait: float = 0.0


def backoff(attempt: int, base: float) -> float:
    """Seconds to wait after this many attempts: doubling, with jitter, at most an hour."""
    longest = min(LONGEST_BACKOFF, base * 2 ** min(attempt - 1, 20))
    return random.uniform(longest / 2, longest)  # noqa: S311 - spreads load, keeps no secret


@dataclass(frozen=True)
class Event:
    """One of SendGrid's events, as it is stored.

    `verdict` is the status that it means; `suppress` the reason why its address gets no more e-mails, if it does not.
    """

    notification_id: UUID | None
    email: str
    event: str
    message_id: str
    occurred_at: datetime
    verdict: Verdict | None = None
    reason: str | None = None
    suppress: str | None = None
    unsubscribe: bool = False


# https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
_VERDICTS: Mapping[str, Verdict] = {
    "processed": "sent",
    "deferred": "sent",
    "delivered": "delivered",
    "bounce": "bounced",
    "spamreport": "delivered",
}
_KNOWN = frozenset({*_VERDICTS, "dropped", "unsubscribe", "group_unsubscribe"})
_LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


def read_event(reported: Any) -> Event | None:
    """An event that means something to us; None for opens, clicks, and what is no event at all."""
    if not isinstance(reported, dict):
        return None
    kind, timestamp = reported.get("event"), reported.get("timestamp")
    if kind not in _KNOWN or type(timestamp) is not int or not 0 <= timestamp < _LATEST:
        return None
    reason = _text(reported.get("reason")) or _text(reported.get("response"))
    verdict, suppress = _judge(kind, _text(reported.get("type")), reason)
    return Event(
        notification_id=_uuid(reported.get("notification_id")),
        email=_text(reported.get("email"))[:255],
        event=kind,
        # X-Message-Id is the part before the first dot of sg_message_id.
        message_id=_text(reported.get("sg_message_id")).partition(".")[0][:200],
        occurred_at=datetime.fromtimestamp(timestamp, UTC),
        verdict=verdict,
        reason=f"{kind}: {reason}"[:LONGEST_REASON] if reason else kind,
        suppress=suppress,
        unsubscribe=kind in {"unsubscribe", "group_unsubscribe"},
    )


def _judge(kind: str, bounce_type: str, reason: str) -> tuple[Verdict | None, str | None]:
    """The status that an event means, and why its address gets nothing more, where it does not.

    A bounce of the type `blocked` is a server's refusal of one message, not a dead address: SendGrid keeps no record of
    it either. `dropped` is SendGrid's own refusal: for the address's sake, or for the message's.
    """
    if kind == "bounce":
        return "bounced", None if bounce_type == "blocked" else "bounce"
    if kind == "spamreport":
        return "delivered", "spamreport"
    if kind == "dropped":
        word = reason.lower()
        if word.startswith("unsubscribed"):
            return "suppressed", None
        if word.startswith(("bounced", "spam reporting")) or word == "invalid":
            return "suppressed", "dropped"
        return "failed", None
    return _VERDICTS.get(kind), None


def _text(value: Any) -> str:
    """One line that Postgres can hold."""
    return "".join(c if c.isprintable() else " " for c in value).strip() if isinstance(value, str) else ""


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
