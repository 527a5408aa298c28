"""The simulators that these tests share, one server a test process."""

from collections.abc import Iterator

import httpx
import pytest

from tests.support.cluster import TestCluster
from tests.support.vendors.github import GitHub, running_github
from tests.support.vendors.linkedin import LinkedIn, new_linkedin
from tests.support.vendors.simulators import running_simulator
from tests.support.vendors.x import X, new_x


@pytest.fixture(scope="session")
def github_server(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running_github(cluster, tmp_path_factory.mktemp("github")) as client:
        yield client


@pytest.fixture
def github(github_server: httpx.Client) -> GitHub:
    return GitHub(github_server)


@pytest.fixture(scope="session")
def x_server(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running_simulator("x", cluster, tmp_path_factory.mktemp("x")) as client:
        yield client


@pytest.fixture
def x(x_server: httpx.Client) -> X:
    return new_x(x_server)


@pytest.fixture(scope="session")
def linkedin_server(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running_simulator("linkedin", cluster, tmp_path_factory.mktemp("linkedin")) as client:
        yield client


@pytest.fixture
def linkedin(linkedin_server: httpx.Client) -> LinkedIn:
    return new_linkedin(linkedin_server)
