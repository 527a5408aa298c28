"""How Stripe's simulator can be set to behave: its answers, and what becomes of its events.

Subjects are the tags of objects (`tags.py`): an id, a customer's e-mail, a metadata value or client_reference_id. After
a slash may stand one operation (`cus_1/subscriptions.retrieve`, `*/customers.create`) or one event type
(`sub_1/customer.subscription.updated`).
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from local.simulators.behaviours import EVERYTHING, Behaviour
from local.simulators.faults import BadGateway, Delay, Dropped, Fault, GatewayTimeout, Malformed, WrongShape


class ApiError(Fault):
    """500 with Stripe's api_error, before anything was done; an idempotency key is answered with it from then on."""

    kind: Literal["api_error"] = "api_error"


class RateLimited(Fault):
    """429 with the code rate_limit."""

    kind: Literal["rate_limited"] = "rate_limited"
    retry_after: int | None = Field(default=None, ge=0)


class InvalidKey(Fault):
    """The API key is revoked: 401. Set it for `token:<key>`."""

    kind: Literal["invalid_key"] = "invalid_key"


class LostAnswer(Behaviour):
    """Does what was asked, then closes the connection before the answer."""

    kind: Literal["lost_answer"] = "lost_answer"


class HoldDelivery(Behaviour):
    """Keeps events back until they are released, in an order of one's choice."""

    kind: Literal["hold_delivery"] = "hold_delivery"


class DropDelivery(Behaviour):
    """Never sends the event; it is still listed."""

    kind: Literal["drop_delivery"] = "drop_delivery"


class DelayDelivery(Behaviour):
    """Sends later."""

    kind: Literal["delay_delivery"] = "delay_delivery"
    seconds: float = Field(gt=0, le=600)


class ReorderDeliveries(Behaviour):
    """Sends each after a random while of up to so many seconds."""

    kind: Literal["reorder_deliveries"] = "reorder_deliveries"
    within_seconds: float = Field(default=0.2, gt=0, le=600)


class DuplicateDelivery(Behaviour):
    """Sends this often, at once."""

    kind: Literal["duplicate_delivery"] = "duplicate_delivery"
    copies: int = Field(default=2, ge=2, le=100)


KINDS: tuple[type[Behaviour], ...] = (
    HoldDelivery, DropDelivery, DelayDelivery, ReorderDeliveries, DuplicateDelivery,
    ApiError, RateLimited, InvalidKey, LostAnswer,
    Delay, BadGateway, GatewayTimeout, Malformed, WrongShape, Dropped,
)  # fmt: skip

StripeBehaviour = Annotated[
    HoldDelivery | DropDelivery | DelayDelivery | ReorderDeliveries | DuplicateDelivery
    | ApiError | RateLimited | InvalidKey | LostAnswer
    | Delay | BadGateway | GatewayTimeout | Malformed | WrongShape | Dropped,
    Field(discriminator="kind"),
]  # fmt: skip


def adapter() -> TypeAdapter[dict[str, list[StripeBehaviour]]]:
    return TypeAdapter(dict[str, list[StripeBehaviour]])


def scopes(subject: str) -> tuple[str, ...]:
    """One operation of one subject, all of that subject, that operation of everything, everything."""
    if subject == EVERYTHING:
        return (EVERYTHING,)
    name, slash, part = subject.partition("/")
    if not slash:
        return (name, EVERYTHING)
    return (subject, EVERYTHING) if name == EVERYTHING else (subject, name, f"{EVERYTHING}/{part}", EVERYTHING)
