"""The last resort: waits for the supervisor to be gone, however it went, and ends whatever is left of its stack.

Nobody else can do it after `kill -9` of the supervisor, or when its terminal is closed. While it waits, it has nothing
but the standard library in memory.
"""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from local.stack.process_exit import wait_ended

ROOT = Path(__file__).resolve().parents[2]
Reaper = subprocess.Popen[bytes]


def start_reaper(supervisor: int, state: Path, *, temporary: bool = False) -> Reaper:
    """`temporary`: nothing of the state folder is kept."""
    from local.stack.process_tree import mark

    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "local.stack.reaper",
            *(["--temporary"] if temporary else []),
            str(supervisor),
            str(state),
        ],
        cwd=ROOT,
        env={**os.environ, **mark(state)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # out of reach of the terminal's Ctrl-C and hang-up
    )


def clean_up(state: Path, *, temporary: bool = False) -> None:
    """End every process of the stack, then its database server; of a temporary one, nothing is kept."""
    import shutil

    from local.postgres import cluster as postgres
    from local.stack import process_tree

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
    wait_ended(arguments.supervisor)
    if arguments.state.exists():
        clean_up(arguments.state, temporary=arguments.temporary)


if __name__ == "__main__":
    main()
