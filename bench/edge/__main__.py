"""getSocialMetrics with a fresh cache beside a Deno edge function of the same job and the build before, in turn.

One process each, all on one stub of PostgREST, so that no gateway is the limit: start to the first answer, processor
time, throughput, waiting times, and what is held in memory after so many requests.

Usage: python -m bench.edge [--beside COMMIT] [--rounds 5] [--seconds 4] [--connections 16] [--requests 100000]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from bench.builds import unpack
from bench.edge.servers import (
    Server,
    container,
    cpu,
    deno_peer,
    empty_function,
    function,
    memory,
    metrics_request,
    running_stub,
)
from bench.load_generator import generate
from bench.support import print_machine, print_table
from local.settings import ROOT


@dataclass
class Measured:
    """One number of each round; times in ms, of the processor for each request."""

    start: list[float] = field(default_factory=list)
    start_cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    median: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)


def start_once(server: Server, measured: Measured) -> None:
    begun = time.perf_counter()
    with server.running() as process:
        server.wait()
        measured.start.append((time.perf_counter() - begun) * 1000)
        measured.start_cpu.append(cpu(process) * 1000)


def load_once(server: Server, process: psutil.Process, connections: int, seconds: float, measured: Measured) -> None:
    before = cpu(process)
    seen = generate(server.port, connections, [server.request], seconds=seconds)
    measured.cpu.append((cpu(process) - before) / seen["answered"] * 1000)
    measured.rate.append(seen["answered"] / seen["seconds"])
    measured.median.append(seen["milliseconds"][0])
    measured.p99.append(seen["milliseconds"][2])


def hold(server: Server, connections: int, *requests: int) -> list[tuple[str, int, float]]:
    """MB that are held after so many requests, and after so many more."""
    held = []
    with server.running() as process:
        server.wait()
        for number in requests:
            generate(server.port, connections, [server.request], requests=number)
            held.append((server.name, number, memory(process)))
    return held


def report(title: str, results: Mapping[str, Measured], columns: Mapping[str, str]) -> None:
    rows = [
        (name, *(statistics.median(getattr(measured, column)) for column in columns.values()))
        for name, measured in results.items()
    ]
    print_table(title, ("", *columns), rows)


def compare_starts(servers: Sequence[Server], rounds: int) -> None:
    results = {server.name: Measured() for server in servers}
    for server in servers:  # everything is compiled
        start_once(server, Measured())
    for _ in range(rounds):
        for server in servers:
            start_once(server, results[server.name])
    columns = {"ms": "start", "ms of processor time": "start_cpu"}
    report(f"start to the first answer, medians of {rounds}", results, columns)


def compare_load(servers: Sequence[Server], arguments: argparse.Namespace) -> None:
    results = {server.name: Measured() for server in servers}
    with ExitStack() as stack:
        running = [(server, stack.enter_context(server.running())) for server in servers]
        for server in servers:
            server.wait()
            generate(server.port, arguments.connections, [server.request], requests=1000)
        for _ in range(arguments.rounds):
            for server, process in running:
                load_once(server, process, arguments.connections, arguments.seconds, results[server.name])
    columns = {"requests/s": "rate", "processor, ms a request": "cpu", "median, ms": "median", "99 %, ms": "p99"}
    report(f"{arguments.connections} connections, medians of {arguments.rounds} rounds in turn", results, columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", default="ef41540", metavar="COMMIT", help="the older build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--requests", type=int, default=100_000, help="while memory is watched; 0: not at all")
    arguments = parser.parse_args()
    print_machine()
    with tempfile.TemporaryDirectory(prefix="showcase-bench-") as folder, running_stub() as url:
        older = unpack(arguments.beside)
        for signed_in in (True, False):
            request = metrics_request(signed_in)
            peer = deno_peer(Path(folder) / f"peer-{signed_in}", url, request)
            older_build = function(arguments.beside, older, "get_social_metrics", url, request)
            this_build = container("this build", "get_social_metrics", url, request)
            in_framework = function("this build in functions-framework", ROOT, "get_social_metrics", url, request)
            builds = [older_build, this_build, in_framework]
            print(f"\ngetSocialMetrics, {'as a user' if signed_in else 'as a visitor'}")
            if signed_in:
                compare_starts([*builds, empty_function(request), peer], arguments.rounds)
            compare_load([*builds, peer], arguments)
            if signed_in and arguments.requests:
                held = hold(older_build, arguments.connections, 1000)
                held += hold(this_build, arguments.connections, 1000, arguments.requests)
                print_table("memory after so many requests", ("", "requests", "MB"), held)


if __name__ == "__main__":
    main()
