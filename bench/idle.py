"""What an idle `make up` with cron off costs: processes, memory and processor time, an older build beside it.

Memory is the proportional set size: what several processes share counts once. Linux.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.builds import checkout, running
from bench.support import print_machine, print_table
from local.postgres import cluster as postgres
from local.settings import ROOT
from local.stack import process_tree
from tests.support.up import Up

SETTLE_SECONDS = 90.0  # what is done once after the start is over, the first autovacuum of new tables too


@dataclass(frozen=True)
class Idle:
    processes: int
    megabytes: float
    core_percent: float
    largest: Sequence[tuple[str, float, float]]  # command, MB, percent of a core


def measured(up: Up, seconds: float) -> Idle:
    time.sleep(SETTLE_SECONDS)
    before, start = _used(up), time.monotonic()
    time.sleep(seconds)
    after, elapsed = _used(up), time.monotonic() - start
    rows = [
        (_command(process), process.memory_full_info().pss / 2**20, (used - before.get(process, 0.0)) / elapsed * 100)
        for process, used in after.items()
        if process.is_running()
    ]
    memory, cpu = sum(row[1] for row in rows), sum(row[2] for row in rows)
    return Idle(len(rows), memory, cpu, sorted(rows, key=lambda row: -row[1])[:10])


def _used(up: Up) -> dict[psutil.Process, float]:
    """Seconds of processor time by process, with that of its children that have ended."""
    cluster = postgres.locate(up.state / "pgdata", 0, up.log)
    assert up.process is not None
    found = {psutil.Process(up.process.pid), *process_tree.members(up.state), *postgres.workers(cluster)}
    return {process: sum(process.cpu_times()[:4]) for process in found if process.is_running()}


def _command(process: psutil.Process) -> str:
    words = [Path(word).name for word in process.cmdline() if not word.startswith("-")]
    return " ".join(words)[:60]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", default="9c1f395", metavar="COMMIT", help="the older build")
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    older = checkout(arguments.beside)
    print_machine()
    found = {}
    for name, root in ((arguments.beside, older), ("this build", ROOT)):
        with running(root) as up:
            found[name] = measured(up, arguments.seconds)
    head = ("", *found)
    rows = [
        ("processes", *(each.processes for each in found.values())),
        ("memory, MB", *(each.megabytes for each in found.values())),
        ("processor, % of a core", *(each.core_percent for each in found.values())),
    ]
    print_table(f"idle for {arguments.seconds:.0f} s", head, rows)
    print_table("this build's largest processes", ("", "MB", "% of a core"), found["this build"].largest)


if __name__ == "__main__":
    main()
