"""Batches that shrink and grow: whatever the platform does, every project gets exactly one result."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from showcase.errors import Failure, VendorError
from showcase.metrics.batching import GIVE_UP_AFTER, BatchSize, FetchOutcome, fetch_in_batches
from showcase.metrics.client import Allowance, Batch, Client
from showcase.metrics.domain import Answer, Platform, Reference, RefreshLease, Result
from showcase.outbound.retry import Deadline

ANSWER = Answer({"stars": 1, "forks": 1, "watchers": 1})


def failure(kind: Failure) -> VendorError:
    return VendorError("github", kind, retry_after=30.0)


def run(
    number: int, respond: Callable[[Sequence[Reference]], Batch], size: BatchSize | None = None
) -> tuple[FetchOutcome, list[int]]:
    sizes: list[int] = []

    async def fetch(references: Sequence[Reference], _: str, __: Deadline) -> Batch:
        sizes.append(len(references))
        return respond(references)

    client = Client(Platform.GITHUB, fetch, {"c": "secret"}, 50, 100)
    lease = RefreshLease("l", "c", {UUID(int=n): Reference(f"a/{n}") for n in range(number)})
    asked = asyncio.run(fetch_in_batches(client, lease, size or BatchSize(50, 100), Deadline.after(60)))
    assert set(asked.results) == set(lease.sources)
    assert asked.requests == len(sizes)
    return asked, sizes


def answered(references: Sequence[Reference], **failing: VendorError) -> Batch:
    results: dict[Reference, Result] = {r: failing.get(r.name.partition("/")[2], ANSWER) for r in references}
    return Batch(results, Allowance())


def kinds(asked: FetchOutcome) -> Counter[str]:
    return Counter(
        "returned" if r is None else r.failure if isinstance(r, VendorError) else "answer"
        for r in asked.results.values()
    )


def test_batches_start_at_fifty_and_grow_to_a_hundred() -> None:
    asked, sizes = run(350, answered)
    assert sizes == [50, 100, 100, 100]
    assert kinds(asked) == {"answer": 350}
    assert asked.usage.answered
    assert asked.usage.failures == 0


@settings(max_examples=60)
@given(st.sets(st.integers(0, 199), max_size=4), st.booleans())
def test_poison_is_isolated_wherever_it_is(poison: set[int], whole: bool) -> None:
    """Whether one of them breaks the whole request, or leaves out what comes after it."""
    names = {f"a/{n}" for n in poison}

    def respond(references: Sequence[Reference]) -> Batch:
        bad = [n for n, reference in enumerate(references) if reference.name in names]
        if bad and whole:
            raise failure(Failure.UNAVAILABLE)
        left_out = references[bad[0] :] if bad else []
        return answered(references, **{r.name[2:]: failure(Failure.UNAVAILABLE) for r in left_out})

    asked, sizes = run(200, respond)
    assert kinds(asked) == Counter({"answer": 200 - len(poison)}) + Counter({"unavailable": len(poison)})
    assert asked.stopped_by is None
    assert len(sizes) <= 4 + 2 * len(poison) * (1 + math.ceil(math.log2(100)))


def test_a_platform_that_is_down_is_asked_ten_times_and_the_rest_goes_back() -> None:
    def respond(_: Sequence[Reference]) -> Batch:
        raise failure(Failure.UNAVAILABLE)

    asked, sizes = run(500, respond)
    assert len(sizes) == GIVE_UP_AFTER
    assert asked.stopped_by is not None
    assert (asked.usage.answered, asked.usage.failures) == (False, GIVE_UP_AFTER)
    assert kinds(asked)["returned"] >= 500 - GIVE_UP_AFTER
    assert asked.usage.unused_units == kinds(asked)["returned"]


@settings(max_examples=60)
@given(st.integers(0, 5), st.sampled_from([Failure.RATE_LIMITED, Failure.REJECTED]))
def test_a_refusal_ends_it_and_what_was_answered_stays(before: int, kind: Failure) -> None:
    requests = iter(range(100))

    def respond(references: Sequence[Reference]) -> Batch:
        if next(requests) == before:
            raise failure(kind)
        return answered(references)

    asked, sizes = run(600, respond)
    assert len(sizes) == before + 1
    done = sum(sizes[:before])
    assert kinds(asked) == Counter({"answer": done}) + Counter({"returned": 600 - done})
    assert asked.usage.not_before is not None
    assert (asked.usage.reason, asked.usage.failures, asked.usage.unused_units) == (kind, 0, 600 - done)


def test_gone_and_forbidden_are_results_and_shrink_nothing() -> None:
    asked, sizes = run(100, lambda r: answered(r, **{"3": failure(Failure.GONE), "60": failure(Failure.FORBIDDEN)}))
    assert sizes == [50, 50]
    assert kinds(asked) == {"answer": 98, "gone": 1, "forbidden": 1}
