"""How GitHub's simulator can be set to behave, beside what can happen to any server."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from local.simulators.behaviours import EVERYTHING, Behaviour
from local.simulators.faults import BadGateway, Delay, Dropped, Fault, GatewayTimeout, Malformed, WrongShape


class Counts(Behaviour):
    """Has these numbers; those left out follow from the name."""

    kind: Literal["counts"] = "counts"
    stars: int | None = Field(default=None, ge=0)
    forks: int | None = Field(default=None, ge=0)
    watchers: int | None = Field(default=None, ge=0)


class Renamed(Behaviour):
    """Is now called `to`; its node id and both names lead to it."""

    kind: Literal["renamed"] = "renamed"
    to: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")


class NotFound(Behaviour):
    """Does not exist (any more): NOT_FOUND on its alias."""

    kind: Literal["not_found"] = "not_found"


class Private(Behaviour):
    """Is private: NOT_FOUND, as GitHub answers users without access, or `isPrivate` when the token may see it."""

    kind: Literal["private"] = "private"
    visible: bool = False


class Forbidden(Behaviour):
    """Belongs to an organisation that wants single sign-on: FORBIDDEN on its alias."""

    kind: Literal["forbidden"] = "forbidden"


class ResourceLimitsExceeded(Behaviour):
    """Ends the query here: RESOURCE_LIMITS_EXCEEDED on this alias (once `after` were answered) and all that follow."""

    kind: Literal["resource_limits_exceeded"] = "resource_limits_exceeded"
    after: int = Field(default=0, ge=0)


class RateLimited(Fault):
    """The hourly points are spent: 200 with an error (two codes are in use), or 403, and `x-ratelimit-remaining: 0`."""

    kind: Literal["rate_limited"] = "rate_limited"
    status: Literal[200, 403, 429] = 200
    code: Literal["RATE_LIMITED", "RATE_LIMIT"] = "RATE_LIMITED"
    reset_seconds: int = Field(default=3600, ge=0)


class SecondaryRateLimited(Fault):
    """Too much at once: 403, 429, or 200 with an error; `retry_after` null leaves the header out."""

    kind: Literal["secondary_rate_limited"] = "secondary_rate_limited"
    status: Literal[200, 403, 429] = 403
    retry_after: int | None = Field(default=60, ge=0)


class QueryTimeout(Fault):
    """The query took too long: 502 with GraphQL's JSON, as GitHub answers beside the proxy's page."""

    kind: Literal["query_timeout"] = "query_timeout"


class BadCredentials(Fault):
    """The token is revoked: 401. Set it for `token:<token>`."""

    kind: Literal["bad_credentials"] = "bad_credentials"


class PointsPerHour(Behaviour):
    """Really limits each token (or the one of `token:<token>`) to `limit` points a window."""

    kind: Literal["points_per_hour"] = "points_per_hour"
    limit: int = Field(ge=0)
    window_seconds: float = Field(default=3600, gt=0)


KINDS: tuple[type[Behaviour], ...] = (
    Counts, Renamed, NotFound, Private, Forbidden, ResourceLimitsExceeded,
    PointsPerHour, RateLimited, SecondaryRateLimited, BadCredentials,
    Delay, BadGateway, GatewayTimeout, QueryTimeout, Malformed, WrongShape, Dropped,
)  # fmt: skip

GitHubBehaviour = Annotated[
    Counts | Renamed | NotFound | Private | Forbidden | ResourceLimitsExceeded
    | PointsPerHour | RateLimited | SecondaryRateLimited | BadCredentials
    | Delay | BadGateway | GatewayTimeout | QueryTimeout | Malformed | WrongShape | Dropped,
    Field(discriminator="kind"),
]  # fmt: skip


def adapter() -> TypeAdapter[dict[str, list[GitHubBehaviour]]]:
    return TypeAdapter(dict[str, list[GitHubBehaviour]])


def scopes(subject: str) -> tuple[str, ...]:
    """A repository, then all of its owner, then everything. GitHub does not tell upper from lower case in names."""
    if subject == EVERYTHING:
        return (EVERYTHING,)
    name = subject.lower()
    owner, slash, rest = name.partition("/")
    return (name, f"{owner}/*", EVERYTHING) if slash and rest != "*" else (name, EVERYTHING)
