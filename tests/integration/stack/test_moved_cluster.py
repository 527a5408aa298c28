"""A cluster of a version whose `.local` others could enter: as root it is moved to where its system user may go."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local.postgres import cluster
from local.postgres.system_user import private_home
from tests.support.ports import free_port

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="Postgres runs as another user only where root starts it")


@pytest.fixture
def data() -> Iterator[Path]:
    """In a folder that everybody may enter, unlike those that pytest makes."""
    state = Path(tempfile.mkdtemp(prefix="showcase-moved-"))
    state.chmod(0o755)
    yield state / "postgres"
    shutil.rmtree(state, ignore_errors=True)
    shutil.rmtree(private_home(state / "postgres"), ignore_errors=True)


def query(place: cluster.Cluster, statement: bytes) -> list[tuple[object, ...]]:
    """Starts the server for one statement."""
    cluster.start(place)
    try:
        with psycopg.connect(place.url(), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        cluster.stop(place)


def test_its_rows_are_there_afterwards(data: Path) -> None:
    port, log = free_port(), data.parent / "postgres.log"
    before = cluster.locate(data, port, log, durable=False)
    assert cluster.make(before)
    assert before.data == data
    query(before, b"create table kept as select 7 as number")
    data.parent.chmod(0o700)
    for _ in range(2):  # a second start finds it where it is now
        after = cluster.locate(data, port, log, durable=False)
        assert after.data == private_home(data)
        assert not data.exists()
        assert not cluster.make(after)
        assert query(after, b"select number from kept") == [(7,)]
        assert after.user is not None
        assert {path.stat().st_uid for path in (after.data, *after.data.rglob("*"))} == {after.user.uid}
