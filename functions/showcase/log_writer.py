"""Log lines, written in a thread of their own: a pipe that nobody reads holds up no request."""

import logging
import os
import threading
from collections import deque
from typing import TextIO

from typing_extensions import override

BATCH_SECONDS = 0.02  # for which lines are gathered, so that a busy process does not write each by itself
MAX_LINES = 10_000  # that wait; more are counted and dropped


class BackgroundHandler(logging.Handler):
    """Warnings and errors are written at once, the rest within `BATCH_SECONDS`, all of it when the process exits."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._begin()
        # A fork leaves the thread behind, in whatever it was doing; what waits is its parent's to write.
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._waiting, self._urgent = threading.Event(), threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Runs under the handler's lock."""
        if len(self._lines) >= MAX_LINES:
            self._dropped += 1
            return
        self._lines.append(f"{self.format(record)}\n")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="log", daemon=True)
            self._thread.start()
        if record.levelno >= logging.WARNING:
            self._urgent.set()
        if not self._waiting.is_set():
            self._waiting.set()

    @override
    def flush(self) -> None:
        """Writes all that waits. Called at exit, too."""
        with self._writing:
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            dropped, self._dropped = self._dropped, 0
            if dropped:
                lines.append(f'{{"severity": "WARNING", "message": "{dropped} log lines dropped"}}\n')
            self._stream.write("".join(lines))
            self._stream.flush()

    def _run(self) -> None:
        while self._waiting.wait():
            self._urgent.wait(BATCH_SECONDS)
            self._waiting.clear()
            self._urgent.clear()
            self.flush()
