"""One simulator and one server of functions for all tests of a process; each test has a person of its own."""

from collections.abc import Iterator

import httpx
import pytest

from tests.integration.billing.backend import Backend, running_functions
from tests.support.cluster import TestCluster
from tests.support.stack import Stack
from tests.support.stripe import Stripe, new_stripe, running_stripe


@pytest.fixture(scope="session")
def simulator(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running_stripe(cluster, tmp_path_factory.mktemp("stripe")) as client:
        yield client


@pytest.fixture(scope="session")
def backend(stack: Stack, simulator: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with running_functions(stack, tmp_path_factory.mktemp("billing"), str(simulator.base_url).rstrip("/")) as running:
        yield running


@pytest.fixture
def at_stripe(simulator: httpx.Client) -> Iterator[Stripe]:
    with new_stripe(simulator) as made:
        yield made
