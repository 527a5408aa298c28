"""A backup by who may do as little as a hosted project's `postgres` may."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ops.backup.create import create
from ops.backup.files import storage
from ops.backup.schema import OURS, PLATFORM
from ops.backup.target import Target
from tests.support.backups import PUBLIC
from tests.support.cluster import MIGRATED, TestCluster

# What Auth and Storage of a hosted project have besides; `postgres` was given no right to these.
NOT_GIVEN = ("auth.schema_migrations", "storage.migrations", "storage.s3_multipart_uploads_parts")


@pytest.fixture
def as_hosted(cluster: TestCluster) -> Iterator[str]:
    """The address of a database for a role that is no superuser and owns nothing."""
    role = sql.Identifier(name := f"hosted_{uuid.uuid4().hex}")
    with cluster.copy(MIGRATED) as url:
        with psycopg.connect(url) as connection:
            connection.execute(sql.SQL("create role {} login bypassrls password 'hosted'").format(role))
            for schema in map(sql.Identifier, (*OURS, *PLATFORM)):
                connection.execute(sql.SQL("grant usage on schema {} to {}").format(schema, role))
                connection.execute(sql.SQL("grant select on all tables in schema {} to {}").format(schema, role))
                connection.execute(sql.SQL("grant select on all sequences in schema {} to {}").format(schema, role))
            for table in (sql.Identifier(*each.split(".")) for each in NOT_GIVEN):
                connection.execute(sql.SQL("create table if not exists {} (id text)").format(table))
                connection.execute(sql.SQL("revoke all on {} from {}").format(table, role))
        try:
            yield make_conninfo(url, user=name, password="hosted")
        finally:
            with psycopg.connect(url) as connection:
                connection.execute(sql.SQL("drop owned by {}").format(role))
                connection.execute(sql.SQL("drop role {}").format(role))


def test_what_belongs_to_auth_and_storage_alone_need_not_be_readable(as_hosted: str, tmp_path: Path) -> None:
    target = Target(as_hosted, lambda: storage("http://127.0.0.1:9", "no file is stored"), hosted=True)
    manifest = create(target, tmp_path / "one.tar.age", [PUBLIC])
    archived = {table.label for table in manifest.tables}
    assert {"auth.users", "storage.objects", "public.projects"} <= archived
    assert not archived & set(NOT_GIVEN)
