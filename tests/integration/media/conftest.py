"""Somebody who uploads."""

from collections.abc import Iterator

import pytest

from tests.integration.media.media import Studio
from tests.support.stack import Stack
from tests.support.users import User


@pytest.fixture
def studio(stack: Stack, user: User) -> Iterator[Studio]:
    with stack.client(user) as client:
        yield Studio(stack, user, client)


@pytest.fixture
def rival(stack: Stack) -> Iterator[Studio]:
    """Somebody else."""
    user = stack.make_user()
    with stack.client(user) as client:
        yield Studio(stack, user, client)
