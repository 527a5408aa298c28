"""One database for all tests that leave no trace in it: copying one for each of hundreds would take a minute."""

from collections.abc import Iterator

import pytest

from tests.support.cluster import MIGRATED, TestCluster


@pytest.fixture(scope="session")
def untouched_database(cluster: TestCluster) -> Iterator[str]:
    """The URL (superuser) of a database with the demo rows, for tests that only read or undo what they write."""
    with cluster.copy(MIGRATED) as url:
        yield url
