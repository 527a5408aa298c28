"""Forwarders before a stub of the handlers."""

from collections.abc import Iterator

import httpx
import pytest

from local.settings import HOST
from tests.support.cluster import TestCluster
from tests.support.doubles.backend_stub import BackendStub, Stage, running_stage
from tests.support.doubles.forwarders import SECRET, Edge, running_forwarders
from tests.support.ports import free_port

SETTINGS = {
    "FUNCTIONS_BACKEND_AUTH": "secret",
    "FUNCTIONS_BACKEND_SECRET": SECRET,
    "FUNCTIONS_BACKEND_TIMEOUT_SECONDS": "8",
    "FUNCTIONS_BACKEND_LONG_TIMEOUT_SECONDS": "60",
}


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with running_stage() as stage:
        yield stage


@pytest.fixture(scope="session")
def forwarders(cluster: TestCluster, stage: Stage) -> Iterator[Edge]:
    """They give up after some seconds, but on functions that take their time."""
    with running_forwarders(cluster, FUNCTIONS_BACKEND_URL=stage.url, **SETTINGS) as edge:
        yield edge


@pytest.fixture(scope="session")
def stranded(cluster: TestCluster) -> Iterator[Edge]:
    """Forwarders whose backend is not there."""
    with running_forwarders(cluster, FUNCTIONS_BACKEND_URL=f"http://{HOST}:{free_port()}", **SETTINGS) as edge:
        yield edge


@pytest.fixture
def hasty(cluster: TestCluster, stage: Stage) -> Iterator[Edge]:
    """Forwarders that wait for one second, but on functions that take their time."""
    settings = SETTINGS | {"FUNCTIONS_BACKEND_TIMEOUT_SECONDS": "1"}
    with running_forwarders(cluster, FUNCTIONS_BACKEND_URL=stage.url, **settings) as edge:
        yield edge


@pytest.fixture
def backend(stage: Stage) -> Iterator[BackendStub]:
    with stage.backend_stub() as backend:
        yield backend


@pytest.fixture
def client(forwarders: Edge) -> Iterator[httpx.Client]:
    with forwarders.client() as client:
        yield client
