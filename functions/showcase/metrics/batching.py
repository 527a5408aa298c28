"""Fetches all references of a lease, in batches that shrink where they fail and grow again where they succeed."""

import time
from dataclasses import dataclass, field
from uuid import UUID

from showcase.errors import Failure, VendorError
from showcase.metrics.client import Batch, Client
from showcase.metrics.domain import Reference, RefreshLease, Result, Usage
from showcase.outbound.retry import Deadline

# After so many failed requests in a row the platform is down: the rest is given back without a failure.
GIVE_UP_AFTER = 10


@dataclass
class BatchSize:
    """How many references the next request has; the next lease starts with the size at the end of this one.

    The references of a batch that failed are suspects: they are fetched in halves until a single one that fails is
    found, or all have succeeded. Then the size is that of `before` again.
    """

    now: int
    largest: int
    suspects: int = 0
    before: int = 0
    found_one: bool = False

    @property
    def next(self) -> int:
        return min(self.now, self.suspects) if self.suspects else self.now

    def failed(self, asked: int, suspects: int) -> None:
        self.before = self.before if self.suspects or self.found_one else self.now
        self.suspects, self.now, self.found_one = suspects, max(1, asked // 2), False

    def found(self) -> None:
        """A single reference was the cause: after the next success the size is that of `before`."""
        self.suspects, self.now, self.found_one = 0, 1, True

    def answered(self, asked: int) -> None:
        if self.suspects:
            self.suspects = max(0, self.suspects - asked)
        elif self.found_one:
            self.now, self.found_one = max(self.now, self.before), False
        else:
            self.now = min(self.largest, self.now * 2)


@dataclass
class FetchOutcome:
    """A result for each project, what the requests did to the budget, their number, and what ended them early."""

    results: dict[UUID, Result | None] = field(default_factory=dict)  # None: given back, not fetched
    usage: Usage = field(default_factory=Usage)
    requests: int = 0
    stopped_by: VendorError | None = None


async def fetch_in_batches(client: Client, lease: RefreshLease, size: BatchSize, deadline: Deadline) -> FetchOutcome:
    """A result for every project of the lease, a failure being one; raises nothing.

    Where the platform refuses further requests, or the deadline has passed, the result of the remaining projects is
    None: they are given back without a failure of their own.
    """
    outcome = FetchOutcome()
    waiting = list(lease.sources.items())
    failures, answered, stop = 0, False, None
    batch: Batch | None = None
    while waiting and stop is None:
        part, waiting = waiting[: size.next], waiting[size.next :]
        outcome.requests += 1
        try:
            references = list(dict.fromkeys(reference for _, reference in part))
            batch = await client.fetch(references, client.credentials[lease.credential], deadline)
        except VendorError as error:
            failures += error.failure is Failure.UNAVAILABLE
            if error.failure is not Failure.UNAVAILABLE or failures >= GIVE_UP_AFTER or not deadline.remaining:
                stop, waiting = error, part + waiting
            elif len(part) > 1:
                size.failed(len(part), len(part))
                waiting = part + waiting
            else:
                size.found()
                outcome.results[part[0][0]] = error
            continue
        answered, failures = True, 0
        again = _sort(part, batch, outcome)
        if again:
            size.failed(len(part), len(again))
            waiting = again + waiting
        elif len(part) == 1 and _is_unavailable(outcome.results[part[0][0]]):
            size.found()
        else:
            size.answered(len(part))
    outcome.results.update({project_id: None for project_id, _ in waiting})
    outcome.stopped_by = stop
    outcome.usage = _usage(batch, stop, answered=answered, failures=failures, unused=len(waiting))
    return outcome


def _sort(part: list[tuple[UUID, Reference]], batch: Batch, outcome: FetchOutcome) -> list[tuple[UUID, Reference]]:
    """Stores the results of a batch; returns those references of several that failed, for smaller batches."""
    again = []
    for project_id, reference in part:
        result = batch.results[reference]
        if _is_unavailable(result) and len(part) > 1:
            again.append((project_id, reference))
        else:
            outcome.results[project_id] = result
    return again


def _is_unavailable(result: Result | None) -> bool:
    return isinstance(result, VendorError) and result.failure is Failure.UNAVAILABLE


def _usage(batch: Batch | None, stop: VendorError | None, *, answered: bool, failures: int, unused: int) -> Usage:
    allowance = batch.allowance if batch else None
    not_before: float | None = None
    if stop and stop.failure is Failure.RATE_LIMITED:
        not_before = time.time() + (stop.retry_after or 60.0)
    elif stop and stop.failure is Failure.REJECTED:
        not_before = time.time() + (stop.retry_after or 86_400.0)  # until an operator has replaced the credential
    return Usage(
        answered=answered,
        failures=failures,
        remaining=allowance.remaining if allowance else None,
        resets_at=allowance.resets_at.timestamp() if allowance and allowance.resets_at else None,
        not_before=not_before,
        reason=_reason(stop) if stop and not_before else None,
        unused_units=unused,
    )


def _reason(stop: VendorError) -> str:
    """Why a credential is not used: with the vendor's reason where it was rejected, for the operator who fixes it."""
    why = stop.reason if stop.failure is Failure.REJECTED else ""
    return f"{stop.failure}: {why}"[:100] if why else stop.failure
