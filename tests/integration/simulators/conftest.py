"""The simulators that these tests share, one server a test process."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.cluster import TestCluster
from tests.support.github import GitHub, running_github


@pytest.fixture(scope="session")
def github_server(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running_github(cluster, tmp_path_factory.mktemp("github")) as client:
        yield client


@pytest.fixture
def github(github_server: httpx.Client) -> GitHub:
    return GitHub(github_server)
