"""A platform's client: a batch of references in, one result for each of them out."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from showcase.metrics.domain import Platform, Reference, Result
from showcase.outbound.retry import Deadline
from showcase.settings import split


@dataclass(frozen=True)
class Allowance:
    """The rest of a platform's rate limit: requests, and the end of its window; None where no header says so."""

    remaining: int | None = None
    resets_at: datetime | None = None


@dataclass(frozen=True)
class Batch:
    """A result for every reference that was asked about."""

    results: Mapping[Reference, Result]
    allowance: Allowance


# Fetches at most `largest_batch` references with one credential. Raises VendorError where the batch failed as a
# whole: rate_limited (with `retry_after`), unavailable, or rejected (the credential is not accepted).
Fetch = Callable[[Sequence[Reference], str, Deadline], Awaitable[Batch]]


@dataclass(frozen=True)
class Client:
    """The client of one platform: its fetch function, credentials and limits.

    `credentials` are the pool, each one legitimately owned, by fingerprint. `units_a_month` limits what is spent
    where the platform bills each post, and `units_per_user` what is spent on one user's links in a UTC day.
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
        """The two limits, as parameters of the database's functions."""
        return {"units_a_month": self.units_a_month, "units_per_user": self.units_per_user}


def fingerprints(credentials: str) -> dict[str, str]:
    """Comma-separated credentials by the beginning of their SHA-256, which is what the database and logs may know."""
    return {hashlib.sha256(credential.encode()).hexdigest()[:12]: credential for credential in split(credentials)}
