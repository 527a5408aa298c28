"""/rest/v1 on the schema of library.sql."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psycopg
import pytest

from local.settings import Settings
from local.stack.services import gateway
from tests.support import plain_http
from tests.support.cluster import PLATFORM, TestCluster
from tests.support.servers import running_services
from tests.support.stack import free_settings

SCHEMA = Path(__file__).with_name("library.sql")


@pytest.fixture(scope="module")
def served(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, str]]:
    settings = free_settings(tmp_path_factory.mktemp("rest"))
    settings.logs.mkdir()
    with cluster.copy(PLATFORM) as url:
        with psycopg.connect(url) as connection:
            connection.execute(SCHEMA.read_bytes())
        with running_services([gateway(settings, url)], settings.logs, belongs_to=cluster.folder):
            yield settings, url


@pytest.fixture
def rest(served: tuple[Settings, str]) -> Iterator[httpx.Client]:
    settings, _ = served
    headers = {"apikey": settings.supabase_publishable_key}
    with closing(plain_http.Client(base_url=f"{settings.gateway_url}/rest/v1", headers=headers)) as client:
        yield client
