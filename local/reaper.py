"""The last resort: waits for the supervisor to be gone, however it went, and ends whatever is left of its stack.

Nobody else can do it after `kill -9` of the supervisor, or when its terminal is closed.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from local import postgres, process_tree
from local.process_tree import lives
from local.settings import ROOT

Reaper = subprocess.Popen[bytes]


def start_reaper(supervisor: int, state: Path, *, temporary: bool = False) -> Reaper:
    return subprocess.Popen(
        [sys.executable, "-m", "local.reaper", *(["--temporary"] if temporary else []), str(supervisor), str(state)],
        cwd=ROOT,
        env={**os.environ, **process_tree.mark(state)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # out of reach of the terminal's Ctrl-C and hang-up
    )


def clean_up(state: Path, *, temporary: bool = False) -> None:
    """End every part of the stack, then its database server; of a temporary one, nothing is kept."""
    process_tree.end_all(state)
    cluster = postgres.locate(state / "pgdata", 0, state / "postgres.log")
    postgres.stop(cluster, seconds=3)
    if temporary:
        postgres.remove(cluster)
        shutil.rmtree(state, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--temporary", action="store_true")
    parser.add_argument("supervisor", type=int)
    parser.add_argument("state", type=Path)
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(psutil.NoSuchProcess):
        supervisor = psutil.Process(arguments.supervisor)
        while lives(supervisor):
            time.sleep(0.1)
    if arguments.state.exists():
        clean_up(arguments.state, temporary=arguments.temporary)


if __name__ == "__main__":
    main()
