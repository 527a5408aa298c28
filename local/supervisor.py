"""Runs the services by honcho, each with its restarter; when one is given up, all end."""

import multiprocessing.connection
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
from honcho.manager import Manager
from honcho.printer import Message, Printer

from local.console import done
from local.process_tree import mark
from local.reaper import Reaper
from local.services import Service
from local.settings import ROOT

READY_SECONDS = 90.0


class LoggingPrinter(Printer):  # type: ignore[misc]
    """On the terminal with prefixes and colours; in the log file without colours."""

    def __init__(self, log: Path) -> None:
        super().__init__(sys.stdout)
        self._file = Printer(log.open("w", encoding="utf-8"), colour=False)

    def write(self, message: Message) -> None:
        self._file.width = self.width
        self._file.write(message)
        super().write(message)


class Supervisor(Manager):  # type: ignore[misc]
    """honcho's process manager, which also tells when all are ready, and notices the death of its own helpers."""

    def __init__(
        self, services: Sequence[Service], state: Path, reaper: Reaper, when_ready: Callable[[], None]
    ) -> None:
        super().__init__(LoggingPrinter(state / "logs" / "stack.log"))
        self._services = services
        self._reaper = reaper
        self._when_ready = when_ready
        self.problem = ""
        for service in services:
            # exec: no shell between us and the keeper, so that signals reach it.
            command = f"exec {shlex.join((sys.executable, '-m', 'local.restarter', *service.command))}"
            self.add_process(service.name, command, env={**service.environment, **mark(state)}, cwd=str(ROOT))

    def run(self) -> None:
        """Until Ctrl-C, or until a service is given up: then `problem` says which."""
        self.loop()

    def _start(self) -> None:
        super()._start()
        # Threads only now: honcho forks above.
        threading.Thread(target=self._wait_until_ready, daemon=True).start()
        threading.Thread(target=self._watch_helpers, daemon=True).start()

    def _system_print(self, data: str) -> None:
        super()._system_print(data)
        # The first service to stop without being asked to is the cause of what follows.
        if " stopped (rc=" in data and not self._terminating and not self.problem:
            name, _, code = data.strip().partition(" stopped ")
            self.problem = f"{name} could not go on {code}: everything was stopped. Its last lines are above."

    def _wait_until_ready(self) -> None:
        start = time.monotonic()
        with httpx.Client(timeout=5, trust_env=False) as client:
            for service in self._services:
                while service.ready_url and not self._terminating and not _answers(client, service.ready_url):
                    if time.monotonic() - start > READY_SECONDS:
                        return self._give_up(
                            f"{service.name} was not ready after {READY_SECONDS:.0f} s. See its lines above."
                        )
                    time.sleep(0.1)
        if not self._terminating:
            print(done("all services ready", time.monotonic() - start), flush=True)
            self._when_ready()
        return None

    def _watch_helpers(self) -> None:
        """honcho neither notices that a process which reads a service's output was killed, nor knows our reaper."""
        helpers: dict[Any, str] = {self._process(service.name).sentinel: service.name for service in self._services}
        while helpers and not self._terminating:
            for ended in multiprocessing.connection.wait(list(helpers), timeout=0.5):
                name = helpers.pop(ended)
                self._process(name).join()  # its end is seen a moment before its status
                if self._process(name).exitcode:
                    self.events.put(Message("stop", {"returncode": 1}, datetime.now(), name, None))  # noqa: DTZ005
            for service in self._services:
                _end_group_of_dead_leader(self._processes[service.name].get("pid"))
            if self._reaper.poll() is not None:
                return self._give_up("The reaper process was killed: everything was stopped.")
        return None

    def _process(self, name: str) -> BaseProcess:
        process: BaseProcess = self._processes[name]["process"]
        return process

    def _give_up(self, problem: str) -> None:
        self.problem = self.problem or problem
        os.kill(os.getpid(), signal.SIGTERM)  # which honcho takes as the order to stop


def _end_group_of_dead_leader(leader: int | None) -> None:
    """A service that has ended is noticed when its output does, and its own workers may go on writing: end them.

    The leader's number is not used again meanwhile, since its parent, the reader, has not taken note of its end.
    """
    try:
        if leader is not None and psutil.Process(leader).status() == psutil.STATUS_ZOMBIE:
            os.killpg(leader, signal.SIGKILL)
    except (psutil.NoSuchProcess, ProcessLookupError, PermissionError):
        return


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx.HTTPError:
        return False
