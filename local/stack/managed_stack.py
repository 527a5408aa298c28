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
# A supabase.lock to start from, as for the archives of a mirror; else the CLI writes one, with the versions it knows.
LOCK = "SUPABASE_STACK_LOCK"
SUPABASE_CLI = (str(node_program()), str(MODULES / "supabase" / "dist" / "supabase.js"))


@dataclass(frozen=True)
class ManagedStack:
    """A running one, as `supabase stack status --env` reports it."""

    url: str
    database_url: str
    publishable_key: str
    secret_key: str

    @property
    def servers(self) -> dict[str, str]:
        """The URLs of `auth`, `rest` and `storage`, which know API keys by themselves."""
        return {name: f"{self.url.rstrip('/')}/{name}/v1" for name in ("auth", "rest", "storage")}

    def settings_beside(self, settings: Settings) -> Settings:
        """The settings of what runs in front of and beside it: its keys, and the front as the project's URL."""
        keys = {"supabase_publishable_key": self.publishable_key, "supabase_secret_key": self.secret_key}
        return settings.model_copy(update={**keys, "supabase_url": settings.gateway_url})


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


def destroy(settings: Settings, cli: Sequence[str] = SUPABASE_CLI) -> None:
    """Stops it and forgets what it stored, where there is one; what was downloaded is kept.

    Raises: StackError.
    """
    if not _folder(settings).exists():
        return
    done = _run(settings, cli, "destroy", "--yes")
    if done.returncode and "No managed stack was found" not in done.stdout + done.stderr:
        raise StackError(f"supabase stack destroy failed:\n{done.stdout}{done.stderr}")
    shutil.rmtree(_folder(settings))


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
    folder = _folder(settings)
    (folder / "supabase").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "supabase" / "config.toml", folder / "supabase" / "config.toml")
    if lock := os.environ.get(LOCK):
        shutil.copyfile(lock, folder / "supabase" / "supabase.lock")
    return folder


def _folder(settings: Settings) -> Path:
    return settings.state_folder / "supabase-stack"


def _variables(settings: Settings) -> Mapping[str, str]:
    """What config.toml asks for, ports and a JWT secret of ours, and who Postgres runs as when we are root."""
    google = {
        name: settings.functions_environment.get(name) or "local"
        for name in ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET")
    }
    user = {"SUPABASE_NATIVE_POSTGRES_USER": NAME} if system_user() else {}
    mirror = {MIRROR: os.environ[MIRROR]} if os.environ.get(MIRROR) else {}
    # Without one the CLI takes its own, the same on every machine; `stack status` reports neither.
    secret = {"SUPABASE_AUTH_JWT_SECRET": settings.supabase_jwt_secret} if settings.supabase_jwt_secret else {}
    return {
        "SUPABASE_EXPERIMENTAL_STACK": "1",
        "SUPABASE_API_PORT": str(settings.postgrest_port),
        "SUPABASE_DB_PORT": str(settings.postgres_port),
        "SITE_URL": settings.site_url,
        **google,
        **user,
        **mirror,
        **secret,
    }
