"""local/postgres/platform makes Auth's and Storage's tables as their own migrations do."""

import json
from pathlib import Path

import psycopg
import pytest

from local.postgres import migrations
from tests.support.cluster import PLATFORM, TestCluster
from tests.support.platform_catalogue import read_catalogue

RECORDED = json.loads(Path(__file__).with_name("catalogue.json").read_text())


@pytest.fixture(scope="module")
def catalogue(cluster: TestCluster) -> dict[str, dict[str, dict[str, list[str]]]]:
    with cluster.copy(PLATFORM) as url:
        return read_catalogue(url)


def test_no_table_is_missing_and_none_is_ours_alone(catalogue: dict[str, dict[str, object]]) -> None:
    assert set(catalogue["tables"]) == set(RECORDED["tables"])
    assert catalogue["types"] == RECORDED["types"]


@pytest.mark.parametrize("table", RECORDED["tables"])
def test_a_table_is_as_its_own_migrations_make_it(
    catalogue: dict[str, dict[str, dict[str, list[str]]]], table: str
) -> None:
    assert catalogue["tables"][table] == RECORDED["tables"][table]


def test_the_tables_of_an_earlier_version_are_named_and_left_alone(cluster: TestCluster) -> None:
    with cluster.copy(PLATFORM) as url:
        with psycopg.connect(url) as connection:
            connection.execute("alter table auth.refresh_tokens alter id drop default, alter id type text")
            connection.execute("drop sequence auth.refresh_tokens_id_seq")
        with pytest.raises(migrations.DatabaseError, match="make reset"):
            migrations.make_platform(url)
