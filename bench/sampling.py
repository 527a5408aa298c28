"""The memory of each part and the connections between them, while something runs."""

import asyncio
import contextlib
import statistics
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg

from bench.support import PROGRAMS, print_table
from local.postgres import cluster as postgres
from local.stack import process_tree
from tests.support.stack import Stack

EVERY = 1.0  # seconds
CPU = ", processor"
SESSIONS = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


@dataclass
class Samples:
    """Rows of numbers by name; those up to `loaded` were taken under load, the others after it."""

    rows: list[Mapping[str, float]] = field(default_factory=list)
    loaded: int = 0

    def end_of_load(self) -> None:
        self.loaded = len(self.rows)

    def print(self, requests: int) -> None:
        """The medians of three stretches: a leak would grow from the first to the second, and stay in the third."""
        third = self.loaded // 3
        stretches = (self.rows[:third], self.rows[self.loaded - third : self.loaded], self.rows[-3:])
        names = [name for name in self.rows[0] if not name.endswith(CPU)]
        print_table(
            "what is held (MB; connections)",
            ("", "first third", "last third", "15 s after"),
            [(name, *(statistics.median(row[name] for row in rows) for rows in stretches)) for name in names],
        )
        first, last = self.rows[0], self.rows[self.loaded - 1]
        spent = [(name, (last[name] - first[name]) / requests * 1000) for name in first if name.endswith(CPU)]
        print_table("processor time for each request, ms", ("", "ms"), spent)


@asynccontextmanager
async def sampling(stack: Stack, folder: Path) -> AsyncIterator[Samples]:
    samples = Samples()
    with psycopg.connect(stack.database_url, autocommit=True) as connection:

        async def take() -> None:
            while True:
                samples.rows.append(await asyncio.to_thread(_sample, connection, folder))
                await asyncio.sleep(EVERY)

        task = asyncio.create_task(take())
        try:
            yield samples
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _sample(connection: psycopg.Connection, folder: Path) -> Mapping[str, float]:
    taken = {f"{name}{what}": 0.0 for what in (", memory", CPU) for name in ("gateway", "functions", "postgres")}
    taken |= {"gateway, connections": 0.0, "functions, connections": 0.0}
    for name, process in _parts(folder):
        with contextlib.suppress(psutil.NoSuchProcess):
            taken[f"{name}, memory"] += process.memory_full_info().uss / 2**20
            times = process.cpu_times()
            taken[f"{name}{CPU}"] += times.user + times.system
            if name != "postgres":
                taken[f"{name}, connections"] += len(process.net_connections("tcp"))
    row = connection.execute(SESSIONS).fetchone()
    return taken | {"postgres, sessions": float(row[0] if row else 0)}


def _parts(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    for process in process_tree.members(folder):
        with contextlib.suppress(psutil.NoSuchProcess):
            command = " ".join(process.cmdline())
            for name in ("gateway", "functions"):
                if PROGRAMS[name] in command:
                    yield name, process
    server = postgres.running(postgres.locate(folder / "pgdata", 0, folder / "postgres.log"))
    if server is not None:
        yield from (("postgres", process) for process in (server, *server.children()))
