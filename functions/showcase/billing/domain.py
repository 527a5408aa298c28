"""Billing's nouns. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID


class ObjectKind(StrEnum):
    """The object that an event makes us fetch from Stripe."""

    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    CUSTOMER = "customer"
    REFUND = "charge_refunded"
    DISPUTE = "charge_disputed"
    PRICES = "prices"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Event:
    """A notice that something changed: a reference to the object to fetch, and what cannot be fetched later.

    `prices` are as they were named when it happened; only events of connected accounts name theirs in `account`.
    `invoice_id` is the invoice that it is about; `upcoming` has amount_due, currency and period_end of an invoice that
    does not exist yet. `created` is in seconds since 1970: on a test clock it may be ahead of ours.
    """

    id: str
    type: str
    kind: ObjectKind
    object_id: str | None = None
    prices: tuple[Mapping[str, Any], ...] = ()
    livemode: bool | None = None
    account: str | None = None
    invoice_id: str | None = None
    upcoming: Mapping[str, Any] = field(default_factory=dict)
    created: int = 0

    def reference(self) -> dict[str, Any]:
        """The members that the ledger stores."""
        return {
            "kind": self.kind,
            "object_id": self.object_id,
            "prices": list(self.prices),
            "livemode": self.livemode,
            "account": self.account,
            "invoice_id": self.invoice_id,
            "upcoming": dict(self.upcoming),
            "created": self.created,
        }

    @classmethod
    def from_ledger(cls, row: Mapping[str, Any]) -> "Event":
        """From a row of `private.stripe_events`, whose `reference` is what `reference()` returned."""
        kept = row["reference"]
        return cls(
            row["id"],
            row["type"],
            ObjectKind(kept["kind"]),
            kept["object_id"],
            tuple(kept.get("prices", ())),
            kept.get("livemode"),
            kept.get("account"),
            kept.get("invoice_id"),
            kept.get("upcoming", {}),
            kept.get("created", 0),
        )


@dataclass(frozen=True)
class EventLease:
    """The right to process an event, with the version of what is fetched; or why not, and for how many seconds."""

    state: Literal["leased", "in_progress", "processed", "wrong_account"]
    version: int = 0
    seconds: int = 0


@dataclass(frozen=True)
class Finding:
    """Something new that an operator has to look at."""

    kind: str
    subject: str


@dataclass(frozen=True)
class Applied:
    """What applying led to: `changed` are the columns that differed, or `created`."""

    outcome: str
    findings: Sequence[Finding] = ()
    changed: Sequence[str] = ()


@dataclass(frozen=True)
class Offer:
    """The plan that a user wants to buy; the currency and interval only where they choose."""

    plan: str
    currency: str | None = None
    interval: str | None = None


@dataclass(frozen=True)
class Account:
    """A user who may pay, and the price at which the plan that was asked for is sold, if it is.

    `customer_id` is the first of `customers` at Stripe; `generation` is how many were deleted there.
    """

    user_id: UUID
    email: str
    customer_id: str | None
    customers: Sequence[str]
    generation: int
    price_id: str | None
    lookup_key: str | None
    trial_days: int | None
    email_stale: bool
    has_subscribed: bool
    live_subscriptions: Sequence[str]


@dataclass(frozen=True)
class Cursor:
    """How far reconciliation has come, and the version for its next page."""

    phase: Literal["subscriptions", "missing"]
    reached: str | None
    version: int


@dataclass(frozen=True)
class PageResult:
    """What a page led to, and the version for the next one."""

    version: int
    repaired: list[tuple[str, list[str]]]
    failed: list[str]
    findings: Sequence[Finding]
