"""Which e-mails follow from an event: they tell what happened, and not how things stand. No I/O."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def emails_of(kind: str, obj: Mapping[str, Any], subscription: str) -> tuple[Mapping[str, Any], ...]:
    """At most one, with a key that is the same however often and by which event we hear of it."""
    money = {"amount": obj.get("amount_due"), "currency": obj.get("currency")}
    invoice, reason = obj.get("id"), obj.get("billing_reason")
    match kind:
        case "invoice.upcoming":
            when = obj.get("period_end")
            return (_email("renewal_upcoming", f"{subscription}:{when}", date=_instant(when), **money),)
        # It comes also where the trial was cancelled, and then nothing is renewed.
        case "customer.subscription.trial_will_end" if not (obj.get("cancel_at_period_end") or obj.get("cancel_at")):
            when = obj.get("trial_end")
            return (_email("renewal_upcoming", f"{subscription}:{when}", date=_instant(when)),)
        case "invoice.paid" if reason == "subscription_cycle":
            paid = {**money, "amount": obj.get("amount_paid")}
            return (_email("renewal_succeeded", f"{invoice}", invoice_url=obj.get("hosted_invoice_url"), **paid),)
        # The first payment fails before the eyes of whoever makes it.
        case "invoice.payment_failed" | "invoice.payment_action_required" if reason != "subscription_create":
            again = _instant(obj.get("next_payment_attempt"))
            key, url = f"{invoice}:{obj.get('attempt_count')}", obj.get("hosted_invoice_url")
            return (_email("payment_failed", key, next_attempt=again, invoice_url=url, **money),)
    return ()


def _email(kind: str, key: str, **payload: Any) -> Mapping[str, Any]:
    told = {name: value for name, value in payload.items() if value is not None}
    return {"type": kind, "dedupe_key": key, "payload": told}


def _instant(seconds: Any) -> str | None:
    """Seconds since 1970 as ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if isinstance(seconds, int) else None
