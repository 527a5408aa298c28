"""What people see: one line for each step with the time it took, one line when something is wrong."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

WIDTH = 44


@contextmanager
def step(what: str) -> Iterator[None]:
    """Says what is being done, and when done how long it took."""
    start = time.monotonic()
    terminal = sys.stdout.isatty()
    if terminal:
        print(f"  ...  {what}", end="", flush=True)
    try:
        yield
    except BaseException:
        print(("\r" if terminal else "") + f"  FAIL {what}", flush=True)
        raise
    print(("\r" if terminal else "") + done(what, time.monotonic() - start), flush=True)


def done(what: str, seconds: float) -> str:
    return f"  ok   {what:<{WIDTH}} {seconds:5.1f} s"


def complain(problem: object) -> None:
    print(f"\nshowcase: {problem}", file=sys.stderr, flush=True)
