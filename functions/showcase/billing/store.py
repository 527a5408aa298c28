"""Billing's calls to the database. Those that apply what Stripe said raise WrongAccount where it is of another mode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from typing_extensions import TypedDict

from showcase.billing.domain import Account, Applied, Cursor, Event, EventLease, Finding, Offer, PageResult
from showcase.billing.errors import WrongAccount
from showcase.database import Database, checked


class _LedgerRow(TypedDict):
    id: str
    type: str
    reference: dict[str, Any]


class _StaleCustomer(TypedDict):
    customer_id: str
    email: str


class _Repaired(TypedDict):
    subscription: str
    changed: list[str]


class _Failed(TypedDict):
    subscription: str


@dataclass(frozen=True)
class _Page:
    state: Literal["applied"]
    version: int
    repaired: list[_Repaired]
    failed: list[_Failed]
    findings: list[Finding]


@dataclass(frozen=True)
class _NoPage:
    state: Literal["overtaken", "wrong_account"]


class _Cancellations(TypedDict):
    allowed: bool
    findings: list[Finding]


async def record(database: Database, event: Event, lease_seconds: int) -> EventLease:
    """Records an event and leases it, with a version drawn after it came and before Stripe is asked."""
    parameters = {"event_id": event.id, "type": event.type, "reference": event.reference()}
    return await database.rpc("record_stripe_event", {**parameters, "lease_seconds": lease_seconds}, EventLease)


async def fail(database: Database, event: Event, version: int, error: str) -> None:
    """Records the error of an attempt (a code), and ends the event's lease if it still has this version."""
    await database.rpc("fail_stripe_event", {"event_id": event.id, "version": version, "error": error})


async def apply_subscription(
    database: Database,
    version: int,
    state: Mapping[str, Any],
    grace_seconds: int,
    event: Event | None = None,
    emails: Sequence[Mapping[str, Any]] = (),
) -> Applied:
    """Row, tier, invoices, e-mails and event in one transaction."""
    parameters = {
        "version": version,
        "subscription": state,
        "grace_seconds": grace_seconds,
        "event_id": event.id if event else None,
        "emails": list(emails),
    }
    return await _apply(database, "apply_stripe_subscription", parameters)


async def apply_invoice(database: Database, version: int, event: Event, state: Mapping[str, Any]) -> Applied:
    """One that is no subscription's."""
    parameters = {"version": version, "invoice": state, "event_id": event.id}
    return await _apply(database, "apply_stripe_invoice", parameters)


async def apply_customer(database: Database, event: Event, state: Mapping[str, Any]) -> Applied:
    """Links or unlinks a customer as it is at Stripe now. Raises: WrongAccount."""
    return await _apply(database, "apply_stripe_customer", {"event_id": event.id, "customer": state})


async def apply_charge(database: Database, event: Event, state: Mapping[str, Any]) -> Applied:
    """Records a refund or a dispute as a finding; of a refund the user gets an e-mail."""
    parameters = {"event_id": event.id, "kind": event.kind, "charge": state}
    return await _apply(database, "apply_stripe_charge", parameters)


async def apply_prices(
    database: Database,
    version: int,
    states: Sequence[Mapping[str, Any]],
    event: Event | None = None,
    deleted: Sequence[str] = (),
) -> Applied:
    """Prices as they are at Stripe, and the rows of `plans` that show them."""
    parameters = {"version": version, "prices": list(states), "event_id": event.id if event else None}
    return await _apply(database, "apply_stripe_prices", {**parameters, "missing": list(deleted)})


async def retire_prices(database: Database, first_version: int) -> None:
    """Those that were not seen at this version or later are no longer sold."""
    await database.rpc("retire_stripe_prices", {"first_version": first_version})


async def _apply(database: Database, function: str, parameters: Mapping[str, Any]) -> Applied:
    applied = await database.rpc(function, parameters, Applied)
    if applied.outcome == "wrong_account":
        raise WrongAccount
    return applied


async def get_account(database: Database, user_id: UUID, offer: Offer | None = None) -> Account | None:
    """A user as a customer, with the price of `offer` where one is named; None: no such user."""
    wish = vars(offer) if offer else {}
    row = await database.rpc("get_billing_account", {"user_id": str(user_id), **wish}, dict[str, Any] | None)
    return checked({**row, "user_id": user_id}, Account) if row else None


async def link_customer(database: Database, user_id: UUID, customer_id: str) -> str:
    """The customer that the user buys with from now on: this one, unless another was first."""
    parameters = {"user_id": str(user_id), "customer_id": customer_id}
    return await database.rpc("link_stripe_customer", parameters, str)


