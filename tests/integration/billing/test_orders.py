"""Whatever the order in which Stripe's events come, however often and at the same time: the end is as Stripe has it."""

import asyncio
import itertools
import random
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.billing.backend import Backend, running_functions
from tests.integration.billing.subscription_scenario import (
    STORY,
    Life,
    assert_as_at_stripe,
    assert_emails,
    assert_invoices,
)
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.stack import Stack
from tests.support.vendors.stripe import running_stripe

FIRST_SIX = list(itertools.permutations(range(6)))
AT_ONCE = 8  # scenarios of different users at the same time

T = TypeVar("T")
Telling = Callable[[Life, T], Coroutine[Any, Any, None]]


async def live_side_by_side(backend: Backend, telling: Telling[T], stories: Sequence[T]) -> None:
    turns = asyncio.Semaphore(AT_ONCE)
    # A connection for each request: one that the server closes for being idle would meet a request now and then.
    limits = httpx.Limits(max_keepalive_connections=0)
    async with plain_http.AsyncClient(timeout=60, trust_env=False, limits=limits) as http:

        async def live(story: T) -> None:
            async with turns:
                life = Life(backend, backend.stack.make_user(), http)
                try:
                    await telling(life, story)
                    await assert_as_at_stripe(life)
                    assert_emails(life, *(["subscription_canceled"] if life.lived > 7 else []))
                    assert_invoices(life)
                except Exception as error:
                    error.add_note(f"the story was reported as {story}")
                    raise

        await asyncio.gather(*map(live, stories))


async def in_order(life: Life, steps: Sequence[int]) -> None:
    """Each event as soon as it has happened: a later one makes the story go on first."""
    for step in steps:
        await life.deliver(step)


async def in_order_with_a_raise(life: Life, steps: Sequence[int]) -> None:
    """The same, at a price that is raised in the middle."""
    await life.own_plan()
    for number, step in enumerate(steps):
        if number == len(steps) // 2:
            await life.raise_price()
        await life.deliver(step)


async def in_groups(life: Life, groups: Sequence[Sequence[int]]) -> None:
    """Those of a group at the same time. A step below 0 delivers nothing, and lets the story go on to it meanwhile."""
    for group in groups:
        await asyncio.gather(*(life.live_to(-1 - step) if step < 0 else life.deliver(step) for step in group))


@st.composite
def tellings(draw: st.DrawFn) -> list[list[int]]:
    """All eight, each once or more, in any order, in groups of any size."""
    steps = range(len(STORY))
    again = draw(st.lists(st.sampled_from(steps), max_size=6))
    lived = [-1 - step for step in draw(st.lists(st.sampled_from(steps), max_size=3))]
    order = draw(st.permutations([*steps, *again, *lived]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order) - 1), max_size=len(order) - 1)))
    return [list(order[start:end]) for start, end in itertools.pairwise([0, *cuts, len(order)])]


side_by_side = given(stories=st.lists(tellings(), min_size=AT_ONCE, max_size=AT_ONCE))
checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
# What fails is not made smaller: an example takes seconds, and each story is printed on its own.
phases = [Phase.explicit, Phase.reuse, Phase.generate]


def test_some_orders_of_the_first_six(backend: Backend) -> None:
    orders = [*random.sample(FIRST_SIX, 14), tuple(range(6)), tuple(reversed(range(6)))]
    asyncio.run(live_side_by_side(backend, in_order, orders))


def test_some_orders_with_a_price_that_is_raised_in_the_middle(backend: Backend) -> None:
    asyncio.run(live_side_by_side(backend, in_order_with_a_raise, random.sample(FIRST_SIX, 8)))


@settings(max_examples=3, suppress_health_check=checks, phases=phases)
@side_by_side
def test_some_tellings_with_duplicates_and_at_the_same_time(backend: Backend, stories: list[list[list[int]]]) -> None:
    asyncio.run(live_side_by_side(backend, in_groups, stories))


@pytest.fixture
def fresh_backend(cluster: TestCluster, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """With a simulator that remembers nobody: it becomes slow when it knows thousands."""
    folder = tmp_path_factory.mktemp("fresh")
    with (
        running_stripe(cluster, folder) as simulator,
        running_functions(stack, folder, str(simulator.base_url).rstrip("/")) as backend,
    ):
        yield backend


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(4))
def test_all_orders_of_the_first_six(fresh_backend: Backend, part: int) -> None:
    asyncio.run(live_side_by_side(fresh_backend, in_order, FIRST_SIX[part::4]))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(4))
def test_all_orders_with_a_price_that_is_raised_in_the_middle(fresh_backend: Backend, part: int) -> None:
    asyncio.run(live_side_by_side(fresh_backend, in_order_with_a_raise, FIRST_SIX[part::4]))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(10))
@settings(max_examples=25, suppress_health_check=checks, phases=phases)
@side_by_side
def test_two_thousand_tellings(fresh_backend: Backend, part: int, stories: list[list[list[int]]]) -> None:
    """Ten parts of twenty-five times eight."""
    assert part < 10
    asyncio.run(live_side_by_side(fresh_backend, in_groups, stories))
