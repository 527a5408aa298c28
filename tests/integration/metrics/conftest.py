"""The metrics' functions, shared by the tests of a process; each test begins with nothing due and nothing spent."""

from collections.abc import Iterator

import pytest

from tests.integration.metrics.running import Metrics, running_metrics
from tests.support.cluster import TestCluster
from tests.support.stack import Stack


@pytest.fixture(scope="session")
def shared_metrics(cluster: TestCluster, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Metrics]:
    with running_metrics(cluster, stack, tmp_path_factory.mktemp("metrics")) as running:
        yield running


@pytest.fixture
def metrics(shared_metrics: Metrics) -> Metrics:
    shared_metrics.clear()
    return shared_metrics
