"""Log lines, written at once where that takes no waiting, else by a thread: a full pipe holds up no request."""

import logging
import os
import select
import stat
import threading
from collections import deque

from typing_extensions import override

MAX_LINES = 10_000  # that wait; more are counted and dropped


class NonBlockingHandler(logging.Handler):
    """Writes whole lines to a file descriptor, in their order; what waits when the process exits is written then."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        self._writable = select.poll()
        self._writable.register(descriptor, select.POLLOUT)
        self._begin()
        # A fork leaves the thread behind, in whatever it was doing; what waits is its parent's to write.
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lines: deque[bytes] = deque()
        self._dropped = 0
        self._waiting = threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Runs under the handler's lock."""
        line = f"{self.format(record)}\n".encode(errors="backslashreplace")
        if self._writing.acquire(blocking=False):
            try:
                if not self._lines and self._takes(line):
                    _write(self._descriptor, line)
                    return
            finally:
                self._writing.release()
        self._enqueue(line)

    @override
    def flush(self) -> None:
        """Writes all that waits. Called at exit, too."""
        with self._writing:
            while self._lines:
                _write(self._descriptor, self._lines.popleft())
            dropped, self._dropped = self._dropped, 0
            if dropped:
                notice = f'{{"severity": "WARNING", "message": "{dropped} log lines dropped"}}\n'
                _write(self._descriptor, notice.encode())

    def _takes(self, line: bytes) -> bool:
        """Whether writing this cannot block: a pipe that can be written to has room for PIPE_BUF bytes (POSIX)."""
        if self._is_file:
            return True
        return len(line) <= select.PIPE_BUF and bool(self._writable.poll(0))

    def _enqueue(self, line: bytes) -> None:
        if len(self._lines) >= MAX_LINES:
            self._dropped += 1
            return
        self._lines.append(line)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="log", daemon=True)
            self._thread.start()
        self._waiting.set()

    def _run(self) -> None:
        while self._waiting.wait():
            self._waiting.clear()
            self.flush()


def _write(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]
