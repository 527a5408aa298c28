"""A part that ends is started again; one that keeps ending is given up; an order to stop reaches all of it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from local.process_tree import wait_gone
from local.settings import ROOT


def keeper(*command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "local.restarter", *command], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def wait_for_lines(file: Path, lines: int) -> list[str]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if file.exists() and len(found := file.read_text().splitlines()) >= lines:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{file} has not {lines} lines")


def test_what_keeps_ending_is_given_up() -> None:
    with keeper("/bin/sh", "-c", "exit 3") as running:
        said, _ = running.communicate(timeout=30)
    assert running.returncode == 3
    assert said.count("Ended by itself (3): started again.") == 4
    assert said.endswith("Ended 5 times within a minute: given up.\n")


def test_a_killed_part_is_started_again_without_the_workers_it_left(tmp_path: Path) -> None:
    started = tmp_path / "started"
    with keeper("/bin/sh", "-c", f"sleep 1000 & echo $$ $! >> {started}; wait") as running:
        process, worker = map(int, wait_for_lines(started, 1)[0].split())
        os.kill(process, signal.SIGKILL)
        again, other = map(int, wait_for_lines(started, 2)[1].split())
        assert gone(worker)
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) != 0
        assert gone(again)
        assert gone(other)


def gone(process: int) -> bool:
    try:
        return wait_gone([psutil.Process(process)], 10) == []
    except psutil.NoSuchProcess:
        return True
