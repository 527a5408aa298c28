"""Start the chosen stack, keep it running, stop it: the order of things."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import httpx
import psutil  # type: ignore[import-untyped]

from local import belonging, database, postgres
from local.console import step
from local.guard import start_guard
from local.ports import check_ports
from local.processes import database_log, parts
from local.settings import Settings, with_hosted_url, with_local_keys
from local.supervisor import Supervisor
from local.welcome import welcome

STOP_SECONDS = 20.0
# All that a stack keeps in its folder: what `reset` removes. Anything else there is somebody's own.
KEPT = ("pgdata", "storage", "logs", "keys.json", "supervisor.pid")


class StackError(Exception):
    """The stack cannot do what was asked."""


def up(settings: Settings) -> int:
    """Run the stack until Ctrl-C; the exit status."""
    if settings.stack == "docker":
        raise StackError(
            "STACK=docker is for the tests: see docs/docker.md. Beside `supabase start`, use STACK=hosted and its keys."
        )
    begun = time.monotonic()
    with _running(settings.state_folder) as start:
        if settings.stack == "hosted":
            settings, cluster = with_hosted_url(settings), None
            with step(f"{settings.supabase_url} answers"):
                check_project(settings)
        else:
            settings = with_local_keys(settings)
            cluster = _cluster(settings)
        with step("ports are free"):
            check_ports(settings)
        if cluster is not None:
            _prepare(cluster)
        return start(settings, cluster, begun)


def stop(settings: Settings) -> bool:
    """Ask a running stack to stop, and wait for it; whether there was one."""
    state = settings.state_folder
    if (supervisor := running_supervisor(state)) is None:
        return False
    supervisor.send_signal(signal.SIGTERM)
    if belonging.wait_gone([supervisor], STOP_SECONDS):
        supervisor.kill()
    return True


def reset(settings: Settings) -> None:
    """Forget everything that the stack keeps."""
    stop(settings)
    belonging.end_all(settings.state_folder)
    postgres.remove(_cluster(settings))
    for name in KEPT:
        path = settings.state_folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def running_supervisor(state: Path) -> psutil.Process | None:
    """The process that runs this state folder's stack. A pid file alone proves nothing: numbers are used again."""
    try:
        process = psutil.Process(int((state / "supervisor.pid").read_text()))
        belongs = process.environ().get(belonging.MARK) == str(state)
    except (OSError, ValueError, psutil.Error):
        return None
    return process if belongs and process.pid != os.getpid() and belonging.lives(process) else None


def check_project(settings: Settings) -> None:
    url = f"{settings.supabase_url}/auth/v1/settings"
    try:
        answer = httpx.get(url, headers={"apikey": settings.supabase_publishable_key}, timeout=10)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StackError(
            f"SUPABASE_URL does not answer ({str(error) or type(error).__name__}): is it right?"
        ) from error
    if not answer.is_success:
        raise StackError(
            f"The project at SUPABASE_URL refused SUPABASE_PUBLISHABLE_KEY ({answer.status_code}): are both right?"
        )


Start = Callable[[Settings, postgres.Cluster | None, float], int]


@contextmanager
def _running(state: Path) -> Iterator[Start]:
    """From the first process to the last: whatever happens in between, nothing is left running."""
    _prepare_folder(state)
    if (other := running_supervisor(state)) is not None:
        raise StackError(f"The stack is running already (process {other.pid}). Stop it there with Ctrl-C.")
    signal.signal(signal.SIGTERM, _interrupt)
    _end_leftovers(state)
    (state / "supervisor.pid").write_text(str(os.getpid()))
    guard = start_guard(os.getpid(), state)

    def start(settings: Settings, cluster: postgres.Cluster | None, begun: float) -> int:
        url = cluster.url() if cluster else ""
        chosen = parts(settings, url)
        if cluster is not None and (server := postgres.running(cluster)) is not None:
            chosen = (database_log(server.pid, cluster.log), *chosen)
        supervisor = Supervisor(
            chosen, state, guard, lambda: print(welcome(settings, url, time.monotonic() - begun), flush=True)
        )
        supervisor.run()
        if supervisor.problem:
            raise StackError(supervisor.problem)
        print("Stopped. What was stored is kept for the next start.")
        return 0

    try:
        yield start
    finally:
        # A second Ctrl-C must not keep us from cleaning up.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end_leftovers(state)
        guard.wait()
        (state / "supervisor.pid").unlink(missing_ok=True)


def _prepare(cluster: postgres.Cluster) -> None:
    new = not (cluster.data / "PG_VERSION").exists()
    with step("PostgreSQL: made and started" if new else "PostgreSQL: started"):
        postgres.make(cluster)
        postgres.start(cluster)
    with step("roles, Auth and Storage as Supabase has them"):
        database.make_platform(cluster.url())
    with step("migrations and demo rows (supabase db push)"):
        database.push(cluster.url())


def _prepare_folder(state: Path) -> None:
    try:
        for folder in (state, state / "logs", state / "storage"):
            folder.mkdir(parents=True, exist_ok=True)
    except PermissionError as error:
        raise StackError(f"{error.filename} cannot be written: it belongs to another user.") from error
    if not os.access(state, os.W_OK | os.X_OK):
        raise StackError(f"{state} cannot be written: it belongs to another user.")


def _end_leftovers(state: Path) -> None:
    """Of this run when it ends, or of one that was killed together with its guard."""
    if alive := belonging.end_all(state):
        raise StackError(f"These processes could not be ended: {', '.join(str(p.pid) for p in alive)}.")
    postgres.stop(postgres.locate(state / "pgdata", 0, state / "logs" / "postgres.log"))


def _cluster(settings: Settings) -> postgres.Cluster:
    state = settings.state_folder
    return postgres.locate(state / "pgdata", settings.postgres_port, state / "logs" / "postgres.log")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
