"""Runs one part of the stack, and again when it ends by itself, as a platform does in production.

Usage: python -m local.restarter COMMAND. What ends five times within a minute is given up. Standard library alone:
there is one of these beside every part.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from types import FrameType

ENDINGS = 5
WITHIN = 60.0  # seconds
FIRST_WAIT = 0.2
LONGEST_WAIT = 3.0


class Keeper:
    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = False

    def run(self) -> int:
        """Until it is told to stop, or gives up; the part's last exit status."""
        for order in (signal.SIGTERM, signal.SIGINT):
            signal.signal(order, self._stop)
        endings: deque[float] = deque(maxlen=ENDINGS)
        while True:
            code = self._run_once()
            if self._stopping:
                return code
            endings.append(time.monotonic())
            if len(endings) == ENDINGS and endings[-1] - endings[0] < WITHIN:
                print(f"Ended {ENDINGS} times within a minute: given up.", flush=True)
                return code or 1
            print(f"Ended by itself ({code}): started again.", flush=True)
            time.sleep(min(LONGEST_WAIT, FIRST_WAIT * 2 ** len(endings)))

    def _run_once(self) -> int:
        if self._stopping:
            return 0
        # A group of its own, so that its workers can be ended with it: they would keep its port.
        self._child = child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, process_group=0)
        if self._stopping:  # told so in this very moment
            self._tell(signal.SIGTERM)
        code = child.wait()
        self._tell(signal.SIGKILL)
        return code

    def _stop(self, _order: int, _frame: FrameType | None) -> None:
        self._stopping = True
        self._tell(signal.SIGTERM)

    def _tell(self, order: signal.Signals) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, order)


if __name__ == "__main__":
    sys.exit(Keeper(sys.argv[1:]).run())
