"""One backend with OpenAI's simulator for a test process; everybody designs for themselves, so tests do not meet."""

from collections.abc import Iterator

import pytest

from tests.support.cluster import MIGRATED, TestCluster
from tests.support.users import User
from tests.support.vendors.openai import Designer, running_designer


@pytest.fixture(scope="session")
def designer(cluster: TestCluster) -> Iterator[Designer]:
    with cluster.copy(MIGRATED) as url, running_designer(cluster, url) as running:
        yield running


@pytest.fixture
def ada(designer: Designer) -> User:
    """Somebody new, who pays."""
    return designer.stack.make_user(tier="paid")
