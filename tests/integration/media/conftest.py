"""Somebody who uploads."""

from collections.abc import Iterator

import pytest

from tests.integration.media.media import Studio
from tests.support.people import Person
from tests.support.stack import Stack


@pytest.fixture
def studio(stack: Stack, person: Person) -> Iterator[Studio]:
    with stack.client(person) as client:
        yield Studio(stack, person, client)


@pytest.fixture
def rival(stack: Stack) -> Iterator[Studio]:
    """Somebody else."""
    person = stack.person()
    with stack.client(person) as client:
        yield Studio(stack, person, client)
