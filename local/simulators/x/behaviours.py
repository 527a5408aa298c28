"""How X's simulator can be set to behave, beside what can happen to any server."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from local.simulators.behaviours import Behaviour
from local.simulators.faults import BadGateway, Delay, Dropped, Fault, GatewayTimeout, Malformed, WrongShape


class Counts(Behaviour):
    """Has these numbers; those left out follow from the id."""

    kind: Literal["counts"] = "counts"
    likes: int | None = Field(default=None, ge=0)
    replies: int | None = Field(default=None, ge=0)
    retweets: int | None = Field(default=None, ge=0)
    quotes: int | None = Field(default=None, ge=0)
    bookmarks: int | None = Field(default=None, ge=0)
    impressions: int | None = Field(default=None, ge=0)


class NotFound(Behaviour):
    """Was deleted: `resource-not-found` in the answer's errors."""

    kind: Literal["not_found"] = "not_found"


class NotAuthorized(Behaviour):
    """Its author's account is protected: `not-authorized-for-resource` in the answer's errors."""

    kind: Literal["not_authorized"] = "not_authorized"


class Suspended(Behaviour):
    """Its author is suspended: "Forbidden" in the answer's errors, yet of the type `resource-not-found`."""

    kind: Literal["suspended"] = "suspended"


class Omitted(Behaviour):
    """Is neither among the data nor among the errors."""

    kind: Literal["omitted"] = "omitted"


class NoMetrics(Behaviour):
    """Is among the data, but without `public_metrics`."""

    kind: Literal["no_metrics"] = "no_metrics"


class LegacyProblems(Behaviour):
    """Problem types begin with https://api.twitter.com, as X still answers; its description says https://api.x.com."""

    kind: Literal["legacy_problems"] = "legacy_problems"


class RequestsPerWindow(Behaviour):
    """Really limits each token (or the one of `token:<token>`) to `limit` requests a window."""

    kind: Literal["requests_per_window"] = "requests_per_window"
    limit: int = Field(ge=0)
    window_seconds: float = Field(default=900, gt=0)


class PostsPerMonth(Behaviour):
    """Really caps the posts billed in a month to each token (or the one of `token:<token>`): 429 usage-capped."""

    kind: Literal["posts_per_month"] = "posts_per_month"
    limit: int = Field(ge=0)


class RateLimited(Fault):
    """The window's requests are spent: 429 and `x-rate-limit-remaining: 0`."""

    kind: Literal["rate_limited"] = "rate_limited"
    reset_seconds: int = Field(default=900, ge=0)


class UsageCapped(Fault):
    """The month's posts are spent: 429 `usage-capped`, though the rate limit leaves room."""

    kind: Literal["usage_capped"] = "usage_capped"


class CreditsDepleted(Fault):
    """The prepaid credits are spent: 402."""

    kind: Literal["credits_depleted"] = "credits_depleted"


class BadCredentials(Fault):
    """The token is revoked: 401. Set it for `token:<token>`."""

    kind: Literal["bad_credentials"] = "bad_credentials"


class ClientForbidden(Fault):
    """The app is not enrolled: 403 `client-forbidden`."""

    kind: Literal["client_forbidden"] = "client_forbidden"


class ServiceUnavailable(Fault):
    """503, with Retry-After when `retry_after` is given."""

    kind: Literal["service_unavailable"] = "service_unavailable"
    retry_after: int | None = Field(default=None, ge=0)


KINDS: tuple[type[Behaviour], ...] = (
    Counts, NotFound, NotAuthorized, Suspended, Omitted, NoMetrics, LegacyProblems,
    RequestsPerWindow, PostsPerMonth, RateLimited, UsageCapped, CreditsDepleted, BadCredentials, ClientForbidden,
    Delay, ServiceUnavailable, BadGateway, GatewayTimeout, Malformed, WrongShape, Dropped,
)  # fmt: skip

XBehaviour = Annotated[
    Counts | NotFound | NotAuthorized | Suspended | Omitted | NoMetrics | LegacyProblems
    | RequestsPerWindow | PostsPerMonth | RateLimited | UsageCapped | CreditsDepleted | BadCredentials | ClientForbidden
    | Delay | ServiceUnavailable | BadGateway | GatewayTimeout | Malformed | WrongShape | Dropped,
    Field(discriminator="kind"),
]  # fmt: skip


def adapter() -> TypeAdapter[dict[str, list[XBehaviour]]]:
    return TypeAdapter(dict[str, list[XBehaviour]])