async def unlink_customer(database: Database, customer_id: str) -> None:
    """Marks a customer as deleted at Stripe."""
    await database.rpc("unlink_stripe_customer", {"customer_id": customer_id})


async def stale_customers(database: Database, number: int, user_id: UUID | None = None) -> list[tuple[str, str]]:
    """Customers, of one user or of all, whose address at Stripe is old, each with the new one."""
    parameters = {"number": number, "user_id": str(user_id) if user_id else None}
    rows = await database.rpc("list_stale_customers", parameters, list[_StaleCustomer])
    return [(row["customer_id"], row["email"]) for row in rows]


async def mark_customer_current(database: Database, customer_id: str, email: str) -> None:
    """Records that Stripe has been given this address of a customer."""
    await database.rpc("mark_customer_current", {"customer_id": customer_id, "email": email})


async def check_account(database: Database, account_id: str | None, livemode: bool | None, *, accept: bool) -> bool:
    """Whether our rows are of this account; the first one that is seen, or accepted, is remembered."""
    parameters = {"account_id": account_id, "livemode": livemode, "accept": accept}
    return await database.rpc("check_stripe_account", parameters, bool)


async def report_wrong_account(
    database: Database, account_id: str | None, livemode: bool | None, missing: str | None
) -> Sequence[Finding]:
    """Records that the key seems to be of another account or mode; the findings that are new."""
    parameters = {"account_id": account_id, "livemode": livemode, "missing": missing}
    return await database.rpc("report_wrong_stripe_account", parameters, list[Finding])


async def end_grace(database: Database) -> int:
    """Takes the tier from users whose grace period is over; how many."""
    return await database.rpc("end_grace", {}, int)


async def failed_events(database: Database, number: int) -> list[Event]:
    """Up to `number` failed events without a lease, those first that were tried longest ago."""
    rows = await database.rpc("list_failed_stripe_events", {"number": number}, list[_LedgerRow])
    return [checked({**row["reference"], "id": row["id"], "type": row["type"]}, Event) for row in rows]


async def begin_reconciliation(database: Database, *, restart: bool, accept_cancellations: bool = False) -> Cursor:
    """Where the reconciliation goes on; with `restart`, at the first subscription."""
    parameters = {"restart": restart, "accept_cancellations": accept_cancellations}
    return await database.rpc("begin_reconciliation", parameters, Cursor)


async def apply_page(
    database: Database,
    version: int,
    states: Sequence[Mapping[str, Any]],
    reached: str | None,
    reaches: str | None,
    grace_seconds: int,
) -> PageResult | None:
    """A page of Stripe's subscriptions, and the cursor moved; None where another run has moved it already."""
    parameters = {
        "version": version,
        "subscriptions": list(states),
        "reached": reached,
        "reaches": reaches,
        "grace_seconds": grace_seconds,
    }
    row: _Page | _NoPage = await database.rpc("reconcile_stripe_page", parameters, _Page | _NoPage)
    if row.state == "wrong_account":
        raise WrongAccount
    if row.state == "overtaken":
        return None
    return PageResult(
        version=row.version,
        repaired=[(one["subscription"], one["changed"]) for one in row.repaired],
        failed=[one["subscription"] for one in row.failed],
        findings=row.findings,
    )


async def missing_subscriptions(database: Database, after: str | None, number: int) -> list[str]:
    """Live subscriptions of ours that this reconciliation has not seen to be live at Stripe."""
    parameters = {"after": after, "number": number}
    return await database.rpc("list_missing_subscriptions", parameters, list[str])


async def check_cancellations(database: Database, at_least: int, share: float) -> tuple[bool, Sequence[Finding]]:
    """Whether so many may end, and the findings that are new."""
    row = await database.rpc("check_cancellations", {"at_least": at_least, "share": share}, _Cancellations)
    return row["allowed"], row["findings"]


async def next_version(database: Database) -> int:
    """A version for what is fetched from Stripe after this call."""
    return await database.rpc("next_stripe_version", {}, int)


async def finish_reconciliation(database: Database, *, completed: bool) -> None:
    """Ends it, completed or stopped; the next run begins at the first subscription."""
    await database.rpc("finish_reconciliation", {"completed": completed})


async def count_findings(database: Database) -> dict[str, int]:
    """How many are open, by kind."""
    return await database.rpc("count_billing_findings", {}, dict[str, int])
