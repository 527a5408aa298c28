"""Workers killed at random moments: nothing is lost and nothing is doubled."""

import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from showcase.metrics.refresh_due import refresh_due

from local.settings import ROOT
from tests.integration.metrics.running import TOKEN, Metrics, Source

WORKERS = 4
LEASE_SECONDS = 1
SETTINGS = {"METRICS_LEASE_SECONDS": str(LEASE_SECONDS), "METRICS_LEASE_SIZE": "10", "METRICS_CONCURRENCY": "2"}


@contextmanager
def forking_workers(metrics: Metrics) -> Iterator[subprocess.Popen[str]]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}:{ROOT / 'functions'}",
        "SUPABASE_URL": metrics.stack.url,
        "SUPABASE_PUBLISHABLE_KEY": metrics.stack.publishable_key,
        "SUPABASE_SECRET_KEY": metrics.stack.secret_key,
        "GITHUB_API_URL": metrics.urls["github"],
        "GITHUB_TOKEN": TOKEN,
        "X_API_URL": metrics.urls["twitter"],
        "X_BEARER_TOKEN": TOKEN,
        "X_POSTS_A_MONTH": "1000000",
        "X_POSTS_PER_USER_PER_DAY": "1000000",
        "LINKEDIN_API_URL": metrics.urls["linkedin"],
        "LINKEDIN_ACCESS_TOKEN": TOKEN,
        **SETTINGS,
    }
    command = [sys.executable, "-m", "tests.integration.metrics.forking_workers"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()
        process.wait(10)


def start_and_kill(process: "subprocess.Popen[str]") -> int:
    """How many were still at work when they were killed."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{WORKERS}\n")
    process.stdin.flush()
    workers = json.loads(process.stdout.readline())
    killed = 0
    for worker in random.sample(workers, WORKERS):
        time.sleep(random.uniform(0, 0.25))
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
            killed += 1
    return killed


async def finish(metrics: Metrics, sources: list[Source]) -> None:
    """What later workers do, once the leases have run out."""
    given_up = time.monotonic() + 120
    for platform in metrics.urls:
        metrics.behave(platform, f"token:{TOKEN}")
    async with metrics.dependencies(x_posts_a_month=1_000_000) as dependencies:
        while len(metrics.recorded(sources)) < len(sources):
            assert time.monotonic() < given_up, "some are never recorded"
            await refresh_due(dependencies)
            await asyncio.sleep(0.1)


def interrupt_a_run(metrics: Metrics, process: "subprocess.Popen[str]") -> tuple[int, int]:
    """How many workers were killed at work, and how many sources they left rolled_back."""
    metrics.clear()
    sources = [source for platform in ("github", "linkedin", "twitter") for source in metrics.make(80, platform)]
    for platform in metrics.urls:
        metrics.behave(platform, f"token:{TOKEN}", {"kind": "delay", "seconds": 0.3})
    killed = start_and_kill(process)
    rolled_back = len(sources) - len(metrics.recorded(sources))
    asyncio.run(finish(metrics, sources))
    assert metrics.recorded(sources) == set(sources), "each has exactly one snapshot, of today"
    with metrics.connect() as connection:
        rows = connection.execute(
            """select due_at > now() as later, lease_id, state, attempts from private.metric_sources
               where project_id = any (%s) group by 1, 2, 3, 4""",
            ([source.project for source in sources],),
        ).fetchall()
    assert rows == [{"later": True, "lease_id": None, "state": "active", "attempts": 0}]
    return killed, rolled_back


def interrupt_runs(metrics: Metrics, runs: int) -> None:
    with forking_workers(metrics) as process:
        outcomes = [interrupt_a_run(metrics, process) for _ in range(runs)]
    assert sum(killed for killed, _ in outcomes) > 0
    assert sum(rolled_back for _, rolled_back in outcomes) > 0, (
        "they were all done before they were killed: this proved nothing"
    )


def test_killed_workers_lose_nothing_and_double_nothing(metrics: Metrics) -> None:
    interrupt_runs(metrics, 2)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_workers_thirty_times(metrics: Metrics) -> None:
    interrupt_runs(metrics, 30)
