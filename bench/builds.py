"""Another commit of this project beside this one, with its own locked packages, run as `make up` runs it."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from local.settings import ROOT
from local.stack.services import Service
from tests.support.up import Up, own_environment

BUILDS = ROOT / ".local" / "builds"


def unpack(commit: str) -> Path:
    """That commit's files, to be run with the packages of this build; kept for the next run."""
    folder = BUILDS / commit
    if not folder.exists():
        folder.mkdir(parents=True)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
        subprocess.run(["tar", "-x"], cwd=folder, input=archive.stdout, check=True)
    return folder


def checkout(commit: str) -> Path:
    """That commit's files, packages installed; kept for the next run."""
    folder = unpack(commit)
    installed = folder / ".installed"
    if not installed.exists():
        subprocess.run([sys.executable, "-m", "local.stack.bootstrap"], cwd=folder, check=True)
        installed.touch()
    return folder


def with_functions_of(root: Path, service: Service) -> Service:
    """The functions of the checkout at `root` in the place of this build's."""
    command = tuple(str(root / part) if part == "functions/main.py" else part for part in service.command)
    return replace(service, command=command, environment={**service.environment, "PYTHONPATH": str(root / "functions")})


@contextmanager
def running(root: Path, **variables: str) -> Iterator[Up]:
    """The whole backend of the checkout at `root`, without cron, on free ports and a state folder of its own."""
    with tempfile.TemporaryDirectory(prefix="showcase-bench-") as folder:
        Path(folder).chmod(0o755)  # the database server may run as another user
        state = Path(folder) / "state"
        up = Up(state, own_environment(state, CRON="false", **variables), root=root)
        try:
            up.start()
            yield up
            up.press_ctrl_c()
        finally:
            up.remove()
