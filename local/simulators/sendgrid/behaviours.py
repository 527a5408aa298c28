"""How SendGrid's simulator can be set to behave, beside what can happen to any server."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from local.simulators.behaviours import EVERYTHING, Behaviour
from local.simulators.faults import BadGateway, Delay, Dropped, Fault, GatewayTimeout, WrongShape


class RateLimited(Fault):
    """429 with `X-RateLimit-Reset`, and Retry-After when `retry_after` is given."""

    kind: Literal["rate_limited"] = "rate_limited"
    reset_seconds: float = Field(default=1, ge=0)
    retry_after: int | None = Field(default=None, ge=0)


class ServerError(Fault):
    """500, and the message is not taken."""

    kind: Literal["server_error"] = "server_error"


class ServiceUnavailable(Fault):
    """503, with Retry-After when `retry_after` is given; the message is not taken."""

    kind: Literal["service_unavailable"] = "service_unavailable"
    retry_after: int | None = Field(default=None, ge=0)


class BadCredentials(Fault):
    """The key is revoked: 401. Set it for `token:<key>`."""

    kind: Literal["bad_credentials"] = "bad_credentials"


class Refused(Fault):
    """400: the message is not acceptable."""

    kind: Literal["refused"] = "refused"


class AcceptThenDrop(Behaviour):
    """Takes the message, and closes the connection before the answer is complete."""

    kind: Literal["accept_then_drop"] = "accept_then_drop"


class AcceptThenTimeout(Behaviour):
    """Takes the message, and a gateway answers 504."""

    kind: Literal["accept_then_timeout"] = "accept_then_timeout"


class Bounce(Behaviour):
    """The recipient's server refuses: `bounce` for good, `blocked` this message only."""

    kind: Literal["bounce"] = "bounce"
    type: Literal["bounce", "blocked"] = "bounce"


class Drop(Behaviour):
    """SendGrid itself does not pass the message on: event `dropped`."""

    kind: Literal["drop"] = "drop"
    reason: str = "Bounced Address"


class SpamReport(Behaviour):
    """The recipient reports spam after the delivery."""

    kind: Literal["spam_report"] = "spam_report"


class Unsubscribe(Behaviour):
    """The recipient uses SendGrid's own link after the delivery."""

    kind: Literal["unsubscribe"] = "unsubscribe"


class NoEvents(Behaviour):
    """Nothing is reported about the message."""

    kind: Literal["no_events"] = "no_events"


class LateEvents(Behaviour):
    """Its events are reported after a while."""

    kind: Literal["late_events"] = "late_events"
    seconds: float = Field(gt=0, le=600)


class DuplicateEvents(Behaviour):
    """Each event gets an error that says so many times, with another sg_event_id each time."""

    kind: Literal["duplicate_events"] = "duplicate_events"
    copies: int = Field(default=2, ge=2, le=10)


class ReorderEvents(Behaviour):
    """Events are reported in the wrong order, each by itself."""

    kind: Literal["reorder_events"] = "reorder_events"


KINDS: tuple[type[Behaviour], ...] = (
    RateLimited, ServerError, ServiceUnavailable, BadCredentials, Refused, AcceptThenDrop, AcceptThenTimeout,
    Bounce, Drop, SpamReport, Unsubscribe, NoEvents, LateEvents, DuplicateEvents, ReorderEvents,
    Delay, BadGateway, GatewayTimeout, WrongShape, Dropped,
)  # fmt: skip

SendGridBehaviour = Annotated[
    RateLimited | ServerError | ServiceUnavailable | BadCredentials | Refused | AcceptThenDrop | AcceptThenTimeout
    | Bounce | Drop | SpamReport | Unsubscribe | NoEvents | LateEvents | DuplicateEvents | ReorderEvents
    | Delay | BadGateway | GatewayTimeout | WrongShape | Dropped,
    Field(discriminator="kind"),
]  # fmt: skip


def adapter() -> TypeAdapter[dict[str, list[SendGridBehaviour]]]:
    return TypeAdapter(dict[str, list[SendGridBehaviour]])


def scopes(subject: str) -> tuple[str, ...]:
    """Addresses in lower case; `*@example.com` stands for a domain."""
    name = subject.lower()
    domain = f"*@{name.rpartition('@')[2]}" if "@" in name else ""
    return tuple(dict.fromkeys(key for key in (name, domain, EVERYTHING) if key))
