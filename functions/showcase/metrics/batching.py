"""Asking a platform about everything a lease holds: in batches that shrink when they are too much and grow back."""

import time
from dataclasses import dataclass, field
from uuid import UUID

from showcase.errors import Failure, VendorError
from showcase.metrics.client import Batch, Client, Reference, Result
from showcase.metrics.store import Lease, Usage
from showcase.retry import Deadline

# So many server errors in a row are the platform's, not a reference's: what is left goes back untouched.
GIVE_UP_AFTER = 10


@dataclass
class BatchSize:
    """How many references to ask about at once. What one lease found out, the next begins with.

    After a batch that failed, those in it are suspects: they are asked about in halves until the one that is too much
    for the platform is found, or none is.
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
        """It was that one: once the next is answered, the others are asked about as before."""
        self.suspects, self.now, self.found_one = 0, 1, True

    def answered(self, asked: int) -> None:
        if self.suspects:
            self.suspects = max(0, self.suspects - asked)
        elif self.found_one:
            self.now, self.found_one = max(self.now, self.before), False
        else:
            self.now = min(self.largest, self.now * 2)


@dataclass
class Asked:
    """What asking brought: a result for each project, what it did to the budget, and how many requests it took."""

    results: dict[UUID, Result | None] = field(default_factory=dict)  # None: not asked after all
    usage: Usage = field(default_factory=Usage)
    requests: int = 0
    stopped_by: VendorError | None = None


async def ask(client: Client, lease: Lease, size: BatchSize, deadline: Deadline) -> Asked:
    """A result for every project of the lease. Failures are results too: nothing is lost, nothing becomes a zero.

    Where the platform refuses to go on, what was not asked goes back untouched: it is not at fault.
    """
    asked = Asked()
    waiting = list(lease.sources.items())
    failures, answered, stop = 0, False, None
    batch: Batch | None = None
    while waiting and stop is None:
        part, waiting = waiting[: size.next], waiting[size.next :]
        asked.requests += 1
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
                asked.results[part[0][0]] = error
            continue
        answered, failures = True, 0
        again = _sort(part, batch, asked)
        if again:
            size.failed(len(part), len(again))
            waiting = again + waiting
        elif len(part) == 1 and _is_unavailable(asked.results[part[0][0]]):
            size.found()
        else:
            size.answered(len(part))
    asked.results.update({project_id: None for project_id, _ in waiting})
    asked.stopped_by = stop
    asked.usage = _usage(batch, stop, answered=answered, failures=failures, unused=len(waiting))
    return asked


def _sort(part: list[tuple[UUID, Reference]], batch: Batch, asked: Asked) -> list[tuple[UUID, Reference]]:
    """Keeps what is settled; returns what the platform left out of a batch of several, to be asked in smaller ones."""
    again = []
    for project_id, reference in part:
        result = batch.results[reference]
        if _is_unavailable(result) and len(part) > 1:
            again.append((project_id, reference))
        else:
            asked.results[project_id] = result
    return again


def _is_unavailable(result: Result | None) -> bool:
    return isinstance(result, VendorError) and result.failure is Failure.UNAVAILABLE


def _usage(batch: Batch | None, stop: VendorError | None, *, answered: bool, failures: int, unused: int) -> Usage:
    allowance = batch.allowance if batch else None
    not_before: float | None = None
    if stop and stop.failure is Failure.RATE_LIMITED:
        not_before = time.time() + (stop.retry_after or 60.0)
    elif stop and stop.failure is Failure.REJECTED:
        not_before = time.time() + (stop.retry_after or 86_400.0)  # somebody has to look at this credential
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
    """Why a credential rests; why it was refused, too, since somebody has to fix that."""
    why = stop.reason if stop.failure is Failure.REJECTED else ""
    return f"{stop.failure}: {why}"[:100] if why else stop.failure
