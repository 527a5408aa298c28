"""One server a test process; each test has an account of its own there."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.cluster import TestCluster
from tests.support.vendors.stripe import Stripe, new_stripe, running_stripe


@pytest.fixture(scope="session")
def server(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running_stripe(cluster, tmp_path_factory.mktemp("stripe")) as client:
        yield client


@pytest.fixture
def simulator(server: httpx.Client) -> Iterator[Stripe]:
    with new_stripe(server) as stripe_:
        yield stripe_
