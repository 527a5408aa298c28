"""What users see: one line for each step, with how far it is and the time it took; one line when something is wrong."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

WIDTH = 44
# How often a step that goes on says so: a terminal's line is written over, a log gets one more.
TERMINAL_SECONDS = 1.0
LOG_SECONDS = 10.0
CLEAR_LINE = "\r\x1b[K"


@dataclass
class Progress:
    """How far a step is: `61 of 165`. Anyone who carries it out sets it."""

    text: str = ""


@contextmanager
def step(what: str) -> Iterator[Progress]:
    """Says what is being done, how far it is, and when done how long it took."""
    start = time.monotonic()
    terminal = sys.stdout.isatty()
    clear, end = (CLEAR_LINE, "") if terminal else ("", "\n")
    progress, ended = Progress(), threading.Event()

    def tick() -> None:
        while not ended.wait(TERMINAL_SECONDS if terminal else LOG_SECONDS):
            print(
                f"{clear}  ...  {_timed(f'{what} {progress.text}'.rstrip(), time.monotonic() - start)}",
                end=end,
                flush=True,
            )

    if terminal:
        print(f"  ...  {what}", end="", flush=True)
    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    outcome = f"  FAIL {what}"
    try:
        yield progress
        outcome = done(what, time.monotonic() - start)
    finally:
        ended.set()
        ticker.join()
        print(f"{clear}{outcome}", flush=True)


def done(what: str, seconds: float) -> str:
    return f"  ok   {_timed(what, seconds)}"


def _timed(what: str, seconds: float) -> str:
    return f"{what:<{WIDTH}} {seconds:5.1f} s"


def note(what: str) -> None:
    """A line below the step that goes on."""
    print(("\n" if sys.stdout.isatty() else "") + f"       {what}", flush=True)


def complain(problem: object) -> None:
    print(f"\nshowcase: {problem}", file=sys.stderr, flush=True)
