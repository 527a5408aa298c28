"""One owner and one other for all tests of a process; what a test writes about is its own."""

from collections.abc import Iterator

import pytest

from tests.access.world import World, make_world
from tests.support.stack import Stack


@pytest.fixture(scope="session")
def world(stack: Stack) -> Iterator[World]:
    with make_world(stack) as made:
        yield made
