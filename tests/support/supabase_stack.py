"""The tests' stack over Supabase's own servers, with everything of ours beside them as local processes.

STACK=docker starts containers, STACK=supabase the managed stack of the Supabase CLI: one for each test process. With
SUPABASE_URL set (and DATABASE_URL, and the keys), the servers are those of a running `supabase start`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local.postgres import migrations
from local.settings import Settings
from local.stack import managed_stack, services
from local.stack.managed_stack import ManagedStack
from local.stack.services import Service
from tests.support.cluster import TestCluster
from tests.support.servers import running_services
from tests.support.stack import Stack, free_settings, stack_of, state_folder

STACKS = ("docker", "supabase")
PROJECT = ("SUPABASE_URL", "DATABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY", "SUPABASE_JWT_SECRET")


@dataclass(frozen=True)
class Servers:
    """Where they are, as seen from this machine."""

    database_url: str
    auth_url: str
    rest_url: str
    storage_url: str


@dataclass(frozen=True)
class Chosen:
    """The servers, the settings that fit them, and whether they know API keys by themselves."""

    servers: Servers
    settings: Settings
    takes_keys: bool


def chosen_stack() -> str:
    """Which of `STACKS` the tests run on; empty: the embedded one."""
    name = os.environ.get("STACK", "")
    return name if name in STACKS else ""


def download(folder: Path) -> None:
    """Starts the managed stack and forgets it, where tests want it: they find downloaded what it consists of.

    `folder` is for its state. Raises: StackError, with one line where it cannot be downloaded.
    """
    if chosen_stack() == "supabase" and not os.environ.get("SUPABASE_URL"):
        with _managed(free_settings(folder).model_copy(update=_from_environment())):
            pass


def why_not() -> str:
    """Why the servers cannot run here; empty where they can. The managed stack is tried beforehand, by `download`."""
    if os.environ.get("SUPABASE_URL") or chosen_stack() == "supabase":
        return ""
    from tests.support.docker import containers

    reasons = (containers.why_no_image(containers.image(name)) for name in containers.IMAGES)
    return containers.why_not() or next(filter(None, reasons), "")


@contextmanager
def running_supabase_stack(cluster: TestCluster) -> Iterator[Stack]:
    """Raises: StackError, where the CLI cannot start its managed stack."""
    settings = free_settings(state_folder(cluster)).model_copy(update=_from_environment())
    with _chosen(settings) as chosen:
        ours = (front(chosen), *services.services(chosen.settings, chosen.servers.database_url))
        with running_services(ours, settings.logs, belongs_to=cluster.folder):
            yield stack_of(chosen.settings, chosen.servers.database_url)


def front(chosen: Chosen) -> Service:
    """One origin in front of the servers and the functions."""
    servers = chosen.servers
    urls = {"auth": servers.auth_url, "rest": servers.rest_url, "storage": servers.storage_url}
    return services.front(chosen.settings, urls, "" if chosen.takes_keys else chosen.settings.supabase_jwt_secret)


def _from_environment() -> dict[str, str]:
    return {"stack": chosen_stack() or "docker", "stack_runtime": os.environ.get("STACK_RUNTIME") or "native"}


@contextmanager
def _chosen(settings: Settings) -> Iterator[Chosen]:
    if os.environ.get("SUPABASE_URL"):
        yield _project(settings)
    elif settings.stack == "supabase":
        with _migrated(settings) as chosen:
            yield chosen
    else:
        from tests.support.docker import containers

        with containers.running_servers(settings.supabase_jwt_secret, settings.site_url) as servers:
            yield Chosen(servers, settings, takes_keys=False)


def _project(settings: Settings) -> Chosen:
    """What `supabase start` runs, with the migrations that it lacks."""
    given = {name: os.environ.get(name, "") for name in PROJECT}
    if missing := [name for name, value in given.items() if not value]:
        raise RuntimeError(f"Tests with SUPABASE_URL need {', '.join(missing)}: `supabase status` shows them")
    for name in ("SUPABASE_URL", "DATABASE_URL"):
        if urlsplit(given[name]).hostname not in {"127.0.0.1", "localhost"}:
            raise RuntimeError(f"{name} leads to another machine: tests write to this database")
    migrations.push(given["DATABASE_URL"].partition("?")[0])
    url = given["SUPABASE_URL"].rstrip("/")
    servers = Servers(given["DATABASE_URL"], f"{url}/auth/v1", f"{url}/rest/v1", f"{url}/storage/v1")
    keys = {name.lower(): given[name] for name in PROJECT[2:]}
    return Chosen(servers, settings.model_copy(update=keys), takes_keys=True)


@contextmanager
def _migrated(settings: Settings) -> Iterator[Chosen]:
    """A managed stack with the migrations and the demo rows."""
    with _managed(settings) as managed:
        url = managed.database_url.partition("?")[0]
        migrations.push(url)
        servers = Servers(url, *(managed.servers[name] for name in ("auth", "rest", "storage")))
        yield Chosen(servers, managed.settings_beside(settings), takes_keys=True)


@contextmanager
def _managed(settings: Settings) -> Iterator[ManagedStack]:
    """Nothing that it stored is left."""
    try:
        yield managed_stack.start(settings)
    finally:
        managed_stack.destroy(settings)
