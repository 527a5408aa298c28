"""Who has a state folder: one stack, backup or restore at a time, and nothing of it is left when that ends."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import psutil  # type: ignore[import-untyped]

from local.postgres import cluster as postgres
from local.settings import Settings
from local.stack import process_tree
from local.stack.reaper import Reaper, start_reaper

# What users stored, and what the Stripe simulator remembers of their purchases, its draft included.
STORED = ("pgdata", "storage", "stripe.json", "stripe.json.new")


class StackError(Exception):
    """The stack cannot do what was asked."""


def running_supervisor(state: Path) -> psutil.Process | None:
    """The process that runs this state folder's stack. A pid file alone proves nothing: numbers are used again."""
    try:
        process = psutil.Process(int((state / "supervisor.pid").read_text()))
        belongs = process.environ().get(process_tree.MARK) == str(state)
    except (OSError, ValueError, psutil.Error):
        return None
    return process if belongs and process.pid != os.getpid() and process_tree.lives(process) else None


@contextmanager
def lock_state(state: Path) -> Iterator[Reaper]:
    """From the first process to the last: whatever happens in between, nothing is left running."""
    _prepare_folder(state)
    if (other := running_supervisor(state)) is not None:
        raise StackError(f"The stack is running already (process {other.pid}). Stop it there with Ctrl-C.")
    state.chmod(0o700)  # it may be of an earlier version, which left it open
    signal.signal(signal.SIGTERM, _interrupt)
    _end_leftovers(state)
    (state / "supervisor.pid").write_text(str(os.getpid()))
    reaper = start_reaper(os.getpid(), state)
    try:
        yield reaper
    finally:
        # A second Ctrl-C must not keep us from cleaning up.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end_leftovers(state)
        reaper.wait()
        (state / "supervisor.pid").unlink(missing_ok=True)


def cluster_of(settings: Settings) -> postgres.Cluster:
    state = settings.state_folder
    return postgres.locate(state / "pgdata", settings.postgres_port, state / "logs" / "postgres.log")


def forget_stored(settings: Settings) -> None:
    """Of a stack that does not run."""
    postgres.remove(cluster_of(settings))
    for name in STORED:
        remove(settings.state_folder / name)


def remove(path: Path) -> None:
    """A folder or a file, where there is one."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def close_to_others() -> None:
    """Before writing into a state folder: keys, logs with addresses, mails, stored files are the owner's alone."""
    os.umask(0o077)


def _prepare_folder(state: Path) -> None:
    try:
        for folder in (state, state / "logs", state / "storage"):
            folder.mkdir(parents=True, exist_ok=True)
    except PermissionError as error:
        raise StackError(f"{error.filename} cannot be written: it belongs to another user.") from error
    if not os.access(state, os.W_OK | os.X_OK):
        raise StackError(f"{state} cannot be written: it belongs to another user.")


def _end_leftovers(state: Path) -> None:
    """Of this run when it ends, or of one that was killed together with its reaper."""
    if alive := process_tree.end_all(state):
        raise StackError(f"These processes could not be ended: {', '.join(str(p.pid) for p in alive)}.")
    postgres.stop(postgres.locate(state / "pgdata", 0, state / "logs" / "postgres.log"))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
