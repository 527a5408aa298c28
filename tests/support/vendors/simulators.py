"""Start one vendor's simulator on a port of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local.settings import HOST
from local.stack.services import Service
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.ports import free_port
from tests.support.servers import running_services


@dataclass(frozen=True)
class Simulated:
    """A running simulator, and a token that no other test uses."""

    client: httpx.Client
    token: str

    def behave(self, subject: str, *behaviours: dict[str, Any]) -> None:
        answer = self.client.put("/_simulator/behaviours", json={subject: behaviours})
        assert answer.status_code == 200, answer.text

    def behave_token(self, *behaviours: dict[str, Any]) -> None:
        self.behave(f"token:{self.token}", *behaviours)


@contextmanager
def running_simulator(
    vendor: str, cluster: TestCluster, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[httpx.Client]:
    """A client of `local.simulators.<vendor>`."""
    url = f"http://{HOST}:{(port := free_port())}"
    command = (sys.executable, "-m", "local.simulators", f"{vendor}={port}")
    service = Service(vendor, command, {"PYTHONUNBUFFERED": "1", **(environment or {})}, f"{url}/_simulator")
    with (
        running_services([service], folder, belongs_to=cluster.folder),
        plain_http.Client(base_url=url, timeout=30, trust_env=False) as client,
    ):
        yield client
