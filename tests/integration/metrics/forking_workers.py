"""Starts workers that can be killed: for each number on a line of its input it forks so many, and prints their ids.

Forked, since a hundred fresh interpreters would take a minute. Run by `python -m`; its settings come from the
environment, as those of the functions do.
"""

import asyncio
import json
import os
import signal
import sys

from showcase.database import Database
from showcase.metrics.dependencies import MetricsDependencies, platform_clients
from showcase.metrics.refresh_due import refresh_due
from showcase.metrics.settings import MetricsSettings
from showcase.outbound.http_client import HttpClient
from showcase.settings import CoreSettings, load


async def work() -> None:
    settings = load(MetricsSettings)
    http = HttpClient(timeout=30)
    await refresh_due(
        MetricsDependencies(Database(http, load(CoreSettings)), platform_clients(http, settings), settings)
    )


def start() -> int:
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(work())
        finally:
            os._exit(0)
    return child


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody has to wait for them
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps([start() for _ in range(int(line))]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
