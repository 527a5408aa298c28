"""What the billing functions take and answer."""

import re
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field

from showcase.http import RequestModel, ResponseModel

_PATH = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@%/?#]|\{CHECKOUT_SESSION_ID\})*")


def _on_this_site(path: str) -> str:
    """A path that stays on the site, whatever browsers make of it: no host, no way up, also not encoded."""
    decoded = unquote(unquote(path))
    steps = urlsplit(decoded).path.split("/")
    if not _PATH.fullmatch(path) or decoded.startswith(("//", "/\\")) or "\\" in decoded or ".." in steps:
        raise ValueError("must be a path on this site, such as /settings/billing")
    return path


SitePath = Annotated[
    str,
    Field(min_length=1, max_length=500, json_schema_extra={"pattern": f"^{_PATH.pattern}$"}),
    AfterValidator(_on_this_site),
]


class CheckoutRequest(RequestModel):
    """The plan to buy, and where to go afterwards; success_path may contain {CHECKOUT_SESSION_ID}.

    A plan that is sold in several currencies or intervals is sold in the first, unless these say which.
    """

    plan: str = Field(min_length=1, max_length=64)
    currency: str | None = Field(default=None, pattern=r"^[a-z]{3}$")
    interval: Literal["day", "week", "month", "year"] | None = None
    success_path: SitePath
    cancel_path: SitePath


class CheckoutResponse(ResponseModel):
    """Where to send the browser: the checkout, or the portal for those who have a subscription already."""

    kind: Literal["checkout", "portal"]
    url: str


class PortalRequest(RequestModel):
    """Where to go afterwards."""

    return_path: SitePath


class PortalResponse(ResponseModel):
    """Where to send the browser."""

    url: str


class EventReceipt(ResponseModel):
    """What became of an event: applied, stale (a later version was applied already), unknown_user, recorded, ..."""

    outcome: str


class ReconcileRequest(RequestModel):
    """`anew` begins at the first subscription instead of where the last run stopped.

    An operator's word, for this once: `accept_account` takes the key's account for the one that our rows are of,
    `accept_cancellations` lets as many subscriptions end as Stripe says.
    """

    anew: bool = False
    accept_account: bool = False
    accept_cancellations: bool = False


class Repair(ResponseModel):
    """A subscription that was not as it is at Stripe: the columns that differed, or `created`."""

    subscription: str
    changed: list[str]


class ReconcileResponse(ResponseModel):
    """What a run did; `finished` when it came to the end, else `stopped` says why not.

    `findings` are what somebody has to look at, by kind.
    """

    finished: bool
    stopped: str | None
    pages: int
    checked: int
    repaired: list[Repair]
    failed: list[str]
    events_replayed: int
    events_failed: int
    grace_ended: int
    findings: dict[str, int]


class CloseRequest(RequestModel):
    """Whose subscriptions to end, now, and whose customer to delete."""

    user_id: UUID


class CloseResponse(ResponseModel):
    """How many subscriptions were ended at Stripe."""

    canceled: int
