"""STACK=supabase: Supabase's own servers, by the managed stack of the Supabase CLI (experimental in 3.1).

The first start downloads them. What they store is in ~/.supabase; their configuration is STATE_FOLDER/supabase-stack.
"""

import io
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from local.postgres.migrations import MODULES, node_program
from local.postgres.system_user import NAME, system_user
from local.settings import ROOT, Settings
from local.stack.state_lock import StackError
from local.stack.supabase_cli import environment

LEFT_OUT = ("realtime", "functions", "studio", "mail", "analytics", "pooler")
# A mirror of the archives: https for anything but this machine. The lock holds their hashes.
MIRROR = "SUPABASE_INTERNAL_SLIM_RELEASES_URL"
SUPABASE_CLI = (str(node_program()), str(MODULES / "supabase" / "dist" / "supabase.js"))


@dataclass(frozen=True)
class ManagedStack:
    """A running one, as `supabase stack status --env` reports it."""

    url: str
    database_url: str
    publishable_key: str
    secret_key: str


def start(settings: Settings, cli: Sequence[str] = SUPABASE_CLI) -> ManagedStack:
    """Starts or resumes it, and waits until it answers.

    Raises: StackError, with one line where its servers cannot be downloaded.
    """
    excluded = [word for name in LEFT_OUT for word in ("--exclude", name)]
    started = _run(settings, cli, "start", f"--runtime={settings.stack_runtime}", "--eager", *excluded)
    if started.returncode:
        if "Unable to download" in started.stderr + started.stdout:
            raise StackError(
                "Supabase's servers, which STACK=supabase downloads at its first start, cannot be fetched from here: "
                "STACK=embedded (the default) needs none of them."
            )
        raise StackError(f"supabase stack start failed:\n{started.stdout}{started.stderr}")
    said = _run(settings, cli, "status", "--env", "--output-format=text")
    found = dotenv_values(stream=io.StringIO(said.stdout), interpolate=False)
    names = ("API_URL", "DB_URL", "PUBLISHABLE_KEY", "SECRET_KEY")
    url, database_url, publishable_key, secret_key = (found.get(name) or "" for name in names)
    if missing := [name for name in names if not found.get(name)]:
        raise StackError(f"supabase stack status says nothing of {', '.join(missing)}:\n{said.stderr}")
    return ManagedStack(url, database_url, publishable_key, secret_key)


def stop(settings: Settings, cli: Sequence[str] = SUPABASE_CLI) -> None:
    """What is stored is kept."""
    _run(settings, cli, "stop")


def _run(settings: Settings, cli: Sequence[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*cli, "stack", *arguments],
        cwd=_project(settings),
        env=environment(os.environ, **_variables(settings)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _project(settings: Settings) -> Path:
    """A folder of its own, by which the CLI knows the stack: with config.toml, and the lock that the CLI writes."""
    folder = settings.state_folder / "supabase-stack"
    (folder / "supabase").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "supabase" / "config.toml", folder / "supabase" / "config.toml")
    return folder


def _variables(settings: Settings) -> Mapping[str, str]:
    """What config.toml asks for, ports of ours, and who Postgres runs as when we are root."""
    google = {
        name: settings.functions_environment.get(name) or "local"
        for name in ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET")
    }
    user = {"SUPABASE_NATIVE_POSTGRES_USER": NAME} if system_user() else {}
    mirror = {MIRROR: os.environ[MIRROR]} if os.environ.get(MIRROR) else {}
    return {
        "SUPABASE_EXPERIMENTAL_STACK": "1",
        "SUPABASE_API_PORT": str(settings.postgrest_port),
        "SUPABASE_DB_PORT": str(settings.postgres_port),
        "SITE_URL": settings.site_url,
        **google,
        **user,
        **mirror,
    }
