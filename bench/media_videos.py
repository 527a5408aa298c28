"""What the check of a video costs: honest films, films made to keep us busy, and other users' requests meanwhile.

Usage: PYTHONPATH=functions python -m bench.media_videos [--sizes 1 5 50] [--no-stack] [--no-checks]
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from showcase.media.checks.bounded import Limits
from showcase.media.domain import INPUT, ContentType, sniff

from bench.load import running
from bench.support import print_machine, print_table
from local.stack import process_tree
from tests.integration.media.media import Studio
from tests.support.files.crafted_films import CRAFTED, HONEST, film, repeated
from tests.support.stack import Stack

MB = 1_000_000
LIMITS = Limits(seconds=60, cpu_seconds=20, memory_bytes=768 * 1024**2, file_bytes=50 * 1024**2)
FUNCTIONS = Path(__file__).parents[1] / "functions"
# As `showcase.media.checks.bounded_job`, which says at its end what it has used.
CHECK = """
import gc, json, os, re, sys
from showcase.media.checks import bounded_job, jobs
order = json.loads(sys.argv[1])
bounded_job.limit(**order["limits"])
gc.disable()
outcome = bounded_job.outcome(jobs.check_video, order["arguments"])
peak = int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
times = os.times()
print(json.dumps([outcome, times.user + times.system, peak]))
"""
TIMES = 3  # each file is checked so often; the least counts


# Confirms uploads, all at once: status and seconds of each.
Confirm = Callable[[], list[tuple[int, float]]]


@dataclass(frozen=True)
class Cost:
    """Of one check's process: seconds, seconds of processor time, peak memory in MB, and how it ended."""

    wall: float
    cpu: float
    memory: float
    result: str


def cost(content: bytes) -> Cost:
    return min((_cost(content) for _ in range(TIMES)), key=lambda cost: cost.cpu)


def _cost(content: bytes) -> Cost:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / INPUT).write_bytes(content)
        order = {"limits": asdict(LIMITS), "arguments": {"content_type": _content_type(content)}}
        start = time.perf_counter()
        checked = subprocess.run(
            [sys.executable, "-P", "-c", CHECK, json.dumps(order)],
            cwd=name,
            env={"PYTHONPATH": str(FUNCTIONS)},
            stdout=subprocess.PIPE,
            check=True,
        )
        wall = time.perf_counter() - start
    outcome, cpu, memory = json.loads(checked.stdout)
    return Cost(wall, cpu, memory / 1024, str(outcome.get("refused", "taken")))


def _content_type(content: bytes) -> ContentType:
    return sniff(content[:64]) or ContentType.MP4


def print_costs(size: int) -> None:
    rows: list[Sequence[object]] = []
    honest: dict[ContentType, float] = {}
    for makers in (HONEST, CRAFTED):
        for name, make in makers.items():
            content = make(size * MB)
            found = cost(content)
            base = honest.setdefault(_content_type(content), found.cpu)
            rows.append(
                (
                    name,
                    len(content) / MB,
                    found.cpu * 1000,
                    found.cpu / base,
                    found.wall * 1000,
                    found.memory,
                    found.result,
                )
            )
    head = ("", "MB", "cpu, ms", "of the honest", "wall, ms", "peak, MB", "")
    print_table(f"films of {size} MB, in the process of their check", head, rows)


def print_confirmed(stack: Stack, folder: Path, size: int) -> None:
    """With what a check has around it: the file comes from Storage, and where it is taken goes back there."""
    rows: list[Sequence[object]] = []
    first = 0.0
    for name, make in {**HONEST, **CRAFTED}.items():
        content = make(size * MB)
        confirm = confirm_all(stack, [content])
        before = _used(folder)
        ((status, seconds),) = confirm()
        used = _used(folder) - before
        first = first or used
        rows.append((name, len(content) / MB, used * 1000, used / first, seconds * 1000, status))
    head = ("", "MB", "cpu, ms", "of the honest", "wall, ms", "")
    print_table(f"films of {size} MB through confirmUpload: functions, their checks, and the gateway", head, rows)


