"""What every platform is to us: a batch of references in, one classified result for each of them out."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from showcase.errors import VendorError
from showcase.metrics.domain import Counts, Platform
from showcase.retry import Deadline
from showcase.settings import split


@dataclass(frozen=True)
class Reference:
    """What to count: its name as the link gives it, and the platform's own lasting id where it is known."""

    name: str
    platform_id: str | None = None


@dataclass(frozen=True)
class Answer:
    """One reference's counts, and the platform's lasting id for it where it has one."""

    counts: Counts
    platform_id: str | None = None


Result = Answer | VendorError


@dataclass(frozen=True)
class Allowance:
    """What the platform said about its rate limit, where it said anything."""

    remaining: int | None = None
    resets_at: datetime | None = None


@dataclass(frozen=True)
class Batch:
    """A result for every reference that was asked about."""

    results: Mapping[Reference, Result]
    allowance: Allowance


# Asks about at most `largest_batch` references with one credential. Raises VendorError where there is no answer at all:
# rate_limited (with when to come back), unavailable, or rejected (the credential is not accepted).
Fetch = Callable[[Sequence[Reference], str, Deadline], Awaitable[Batch]]


@dataclass(frozen=True)
class Client:
    """One platform as it is configured here.

    `credentials` are the pool, each one legitimately owned, by fingerprint. `units_a_month` limits what is spent
    where the platform bills each post, and `units_per_user` what is spent on one person's links in a day.
    """

    platform: Platform
    fetch: Fetch
    credentials: Mapping[str, str]
    first_batch: int
    largest_batch: int
    units_a_month: int | None = None
    units_per_user: int | None = None

    @property
    def limits(self) -> dict[str, int | None]:
        """What may be spent, as the database takes it."""
        return {"units_a_month": self.units_a_month, "units_per_user": self.units_per_user}


def fingerprints(credentials: str) -> dict[str, str]:
    """Comma-separated credentials by the beginning of their SHA-256, which is what the database and logs may know."""
    return {hashlib.sha256(credential.encode()).hexdigest()[:12]: credential for credential in split(credentials)}
