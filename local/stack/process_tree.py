"""Which processes belong to one stack: all that carry its mark in their environment, no matter who started them.

The mark is inherited by every child, also by one that leaves its process group, and survives the death of its parent.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

MARK = "SHOWCASE_BELONGS_TO"


def mark(folder: Path) -> dict[str, str]:
    return {MARK: str(folder)}


def take_mark(folder: Path, module: str) -> None:
    """Start over (as `python -m <module>`) with the mark in our own environment, for everything that we start."""
    if not mark(folder).items() <= os.environ.items():
        environment = {**os.environ, **mark(folder)}
        os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], environment)  # noqa: S606


def members(folder: Path) -> list[psutil.Process]:
    """The living processes of the stack that has its state in `folder`, but for this one and its parents."""
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in ours and lives(process) and process.environ().get(MARK) == str(folder):
                found.append(process)
        except (psutil.Error, OSError):  # gone by now, or another user's
            continue
    return found


def end_all(folder: Path, *, patience: float = 0.0) -> list[psutil.Process]:
    """End what belongs to the stack: by asking, when there is patience, then by force. What could not be ended."""
    found = members(folder)
    if patience:
        for process in found:
            _send(process, signal.SIGTERM)
        wait_gone(found, patience)
    # Once more from the start: one may have started another in the meantime.
    found = members(folder)
    for process in found:
        _send(process, signal.SIGKILL)
    return wait_gone(found, 3)


def wait_gone(processes: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until all have ended; those that have not in time."""
    deadline = time.monotonic() + seconds
    alive = list(processes)
    while (alive := [process for process in alive if lives(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def lives(process: psutil.Process) -> bool:
    """A zombie has ended, even if its parent (the system's first process, after a crash) takes time to notice."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _send(process: psutil.Process, order: signal.Signals) -> None:
    with contextlib.suppress(psutil.Error):  # gone already
        process.send_signal(order)
