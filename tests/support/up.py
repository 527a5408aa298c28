"""`python -m local up` as its own process, with its own ports and state folder, the way a terminal runs it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]

from local.postgres import cluster as postgres
from local.settings import ROOT, Settings, documented_variables
from local.stack import process_tree
from local.stack.ports import is_free
from tests.support import plain_http
from tests.support.ports import free_port
from tests.support.servers import last_lines

READY_SECONDS = 150.0  # a busy machine takes a minute; an end before is noticed at once
GONE_SECONDS = 60.0


def own_environment(state: Path, **variables: str) -> dict[str, str]:
    """Free ports, and nothing from the `.env` of anyone who runs the tests."""
    ports = {variable: str(free_port()) for variable in Settings.model_construct().ports()}
    unset = dict.fromkeys(documented_variables(), "")
    inherited = {name: value for name, value in os.environ.items() if name != process_tree.MARK}
    chosen = {"STACK": "embedded", "SITE": "false", "STATE_FOLDER": str(state)}
    return {**inherited, **unset, **chosen, **ports, **variables}


@dataclass
class Up:
    state: Path
    environment: dict[str, str]
    root: Path = ROOT  # the checkout that runs
    process: subprocess.Popen[bytes] | None = None
    family: list[psutil.Process] = field(default_factory=list)
    seconds: float = 0.0  # that the last start took

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port('GATEWAY_PORT')}"

    @property
    def python(self) -> str:
        return sys.executable if self.root == ROOT else str(self.root / ".venv" / "bin" / "python")

    def port(self, variable: str) -> int:
        return int(self.environment[variable])

    def launch(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [self.python, "-m", "local", "up"],
                cwd=self.root,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.process

    def start(self) -> None:
        """Launch it and wait for what it prints when all is ready."""
        begun = time.monotonic()
        process = self.launch()
        while "is ready after" not in self.said:
            assert process.poll() is None, f"it ended:\n{last_lines(self.log)}"
            assert time.monotonic() - begun < READY_SECONDS, f"it was not ready:\n{last_lines(self.log)}"
            time.sleep(0.05)
        self.seconds = time.monotonic() - begun
        # Taken from the process tree, not from the mark by which the stack itself finds its processes.
        server = psutil.Process(self.postmaster)
        tree = psutil.Process(process.pid)
        self.family = [tree, *tree.children(recursive=True), server, *server.children(recursive=True)]

    def ensure_started(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.start()

    def press_ctrl_c(self) -> int:
        """To the whole group of the terminal; the exit status."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(GONE_SECONDS)

    def listener(self, variable: str) -> psutil.Process:
        """The process that listens on the port; the oldest, where it shares it with its own workers."""
        found = [
            process
            for process in process_tree.members(self.state)
            if any(c.laddr.port == self.port(variable) and c.status == "LISTEN" for c in process.net_connections("tcp"))
        ]
        return min(found, key=lambda process: (process.create_time(), process.pid))

    def assert_nothing_left(self) -> None:
        assert self.process is not None
        self.process.wait(GONE_SECONDS)
        assert process_tree.wait_gone(self.family, GONE_SECONDS) == []
        # The reaper may still be at it for a moment after the supervisor was killed.
        assert process_tree.wait_gone(process_tree.members(self.state), GONE_SECONDS) == []
        ports = [int(value) for name, value in self.environment.items() if name.endswith("_PORT") and value]
        assert [port for port in ports if not is_free(port)] == []

    def projects(self) -> httpx.Response:
        return plain_http.get(f"{self.url}/rest/v1/projects", headers={"apikey": self.key("supabase_publishable_key")})

    def key(self, name: str) -> str:
        keys: dict[str, str] = httpx.Response(200, content=(self.state / "keys.json").read_bytes()).json()
        return keys[name]

    @property
    def postmaster(self) -> int:
        data = postgres.locate(self.state / "pgdata", 0, self.log).data  # elsewhere, below a folder closed to others
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])

    @property
    def log(self) -> Path:
        return self.state.with_name(f"{self.state.name}.log")

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def remove(self) -> None:
        """Whatever is left, also of a failed test."""
        process_tree.end_all(self.state)
        if self.process is not None:
            self.process.wait(GONE_SECONDS)
        subprocess.run([self.python, "-m", "local", "reset"], cwd=self.root, env=self.environment, check=True)