def _used(folder: Path) -> float:
    """Seconds of processor time of the functions and the gateway, with the processes that they have ended."""
    found = 0.0
    for process in process_tree.members(folder):
        if any(word in " ".join(process.cmdline()) for word in ("functions_framework", "gateway.mjs")):
            times = process.cpu_times()
            found += times.user + times.system + times.children_user + times.children_system
    return found


async def latencies(stack: Stack, seconds: float) -> list[float]:
    """Milliseconds of another user's requests, four at a time."""
    user = stack.make_user()
    found: list[float] = []
    end = time.monotonic() + seconds

    async def ask(client: httpx.AsyncClient) -> None:
        while time.monotonic() < end:
            start = time.perf_counter()
            (await client.post("/functions/v1/generateQrCode", json={})).raise_for_status()
            found.append((time.perf_counter() - start) * 1000)

    async with stack.async_client(user) as client:
        await client.post("/functions/v1/generateQrCode", json={})
        await asyncio.gather(*(ask(client) for _ in range(4)))
    return found


def confirm_all(stack: Stack, contents: Sequence[bytes]) -> Confirm:
    """Uploads a film for each of as many users; the function that confirms them gives status and seconds of each."""
    studios: list[tuple[Studio, str]] = []
    for content in contents:
        user = stack.make_user()
        studio = Studio(stack, user, stack.client(user))
        content_type = _content_type(content)
        announced = studio.announce(studio.project(), content, content_type)
        headers = {"Content-Type": content_type}
        httpx.put(announced["upload_url"], content=content, headers=headers, timeout=300).raise_for_status()
        studios.append((studio, announced["upload_id"]))

    def confirm(each: tuple[Studio, str]) -> tuple[int, float]:
        start = time.perf_counter()
        answer = each[0].http.post("/functions/v1/confirmUpload", json={"upload_id": each[1]}, timeout=300)
        return answer.status_code, time.perf_counter() - start

    def confirm_them() -> list[tuple[int, float]]:
        with ThreadPoolExecutor(len(studios)) as pool:
            return list(pool.map(confirm, studios))

    return confirm_them


async def beside(
    stack: Stack, confirm: Callable[[], list[tuple[int, float]]]
) -> tuple[list[float], list[tuple[int, float]]]:
    work = asyncio.create_task(asyncio.to_thread(confirm))
    found: list[float] = []
    while not work.done():
        found += await latencies(stack, 1)
    return found, await work


def print_latencies(stack: Stack) -> None:
    rows: list[Sequence[object]] = []
    asyncio.run(latencies(stack, 2))
    alone = asyncio.run(latencies(stack, 8))
    rows.append(("nobody's", "", _percentile(alone, 50), _percentile(alone, 99), 1.0))
    for name, contents in {
        "six films whose chunks are the same bytes, 1 MB": [repeated(b"meta", MB)] * 6,
        "six of nested boxes, 5 MB": [CRAFTED["nested movies"](5 * MB)] * 6,
        "six honest films of 20 MB": [film(20 * MB)] * 6,
    }.items():
        found, answers = asyncio.run(beside(stack, confirm_all(stack, contents)))
        worst = max(seconds for _, seconds in answers)
        statuses = sorted({status for status, _ in answers})
        ratio = _percentile(found, 99) / _percentile(alone, 99)
        rows.append((name, f"{statuses} in {worst:.1f} s", _percentile(found, 50), _percentile(found, 99), ratio))
    print_table(
        "generateQrCode of another user while these are confirmed, ms",
        ("", "confirmed", "50 %", "99 %", "99 %, of nobody's"),
        rows,
    )


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="*", default=[1, 5, 50], help="megabytes")
    parser.add_argument("--no-stack", action="store_true", help="the checks' processes alone")
    parser.add_argument("--no-checks", action="store_true", help="confirmUpload alone")
    arguments = parser.parse_args()
    print_machine()
    for size in () if arguments.no_checks else arguments.sizes:
        print_costs(size)
    if not arguments.no_stack:
        with running() as (stack, folder):
            for size in arguments.sizes:
                print_confirmed(stack, folder, size)
            print_latencies(stack)


if __name__ == "__main__":
    main()
