"""Start the services of the stack, wait until they are ready, always stop them; their last lines when one fails."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from local.settings import ROOT
from local.stack.process_tree import mark
from local.stack.services import Service
from tests.support import plain_http

READY_SECONDS = 150.0  # a busy machine takes a minute; a server that ends is noticed at once
STOP_SECONDS = 5.0

Server = subprocess.Popen[bytes]


@contextmanager
def running_services(services: Sequence[Service], logs: Path, *, belongs_to: Path) -> Iterator[None]:
    """All start at once; each writes to a file of its name in `logs`."""
    servers: list[Server] = []
    try:
        for service in services:
            with (logs / f"{service.name}.log").open("wb") as log:
                servers.append(
                    subprocess.Popen(
                        service.command,
                        cwd=ROOT,
                        env={**service.environment, **mark(belongs_to)},
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
        with plain_http.Client(timeout=5, trust_env=False) as client:
            for service, server in zip(services, servers, strict=True):
                _wait_until_ready(client, service, server, logs)
        yield
    finally:
        _stop(servers)


def last_lines(log: Path, lines: int = 40) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _wait_until_ready(client: httpx.Client, service: Service, server: Server, logs: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    seen = "nothing"
    while service.ready_url:
        try:
            answer = client.get(service.ready_url)
        except httpx.HTTPError as error:
            seen = repr(error)
        else:
            if answer.is_success:
                return
            seen = f"{answer.status_code} {answer.text[:500]}"
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{service.name} is not ready: {seen}\n{last_lines(logs / f'{service.name}.log')}")
        time.sleep(0.05)


def _stop(servers: Sequence[Server]) -> None:
    for order, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        for server in servers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, order)
        deadline = time.monotonic() + patience
        for server in servers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(max(0.0, deadline - time.monotonic()))
