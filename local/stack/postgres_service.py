"""The database server as a service: its log is shown as it grows, and a server that has ended is started again.

It is started before the other services and stopped after them, so it is not a child of the supervisor.
"""

import asyncio
import contextlib
from collections.abc import Callable

from local.postgres import cluster as postgres
from local.stack.process_exit import ended
from local.stack.process_tree import wait_gone

WORKERS_SECONDS = 5.0  # that the server's workers have to notice its end
LOG_EVERY = 1.0  # seconds


async def run_postgres(cluster: postgres.Cluster, say: Callable[[str], None]) -> int:
    """Until the server ends, which is started where it does not run. Cancelled, it leaves the server running."""
    reading = asyncio.create_task(_show_log(cluster, say))
    try:
        server = postgres.running(cluster)
        if server is None:
            await asyncio.to_thread(_start, cluster)
            server = postgres.running(cluster)
        if server is not None:
            await ended(server.pid)
        say("The server has ended.")
        return 1
    except postgres.PostgresError as error:
        say(str(error))
        return 1
    finally:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading


def _start(cluster: postgres.Cluster) -> None:
    # Two servers on one folder would spoil it: none of the old one's workers may be left.
    for worker in wait_gone(left := postgres.workers(cluster), WORKERS_SECONDS):
        worker.kill()
    wait_gone(left, WORKERS_SECONDS)
    postgres.start(cluster)


async def _show_log(cluster: postgres.Cluster, say: Callable[[str], None]) -> None:
    with cluster.log.open(encoding="utf-8", errors="replace") as log:
        log.seek(0, 2)
        try:
            while True:
                await asyncio.sleep(LOG_EVERY)
                for line in log:
                    say(line.rstrip("\n"))
        finally:
            for line in log:
                say(line.rstrip("\n"))
