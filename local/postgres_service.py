"""A foreground process for the database server: shows its log as it grows, and ends when the server does.

The server itself is started before the other parts and stopped after them, so it is not a child of the process manager.
When it has ended by itself, the next run of this starts it again.
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TextIO

import psutil  # type: ignore[import-untyped]

from local import postgres
from local.process_tree import lives, wait_gone

PATIENCE = 5.0  # seconds that the server's workers have to notice its end


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("log", type=Path)
    arguments = parser.parse_args()
    cluster = postgres.locate(arguments.data, arguments.port, arguments.log)
    with cluster.log.open(encoding="utf-8", errors="replace") as log:
        log.seek(0, 2)
        server = postgres.running(cluster) or _started(cluster)
        if server is not None:
            _end(_follow(server, log))
        sys.stdout.writelines(log)
    print("The server has ended.", flush=True)
    return 1


def _started(cluster: postgres.Cluster) -> psutil.Process | None:
    asked: list[int] = []

    def remember(order: int, _frame: FrameType | None) -> None:
        asked.append(order)

    # An order to stop waits until it is known whether there is a server to be stopped.
    before = signal.signal(signal.SIGTERM, remember)
    try:
        postgres.start(cluster)
    except postgres.PostgresError as error:
        print(error, flush=True)
    signal.signal(signal.SIGTERM, before)
    if asked:
        sys.exit(1)
    return postgres.running(cluster)


def _follow(server: psutil.Process, log: TextIO) -> Sequence[psutil.Process]:
    """Until the server ends; the workers that it leaves."""
    workers: Sequence[psutil.Process] = ()
    while lives(server):
        try:
            workers = server.children(recursive=True) or workers
        except psutil.NoSuchProcess:
            break
        sys.stdout.writelines(log)
        sys.stdout.flush()
        time.sleep(0.2)
    return workers


def _end(workers: Sequence[psutil.Process]) -> None:
    """Two servers on one folder would spoil it: nobody of the old one may be left when the new one starts."""
    for worker in wait_gone(workers, PATIENCE):
        worker.kill()
    wait_gone(workers, PATIENCE)


if __name__ == "__main__":
    sys.exit(main())
