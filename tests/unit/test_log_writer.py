"""Log lines are written by a thread: whole, in order, and without holding up whoever logs."""

import io
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from showcase import log_writer
from showcase.log_writer import BackgroundHandler

FUNCTIONS = Path(log_writer.__file__).parents[1]


@contextmanager
def logging_to(stream: io.TextIOBase) -> Iterator[logging.Logger]:
    handler, log = BackgroundHandler(stream), logging.getLogger(f"tests.{id(stream)}")  # type: ignore[arg-type]
    log.propagate, log.handlers = False, [handler]
    log.setLevel(logging.INFO)
    yield log
    log.handlers = []
    handler.flush()


class Stuck(io.StringIO):
    """A pipe that nobody reads, until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened, self.written_to = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.written_to.set()
        self.opened.wait(30)
        return super().write(text)


def test_a_pipe_that_nobody_reads_holds_up_nobody_and_loses_what_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "MAX_LINES", 10)
    stream = Stuck()
    with logging_to(stream) as log:
        log.error("first")
        assert stream.written_to.wait(30)
        for number in range(15):
            log.error("line %s", number)
        stream.opened.set()
    lines = stream.getvalue().splitlines()
    assert lines[:11] == ["first", *(f"line {number}" for number in range(10))]
    assert lines[11:] == ['{"severity": "WARNING", "message": "5 log lines dropped"}']


def test_many_threads_lose_and_mix_nothing() -> None:
    stream = io.StringIO()

    def work(name: int) -> None:
        for number in range(200):
            log.info("%s %s", name, number)

    with logging_to(stream) as log:
        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = stream.getvalue().splitlines()
    assert sorted(lines) == sorted(f"{name} {number}" for name in range(4) for number in range(200))
    assert [line for line in lines if line.startswith("0 ")] == [f"0 {number}" for number in range(200)]


LAST_WORDS = """
import logging, os, sys
from showcase.log_writer import BackgroundHandler
log = logging.getLogger("last")
log.setLevel("INFO")
log.addHandler(BackgroundHandler(sys.stderr))
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
