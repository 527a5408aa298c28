"""No two test processes of a machine are given the same port for their servers."""

import os
import random
import subprocess
import sys

from local.settings import ROOT
from tests.support.ports import BLOCK, free_port

# By a generator that is seeded alike in every process, which lives until the test has the ports of all.
PORTS = BLOCK // 2
PROGRAM = f"""
import random
random.seed(0)
from tests.support.ports import free_port
print(*(free_port() for _ in range({PORTS})), flush=True)
input()
"""


def test_processes_at_once() -> None:
    command = [sys.executable, "-c", PROGRAM]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(6)]  # type: ignore[call-overload]
    try:
        given = [int(port) for process in processes for port in process.stdout.readline().split()]
    finally:
        for process in processes:
            process.communicate("\n")
    assert len(given) == len({*given}) == len(processes) * PORTS


def test_what_a_process_forks_has_ports_of_its_own() -> None:
    reading, writing = os.pipe()
    random.seed(0)
    ours = free_port()
    if (child := os.fork()) == 0:
        try:
            os.write(writing, str(free_port()).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    theirs = int(os.read(reading, 10))
    os.close(reading)
    os.close(writing)
    assert ours // BLOCK != theirs // BLOCK
