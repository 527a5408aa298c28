"""A service of the stack that a test kills, as the machine might, and starts again."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from local.settings import ROOT
from local.stack.process_tree import mark
from local.stack.services import Service
from tests.support import plain_http

TIMEOUT = 100.0  # seconds, where a machine has much else to do


@dataclass
class KillableService:
    """A server that can be killed, and lives again at the same address."""

    service: Service
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.service.command,
            cwd=ROOT,
            env={**self.service.environment, **mark(self.folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if plain_http.get(self.service.ready_url, timeout=5).is_success:
                    return
            time.sleep(0.05)
        raise AssertionError(f"{self.service.name} did not start")

    def kill(self) -> None:
        """With its children: who serves is one of them, and would go on for a while without its parent."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
