"""Where a backup comes from, or goes to: the stack on this machine, running or not, or a project by its addresses."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from local.console import step
from local.postgres import cluster as postgres
from local.postgres import migrations
from local.settings import ROOT, Settings, with_hosted_url, with_local_keys
from local.stack.ports import check_ports
from local.stack.process_tree import mark
from local.stack.services import Service, gateway
from local.stack.state_lock import cluster_of, forget_stored, lock_state, running_supervisor
from ops.backup.errors import BackupError
from ops.backup.files import Storage, storage
from ops.backup.settings import BackupSettings

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Target:
    database_url: str
    storage: Callable[[], AbstractContextManager[Storage]]  # ready once the database has its tables
    hosted: bool


@contextmanager
def opened_source(settings: Settings, backup: BackupSettings) -> Iterator[Target]:
    """The project to be backed up; of a stopped stack, the parts that are needed run meanwhile."""
    if settings.stack == "hosted":
        yield _hosted(settings, backup)
    elif running_supervisor(settings.state_folder) is not None:
        yield _running(settings)
    elif not (cluster_of(settings).data / "PG_VERSION").exists():
        raise BackupError(f"There is nothing to back up: {settings.state_folder} holds no database.")
    else:
        with lock_state(settings.state_folder):
            yield _started(settings)


@contextmanager
def opened_target(settings: Settings, backup: BackupSettings, *, replace: bool) -> Iterator[Target]:
    """The project to be filled. `replace` empties the stack on this machine first, and never a hosted project."""
    if settings.stack == "hosted":
        if replace:
            raise BackupError("A hosted project is never emptied from here: restore into a new project.")
        yield _hosted(settings, backup)
        return
    if running_supervisor(settings.state_folder) is not None:
        raise BackupError("The stack is running: stop it first (`make stop`).")
    with lock_state(settings.state_folder):
        if replace:
            with step("what was there: removed"):
                forget_stored(settings)
                (settings.state_folder / "storage").mkdir()
        yield _started(settings)


def _hosted(settings: Settings, backup: BackupSettings) -> Target:
    settings = with_hosted_url(settings)
    if not (url := backup.backup_database_url.get_secret_value()):
        raise BackupError("STACK=hosted needs BACKUP_DATABASE_URL, the project's session pooler or direct connection.")
    return Target(url, lambda: storage(settings.supabase_url, settings.supabase_secret_key), hosted=True)


def _running(settings: Settings) -> Target:
    settings = with_local_keys(settings)
    url = cluster_of(settings).url()
    return Target(url, lambda: storage(settings.gateway_url, settings.supabase_secret_key), hosted=False)


def _started(settings: Settings) -> Target:
    settings = with_local_keys(settings)
    cluster = cluster_of(settings)
    check_ports(settings)
    with step("PostgreSQL: started"):
        postgres.make(cluster)
        postgres.start(cluster)
        migrations.make_platform(cluster.url())

    @contextmanager
    def served() -> Iterator[Storage]:
        with (
            _serving(gateway(settings, cluster.url()), settings.state_folder),
            storage(settings.gateway_url, settings.supabase_secret_key) as opened,
        ):
            yield opened

    return Target(cluster.url(), served, hosted=False)


@contextmanager
def _serving(part: Service, state: Path) -> Iterator[None]:
    """One part of the stack, ready, for as long as the block."""
    log = state / "logs" / f"{part.name}.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            part.command,
            cwd=ROOT,
            env={**part.environment, **mark(state)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(part.ready_url):
            if server.poll() is not None or time.monotonic() > deadline:
                raise BackupError(f"{part.name} is not ready: see {log}.")
            time.sleep(0.1)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=5).is_success
    except httpx.HTTPError:
        return False
