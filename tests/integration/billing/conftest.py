"""One simulator and one server of functions for all tests of a process; each test has a user of its own."""

from collections.abc import Iterator

import httpx
import pytest

from tests.integration.billing.backend import Backend, running_functions
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.stack import Stack, running_stack
from tests.support.users import User
from tests.support.vendors.stripe import Stripe, new_stripe, running_stripe


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


@pytest.fixture(scope="session")
def own_stack(cluster: TestCluster) -> Iterator[Stack]:
    """Reconciliation goes through all there is: here no other test adds to it."""
    with cluster.copy(MIGRATED) as url, running_stack(cluster, url) as running:
        yield running


@pytest.fixture(scope="session")
def own_simulator(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running_stripe(cluster, tmp_path_factory.mktemp("stripe")) as client:
        yield client


@pytest.fixture(scope="session")
def world(own_stack: Stack, own_simulator: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """Two subscriptions to a page."""
    folder, url = tmp_path_factory.mktemp("billing"), str(own_simulator.base_url).rstrip("/")
    with running_functions(own_stack, folder, url, BILLING_PAGE_SIZE="2") as backend:
        backend.change("delete from public.subscriptions")  # the demo's, of which this Stripe knows nothing
        yield backend


@pytest.fixture
def own_stripe(own_simulator: httpx.Client) -> Iterator[Stripe]:
    with new_stripe(own_simulator) as made:
        yield made


@pytest.fixture
def own_user(world: Backend, own_stripe: Stripe) -> User:
    made = world.stack.make_user()
    object.__setattr__(own_stripe, "user", str(made.id))
    return made
