"""Mail, one simulator and two dispatchers a test process."""

from collections.abc import Iterator

import pytest

from tests.support.cluster import TestCluster
from tests.support.stack import Stack
from tests.support.vendors.sendgrid import Mail, running_mail


@pytest.fixture(scope="session")
def mail(stack: Stack, cluster: TestCluster) -> Iterator[Mail]:
    with running_mail(stack, cluster, dispatchers=2) as running:
        yield running
