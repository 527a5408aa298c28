"""STACK=docker: the tests' stack over Supabase's own servers, with everything of ours beside them as local processes.

With SUPABASE_URL set (and DATABASE_URL, and the keys), the servers are those of a running `supabase start`; else
containers are started, once for each test process.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from local.postgres import migrations
from local.settings import Settings
from local.stack import services
from local.stack.services import Service
from tests.support.cluster import TestCluster
from tests.support.docker import containers
from tests.support.docker.containers import Servers
from tests.support.servers import running_services
from tests.support.stack import Stack, free_settings, stack_of, state_folder

PROJECT = ("SUPABASE_URL", "DATABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY", "SUPABASE_JWT_SECRET")


@dataclass(frozen=True)
class Chosen:
    """The servers, the settings that fit them, and whether they know API keys by themselves."""

    servers: Servers
    settings: Settings
    takes_keys: bool


def why_not() -> str:
    """Why this stack cannot run here; empty where it can."""
    if os.environ.get("SUPABASE_URL"):
        return ""
    reasons = (containers.why_no_image(containers.image(name)) for name in containers.IMAGES)
    return containers.why_not() or next(filter(None, reasons), "")


@contextmanager
def running_docker_stack(cluster: TestCluster) -> Iterator[Stack]:
    settings = free_settings(state_folder(cluster)).model_copy(update={"stack": "docker"})
    with _chosen(settings) as chosen:
        ours = (front(chosen), *services.services(chosen.settings, chosen.servers.database_url))
        with running_services(ours, settings.logs, belongs_to=cluster.folder):
            yield stack_of(chosen.settings, chosen.servers.database_url)


def front(chosen: Chosen) -> Service:
    """One origin in front of the servers and the functions."""
    servers = chosen.servers
    urls = {"auth": servers.auth_url, "rest": servers.rest_url, "storage": servers.storage_url}
    return services.front(chosen.settings, urls, "" if chosen.takes_keys else chosen.settings.supabase_jwt_secret)


@contextmanager
def _chosen(settings: Settings) -> Iterator[Chosen]:
    if os.environ.get("SUPABASE_URL"):
        yield _project(settings)
        return
    with containers.running_servers(settings.supabase_jwt_secret, settings.site_url) as servers:
        yield Chosen(servers, settings, takes_keys=False)


def _project(settings: Settings) -> Chosen:
    """What `supabase start` runs, with the migrations that it lacks."""
    given = {name: os.environ.get(name, "") for name in PROJECT}
    if missing := [name for name, value in given.items() if not value]:
        raise RuntimeError(f"STACK=docker with SUPABASE_URL needs {', '.join(missing)}: `supabase status` shows them")
    for name in ("SUPABASE_URL", "DATABASE_URL"):
        if urlsplit(given[name]).hostname not in {"127.0.0.1", "localhost"}:
            raise RuntimeError(f"{name} leads to another machine: tests write to this database")
    migrations.push(given["DATABASE_URL"].partition("?")[0])
    url = given["SUPABASE_URL"].rstrip("/")
    servers = Servers(given["DATABASE_URL"], f"{url}/auth/v1", f"{url}/rest/v1", f"{url}/storage/v1")
    keys = {name.lower(): given[name] for name in PROJECT[2:]}
    return Chosen(servers, settings.model_copy(update=keys), takes_keys=True)
