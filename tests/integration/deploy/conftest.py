"""A deployment whose tools and vendors are fakes, and whose health is that of a small https server."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.cluster import TestCluster
from tests.support.deployment import Deployment, ready_deployment
from tests.support.vendors.simulators import running_simulator


@pytest.fixture
def stripe(cluster: TestCluster, tmp_path: Path) -> Iterator[httpx.Client]:
    with running_simulator("stripe", cluster, tmp_path) as client:
        yield client


@pytest.fixture
def sendgrid(cluster: TestCluster, tmp_path: Path) -> Iterator[httpx.Client]:
    with running_simulator("sendgrid", cluster, tmp_path) as client:
        yield client


@pytest.fixture
def deployment(tmp_path: Path, stripe: httpx.Client, sendgrid: httpx.Client) -> Iterator[Deployment]:
    with ready_deployment(tmp_path, stripe, sendgrid) as ready:
        yield ready
