"""Start one vendor's simulator on a port of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from local.processes import Part
from local.settings import HOST
from tests.support.cluster import TestCluster, free_port
from tests.support.servers import running_parts


@contextmanager
def running_simulator(
    vendor: str, cluster: TestCluster, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[httpx.Client]:
    """A client of `local.simulators.<vendor>`."""
    url = f"http://{HOST}:{(port := free_port())}"
    command = (
        *(sys.executable, "-m", "uvicorn", "--factory", f"local.simulators.{vendor}:create_app"),
        *("--host", HOST, "--port", str(port), "--no-access-log"),
    )
    part = Part(vendor, command, {"PYTHONUNBUFFERED": "1", **(environment or {})}, f"{url}/_simulator")
    with (
        running_parts([part], folder, belongs_to=cluster.folder),
        httpx.Client(base_url=url, timeout=30, trust_env=False) as client,
    ):
        yield client
