"""How LinkedIn's simulator can be set to behave, beside what can happen to any server."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, TypeAdapter

from local.simulators.behaviours import Behaviour
from local.simulators.faults import BadGateway, Delay, Dropped, Fault, GatewayTimeout, Malformed, WrongShape

Reaction = Literal["LIKE", "PRAISE", "EMPATHY", "INTEREST", "APPRECIATION", "ENTERTAINMENT"]


class Counts(Behaviour):
    """Has these numbers; those left out follow from the URN. `reactions` are all that the post has."""

    kind: Literal["counts"] = "counts"
    reactions: dict[Reaction, NonNegativeInt] | None = None
    comments: int | None = Field(default=None, ge=0)
    top_level_comments: int | None = Field(default=None, ge=0)


class NotFound(Behaviour):
    """Was deleted: 404 among the statuses and errors."""

    kind: Literal["not_found"] = "not_found"


class Forbidden(Behaviour):
    """Belongs to an organisation that the token does not administer: 403 among the statuses and errors."""

    kind: Literal["forbidden"] = "forbidden"


class Failed(Behaviour):
    """LinkedIn could not read this one: 500 among the statuses and errors."""

    kind: Literal["failed"] = "failed"


class Omitted(Behaviour):
    """Is neither among the results nor among the errors."""

    kind: Literal["omitted"] = "omitted"


class PlainKeys(Behaviour):
    """The answer's maps are keyed by the URNs themselves, not by their percent-encoded form."""

    kind: Literal["plain_keys"] = "plain_keys"


class RequestsPerDay(Behaviour):
    """Really limits each token (or the one of `token:<token>`) to `limit` requests a UTC day; no header reports it."""

    kind: Literal["requests_per_day"] = "requests_per_day"
    limit: int = Field(ge=0)


class RateLimited(Fault):
    """The day's requests are spent: 429. They come back at midnight UTC, which no header reports."""

    kind: Literal["rate_limited"] = "rate_limited"
    scope: Literal["APPLICATION", "MEMBER", "APPLICATION_AND_MEMBER"] = "APPLICATION"


class BadCredentials(Fault):
    """The token is no good (any more): 401. Set it for `token:<token>`."""

    kind: Literal["bad_credentials"] = "bad_credentials"
    reason: Literal["expired", "revoked", "invalid"] = "expired"


class NoPermission(Fault):
    """The token lacks the permission to read social metadata at all: 403."""

    kind: Literal["no_permission"] = "no_permission"


class VersionSunset(Fault):
    """The version that is asked for is not served any more: 426 NONEXISTENT_VERSION."""

    kind: Literal["version_sunset"] = "version_sunset"


class ServerError(Fault):
    """500 with LinkedIn's JSON."""

    kind: Literal["server_error"] = "server_error"


class ServiceUnavailable(Fault):
    """503, with Retry-After when `retry_after` is given."""

    kind: Literal["service_unavailable"] = "service_unavailable"
    retry_after: int | None = Field(default=None, ge=0)


KINDS: tuple[type[Behaviour], ...] = (
    Counts, NotFound, Forbidden, Failed, Omitted, PlainKeys,
    RequestsPerDay, RateLimited, BadCredentials, NoPermission, VersionSunset,
    Delay, ServerError, ServiceUnavailable, BadGateway, GatewayTimeout, Malformed, WrongShape, Dropped,
)  # fmt: skip

LinkedInBehaviour = Annotated[
    Counts | NotFound | Forbidden | Failed | Omitted | PlainKeys
    | RequestsPerDay | RateLimited | BadCredentials | NoPermission | VersionSunset
    | Delay | ServerError | ServiceUnavailable | BadGateway | GatewayTimeout | Malformed | WrongShape | Dropped,
    Field(discriminator="kind"),
]  # fmt: skip


def adapter() -> TypeAdapter[dict[str, list[LinkedInBehaviour]]]:
    return TypeAdapter(dict[str, list[LinkedInBehaviour]])
