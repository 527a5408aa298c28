"""Which e-mails follow from an event, by how things stand at Stripe when it is processed. No I/O.

An event may come late, twice, or after what it announced was undone: it says when to look, not what is so. What follows
from a change of the subscription itself (begun, to end, ended) is decided in SQL, beside the row: `billing_emails.sql`.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from showcase.billing.objects import LIVE, invoice_state, is_ending, subscription_state

FURTHEST = 60 * 86_400
"""How many seconds ahead a renewal is announced at most: Stripe does it 3 to 45 days before. Test clocks go further."""

Email = Mapping[str, Any]


def emails_of(
    event_type: str,
    upcoming: Mapping[str, Any],
    subscription: Mapping[str, Any],
    invoice: Mapping[str, Any],
    now: float,
) -> tuple[Email, ...]:
    """At most one, `{type, dedupe_key, payload}`; the key is the same however often and by which event it comes.

    `upcoming` is the event's own object where it is an invoice that does not exist yet, `invoice` the one that it is
    about, else the subscription's latest; either may be empty. `now` is in seconds since 1970.
    """
    if subscription["status"] not in LIVE:
        return ()
    match event_type:
        case "customer.subscription.trial_will_end":
            return tuple(_trial_ends(subscription, now))
        case "invoice.upcoming":
            return tuple(_renews(subscription, upcoming, now))
        case "invoice.paid":
            return tuple(_renewed(invoice))
        case "invoice.payment_failed" | "invoice.payment_action_required":
            return tuple(_payment_failed(invoice))
    return ()


def _trial_ends(subscription: Mapping[str, Any], now: float) -> Iterator[Email]:
    when = subscription.get("trial_end")
    if subscription["status"] == "trialing" and not is_ending(subscription) and _is_ahead(when, now):
        yield _email("renewal_upcoming", f"{subscription['id']}:{when}", date=_instant(when))


def _renews(subscription: Mapping[str, Any], upcoming: Mapping[str, Any], now: float) -> Iterator[Email]:
    when, amount = upcoming.get("period_end"), upcoming.get("amount_due")
    if is_ending(subscription) or not amount or not _is_ahead(when, now):
        return
    period_end = subscription_state(subscription)["current_period_end"]
    if period_end is None or period_end <= when:  # else it has renewed already
        key = f"{subscription['id']}:{when}"
        yield _email("renewal_upcoming", key, date=_instant(when), amount=amount, currency=upcoming.get("currency"))


def _renewed(invoice: Mapping[str, Any]) -> Iterator[Email]:
    amount = invoice.get("amount_paid")  # 0 where a coupon or credit paid all of it
    if invoice.get("billing_reason") == "subscription_cycle" and invoice.get("status") == "paid" and amount:
        yield _email(
            "renewal_succeeded",
            invoice["id"],
            amount=amount,
            currency=invoice.get("currency"),
            period_end=_instant(invoice_state(invoice)["period_end"]),
            invoice_url=invoice.get("hosted_invoice_url"),
        )


def _payment_failed(invoice: Mapping[str, Any]) -> Iterator[Email]:
    # The first payment fails before the eyes of the user who makes it.
    if invoice.get("billing_reason") == "subscription_create" or invoice.get("status") != "open":
        return
    if amount := invoice.get("amount_remaining"):
        yield _email(
            "payment_failed",
            f"{invoice['id']}:{invoice.get('attempt_count')}",
            amount=amount,
            currency=invoice.get("currency"),
            next_attempt=_instant(invoice.get("next_payment_attempt")),
            invoice_url=invoice.get("hosted_invoice_url"),
        )


def _is_ahead(when: Any, now: float) -> bool:
    return isinstance(when, int) and now < when <= now + FURTHEST


def _email(kind: str, key: str, **payload: Any) -> Email:
    known = {name: value for name, value in payload.items() if value is not None}
    return {"type": kind, "dedupe_key": key, "payload": known}


def _instant(seconds: Any) -> str | None:
    """Seconds since 1970 as ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if isinstance(seconds, int) else None
