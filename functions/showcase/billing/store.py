"""Billing's calls to the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from showcase.billing.domain import Event
from showcase.database import Database


@dataclass(frozen=True)
class EventLease:
    """The right to process an event, with the version of what is fetched; or why not, and for how many seconds."""

    state: Literal["leased", "in_progress", "processed"]
    version: int = 0
    seconds: int = 0


@dataclass(frozen=True)
class Finding:
    """Something new that somebody has to look at."""

    kind: str
    subject: str


@dataclass(frozen=True)
class Applied:
    """What applying led to."""

    outcome: str
    findings: Sequence[Finding] = ()
    changed: Sequence[str] = ()


@dataclass(frozen=True)
class Account:
    """Somebody who may pay, and the price at which the plan that was asked for is sold, if it is."""

    email: str
    customer_id: str | None
    generation: int
    price_id: str | None
    lookup_key: str | None
    live_subscriptions: Sequence[str]


async def record(database: Database, event: Event, lease_seconds: int) -> EventLease:
    """Records an event and leases it, with a version drawn after it came and before Stripe is asked."""
    parameters = {"event_id": event.id, "type": event.type, "hint": event.reference(), "claim_seconds": lease_seconds}
    row: dict[str, Any] = await database.rpc("record_stripe_event", parameters)
    state: Any = "leased" if row["state"] == "claimed" else row["state"]
    return EventLease(state, row.get("ticket", 0), row.get("seconds", 0))


async def fail(database: Database, event: Event, version: int, error: str) -> None:
    await database.rpc("fail_stripe_event", {"event_id": event.id, "ticket": version, "error": error})


async def apply_subscription(
    database: Database, version: int, state: Mapping[str, Any], grace_seconds: int, event: Event | None = None
) -> Applied:
    """Row, tier, e-mails and event in one transaction."""
    parameters = {
        "ticket": version,
        "subscription": state,
        "grace_seconds": grace_seconds,
        "event_id": event.id if event else None,
        "emails": list(event.emails) if event else [],
    }
    return applied(await database.rpc("apply_stripe_subscription", parameters))


async def apply_customer(database: Database, event: Event, state: Mapping[str, Any]) -> Applied:
    return applied(await database.rpc("apply_stripe_customer", {"event_id": event.id, "customer": state}))


async def apply_charge(database: Database, event: Event, state: Mapping[str, Any]) -> Applied:
    parameters = {"event_id": event.id, "kind": event.kind, "charge": state}
    return applied(await database.rpc("apply_stripe_charge", parameters))


def applied(answer: Mapping[str, Any]) -> Applied:
    return Applied(answer["outcome"], findings(answer["findings"]), answer.get("changed", ()))


def findings(rows: Sequence[Mapping[str, str]]) -> list[Finding]:
    return [Finding(row["kind"], row["subject"]) for row in rows]


async def get_account(database: Database, user_id: UUID, plan: str | None = None) -> Account | None:
    row = await database.rpc("get_billing_account", {"user_id": str(user_id), "plan": plan})
    return Account(**row) if row else None


async def link_customer(database: Database, user_id: UUID, customer_id: str) -> str:
    """The customer that counts from now on: this one, unless another was first."""
    parameters = {"user_id": str(user_id), "customer_id": customer_id}
    return str(await database.rpc("link_stripe_customer", parameters))


async def unlink_customer(database: Database, customer_id: str) -> None:
    await database.rpc("unlink_stripe_customer", {"customer_id": customer_id})


@dataclass(frozen=True)
class Walk:
    """How far reconciliation has come, and the ticket for its next page."""

    phase: Literal["stripe", "ours"]
    reached: str | None
    ticket: int


@dataclass(frozen=True)
class StoredPage:
    """What a page of the walk led to, and the ticket for the next one."""

    ticket: int
    repaired: list[tuple[str, list[str]]]
    failed: list[str]
    findings: Sequence[Finding]


async def end_grace(database: Database) -> int:
    return int(await database.rpc("end_grace", {}))


async def failed_events(database: Database, number: int) -> list[Event]:
    return [Event.from_ledger(row) for row in await database.rpc("list_failed_stripe_events", {"number": number})]


async def begin_walk(database: Database, *, anew: bool) -> Walk:
    return Walk(**await database.rpc("begin_reconciliation", {"anew": anew}))


async def apply_page(
    database: Database,
    ticket: int,
    states: Sequence[Mapping[str, Any]],
    reached: str | None,
    reaches: str | None,
    grace_seconds: int,
) -> StoredPage | None:
    """A page of Stripe's subscriptions, and the walk moved on; None where another run has moved it already."""
    parameters = {
        "ticket": ticket,
        "subscriptions": list(states),
        "reached": reached,
        "reaches": reaches,
        "grace_seconds": grace_seconds,
    }
    row = await database.rpc("reconcile_stripe_page", parameters)
    if row["overtaken"]:
        return None
    return StoredPage(
        ticket=row["ticket"],
        repaired=[(one["subscription"], one["changed"]) for one in row["repaired"]],
        failed=[one["subscription"] for one in row["failed"]],
        findings=findings(row["findings"]),
    )


async def unmet(database: Database, after: str | None, number: int) -> list[str]:
    """Live subscriptions of ours that this walk did not meet at Stripe."""
    found: list[str] = await database.rpc("list_unmet_subscriptions", {"after": after, "number": number})
    return found


async def draw_ticket(database: Database) -> int:
    return int(await database.rpc("draw_stripe_ticket", {}))


async def finish_walk(database: Database) -> None:
    await database.rpc("finish_reconciliation", {})


async def count_findings(database: Database) -> dict[str, int]:
    """How many are open, by kind."""
    counts: dict[str, int] = await database.rpc("count_billing_findings", {})
    return counts
