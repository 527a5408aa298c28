"""A service that ends is started again; one that keeps ending is given up; an order to stop reaches all of it."""

import asyncio
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from local.settings import ROOT
from local.stack.child_process import run_command
from local.stack.process_tree import wait_gone
from local.stack.restarter import keep_running


def keep(said: list[str], *command: str) -> "asyncio.Task[int]":
    once = partial(run_command, command, dict(os.environ), ROOT, said.append)
    return asyncio.create_task(keep_running(once, said.append))


async def lines_of(file: Path, number: int) -> list[str]:
    """Once there are so many."""
    return await asyncio.to_thread(wait_for_lines, file, number)


def wait_for_lines(file: Path, number: int) -> list[str]:
    deadline = time.monotonic() + 60
    while not file.exists() or len(found := file.read_text().splitlines()) < number:
        assert time.monotonic() < deadline, f"{file} has not {number} lines"
        time.sleep(0.02)
    return found


def test_what_keeps_ending_is_given_up() -> None:
    said: list[str] = []

    async def run() -> int:
        return await keep(said, "/bin/sh", "-c", "echo ending; exit 3")

    assert asyncio.run(run()) == 3
    assert said.count("ending") == 5
    assert said.count("Ended by itself (3): started again.") == 4
    assert said[-1] == "Ended 5 times within a minute: given up."


def test_what_cannot_be_started_is_given_up() -> None:
    said: list[str] = []

    async def run() -> int:
        return await keep(said, "/nowhere/to-be-found")

    assert asyncio.run(run()) == 127
    assert "/nowhere/to-be-found" in said[0]


def test_a_killed_service_is_started_again_without_the_workers_it_left(tmp_path: Path) -> None:
    started = tmp_path / "started"

    async def run() -> list[int]:
        keeping = keep([], "/bin/sh", "-c", f"sleep 1000 & echo $$ $! >> {started}; wait")
        process, worker = map(int, (await lines_of(started, 1))[0].split())
        os.kill(process, signal.SIGKILL)
        again, other = map(int, (await lines_of(started, 2))[1].split())
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        return [process, worker, again, other]

    assert all(gone(process) for process in asyncio.run(run()))


def test_output_of_any_size_is_shown_and_a_process_that_keeps_the_pipe_is_not_waited_for() -> None:
    said: list[str] = []
    leave_one = "os.fork() or (os.setsid(), os.execlp('sleep', 'sleep', '9'))"
    program = f"import os; print('x' * 3_000_000, flush=True); {leave_one}"

    async def run() -> int:
        async with asyncio.timeout(15):
            return await run_command((sys.executable, "-c", program), dict(os.environ), ROOT, said.append)

    assert asyncio.run(run()) == 0
    assert sum(map(len, said)) == 3_000_000


def gone(process: int) -> bool:
    try:
        return wait_gone([psutil.Process(process)], 10) == []
    except psutil.NoSuchProcess:
        return True
