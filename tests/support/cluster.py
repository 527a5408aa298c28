"""One PostgreSQL cluster for a whole test run, with template databases that tests are given copies of.

The first test that needs a database makes the cluster; the run's controlling process stops it.
"""

import fcntl
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from local.postgres import cluster as postgres
from local.postgres import migrations
from local.stack import reaper
from tests.support.database import close_connections
from tests.support.ports import free_port

PLATFORM = "template_platform"  # as a hosted project is before the first migration
MIGRATED = "template_migrated"  # with the migrations and the demo rows


@dataclass(frozen=True)
class TestCluster:
    """What the tests of one run share: the folder of its state, and the process that the run lives and dies with."""

    __test__ = False

    folder: Path
    controller: int
    reapers: list[reaper.Reaper] = field(default_factory=list)

    def url(self, name: str) -> str:
        port = self._once("cluster", self._make_cluster)
        return f"postgresql://postgres:postgres@127.0.0.1:{port}/{name}"

    @contextmanager
    def copy(self, template: str) -> Iterator[str]:
        """A database of one's own; its URL, as superuser."""
        name = f"test_{uuid.uuid4().hex}"
        self._once(PLATFORM, self._make_platform)
        if template == MIGRATED:
            self.make_template(MIGRATED, migrations.push)
        self._run(
            # By its files: half the time of a copy by way of the log.
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            ),
            # Not copied with the template, since it is the database's setting and not its content.
            sql.SQL("alter database {} set pgrst.db_schemas = 'public'").format(sql.Identifier(name)),
        )
        try:
            yield self.url(name)
        finally:
            close_connections(self.url(name))
            self._run(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def make_template(self, name: str, fill: Callable[[str], object]) -> None:
        """Once in a test run: a copy of PLATFORM, whose URL `fill` is given."""
        self._once(PLATFORM, self._make_platform)
        self._once(name, lambda: self._make_template(name, fill))

    def stop(self) -> None:
        """At the end of the run."""
        if any(self.folder.iterdir()):  # some test wanted a database, or started a server
            reaper.clean_up(self.folder, temporary=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _cluster(self, port: int) -> postgres.Cluster:
        return postgres.locate(self.folder / "pgdata", port, self.folder / "postgres.log", durable=False)

    def _once(self, name: str, make: Callable[[], str]) -> str:
        """What `make` returned in the first test process that came here; the others wait for it.

        A process may be ended while it makes something: the next one then starts over.
        """
        made, failed = self.folder / f"{name}.made", self.folder / f"{name}.failed"
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if failed.exists():
                raise RuntimeError(f"{name} could not be made for the tests: {failed.read_text()}")
            if not made.exists():
                try:
                    made.write_text(make())
                except Exception as error:
                    failed.write_text(str(error))
                    raise
            return made.read_text()

    def _make_cluster(self) -> str:
        self.reapers.append(reaper.start_reaper(self.controller, self.folder, temporary=True))
        cluster = self._cluster(free_port())
        postgres.remove(cluster)
        postgres.make(cluster)
        postgres.start(cluster)
        return str(cluster.port)

    def _make_platform(self) -> str:
        self._create_database(PLATFORM, "template1")
        migrations.make_platform(self.url(PLATFORM))
        return PLATFORM

    def _make_template(self, name: str, fill: Callable[[str], object]) -> str:
        self._create_database(name, PLATFORM)
        fill(self.url(name))
        return name

    def _create_database(self, name: str, template: str) -> None:
        database = sql.Identifier(name)
        self._run(
            sql.SQL("drop database if exists {} with (force)").format(database),
            sql.SQL("create database {} template {}").format(database, sql.Identifier(template)),
        )

    def _run(self, *statements: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)
