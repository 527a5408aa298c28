"""Log lines are written whole, in order, and without holding up anyone who logs."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from showcase.observability import log_writer
from showcase.observability.log_writer import NonBlockingHandler

FUNCTIONS = Path(log_writer.__file__).parents[2]


@contextmanager
def logging_to(descriptor: int) -> Iterator[logging.Logger]:
    handler, log = NonBlockingHandler(descriptor), logging.getLogger(f"tests.{uuid4()}")
    log.propagate, log.handlers = False, [handler]
    log.setLevel(logging.INFO)
    yield log
    log.handlers = []
    handler.flush()


def test_a_line_is_there_once_it_is_logged(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with file.open("wb") as opened, logging_to(opened.fileno()) as log:
        for number in range(100):
            log.info("line %s", number)
            assert file.read_text().endswith(f"line {number}\n")


def test_a_pipe_that_nobody_reads_holds_up_nobody_and_loses_what_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "MAX_LINES", 100)
    readable, writable = os.pipe()
    read: list[bytes] = []
    with logging_to(writable) as log:
        for number in range(1000):
            log.info("%s %s", number, "x" * 1000)
        reader = threading.Thread(target=lambda: read.extend(iter(lambda: os.read(readable, 65536), b"")))
        reader.start()
    os.close(writable)
    reader.join(30)
    os.close(readable)
    written = b"".join(read).decode().splitlines()
    lines = [line.split(" ") for line in written if not line.startswith("{")]
    numbers = [int(number) for number, _ in lines]
    assert numbers == sorted(set(numbers))
    assert numbers[:50] == list(range(50))
    assert {text for _, text in lines} == {"x" * 1000}
    dropped = sum(int(json.loads(line)["message"].split()[0]) for line in written if line.startswith("{"))
    assert dropped == 1000 - len(lines) > 0


def test_many_threads_lose_and_mix_nothing(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with file.open("wb") as opened, logging_to(opened.fileno()) as log:

        def work(name: int) -> None:
            for number in range(200):
                log.info("%s %s", name, number)

        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = file.read_text().splitlines()
    assert sorted(lines) == sorted(f"{name} {number}" for name in range(4) for number in range(200))
    assert [line for line in lines if line.startswith("0 ")] == [f"0 {number}" for number in range(200)]


LAST_WORDS = """
import logging, os, sys
from showcase.observability.log_writer import NonBlockingHandler
log = logging.getLogger("last")
log.setLevel("INFO")
log.addHandler(NonBlockingHandler(2))
log.info("before the fork")
child = os.fork()
log.info("child" if child == 0 else "parent")
if child:
    os.waitpid(child, 0)
"""


def test_what_waits_is_written_at_exit_also_after_a_fork() -> None:
    """gunicorn loads the code before it forks."""
    environment = {"PYTHONPATH": str(FUNCTIONS), "PATH": os.environ["PATH"]}
    finished = subprocess.run(
        [sys.executable, "-c", LAST_WORDS], env=environment, capture_output=True, text=True, check=True
    )
    lines = finished.stderr.splitlines()
    assert sorted(lines) == ["before the fork", "child", "parent"]
