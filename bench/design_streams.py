"""Designs as event streams, many at once, beside an older build's functions on the same simulator of OpenAI, in turn.

Usage: python -m bench.design_streams [--beside COMMIT] [--designs 96] [--connections 16] [--rounds 5]
"""

import argparse
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench.builds import unpack, with_functions_of
from bench.load_generator import generate
from bench.support import Spent, cpu_of_services, measuring, print_machine, print_table, running_database
from local.settings import HOST
from local.stack.services import functions
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.vendors.openai import Designer, running_designer

PATH = "/functions/v1/aiDesignAssistant"


@dataclass(frozen=True)
class Build:
    """Functions at a port of their own, asked without the gateway in front."""

    port: int
    folder: Path

    def cpu(self) -> Mapping[str, float]:
        programs = {"functions": f"--port {self.port}", "gateway": "gateway.mjs", "openai": "openai/simulator.mjs"}
        return cpu_of_services(self.folder, programs)


@dataclass(frozen=True)
class Round:
    spent: Spent
    median: float  # ms
    p99: float


@contextmanager
def running(commit: str) -> Iterator[tuple[Designer, Mapping[str, Build]]]:
    with (
        running_database() as (cluster, url),
        running_designer(cluster, url, LOG_LEVEL="WARNING") as designer,
    ):
        with psycopg.connect(url) as connection:
            connection.execute("update public.tier_limits set designs_per_day = 100000")
        settings = designer.settings.model_copy(update={"functions_port": free_port()})
        older = with_functions_of(unpack(commit), functions(settings))
        with running_services([older], settings.logs.parent, belongs_to=cluster.folder):
            ports = {"this build": designer.settings.functions_port, commit: settings.functions_port}
            yield designer, {name: Build(port, cluster.folder) for name, port in ports.items()}


def prepare(designer: Designer, users: int) -> Sequence[Mapping[str, Any]]:
    """A request of each user for a project of their own."""
    made = []
    for _ in range(users):
        user = designer.stack.make_user()
        headers = designer.headers(user, accept="text/event-stream") | {"Content-Type": "application/json"}
        body = json.dumps({"project_id": designer.project(user)})
        made.append({"method": "POST", "path": PATH, "headers": headers, "body": body})
    return made


def check(build: Build, request: Mapping[str, Any]) -> None:
    """Whether it is a whole stream that is measured; it loads the code, too."""
    url = f"http://{HOST}:{build.port}{PATH}"
    answer = httpx.post(url, content=request["body"], headers=request["headers"], timeout=60)
    assert "event: block" in answer.text, answer.text
    assert "event: done" in answer.text, answer.text


def stream(build: Build, prepared: Sequence[Mapping[str, Any]], designs: int, connections: int) -> Round:
    with measuring(build) as spent:
        seen = generate(build.port, connections, prepared, requests=designs)
    spent.seconds = seen["seconds"]  # without the start of the client
    return Round(spent, seen["milliseconds"][0], seen["milliseconds"][2])


def report(rounds: Mapping[str, Sequence[Round]], designs: int, connections: int) -> None:
    median = statistics.median
    services = list(next(iter(rounds.values()))[0].spent.cpu)
    rows = [
        (
            name,
            designs / median(each.spent.seconds for each in taken),
            median(each.median for each in taken),
            median(each.p99 for each in taken),
            *(median(each.spent.cpu_per(designs)[service] for each in taken) for service in services),
        )
        for name, taken in rounds.items()
    ]
    print_table(
        f"{connections} streams at once, medians of {len(next(iter(rounds.values())))} rounds of {designs} in turn; "
        "processor time for each, ms",
        ("", "designs/s", "median ms", "p99 ms", *services),
        rows,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", default="ef41540", metavar="COMMIT", help="the older build")
    parser.add_argument("--designs", type=int, default=96)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with running(arguments.beside) as (designer, builds):
        prepared = prepare(designer, arguments.connections * 2)  # so that no user's designs run at the same time
        for build in builds.values():
            check(build, prepared[0])
            stream(build, prepared, len(prepared), arguments.connections)
        rounds: dict[str, list[Round]] = {name: [] for name in builds}
        for _ in range(arguments.rounds):
            for name, build in builds.items():
                rounds[name].append(stream(build, prepared, arguments.designs, arguments.connections))
    print_machine()
    report(rounds, arguments.designs, arguments.connections)


if __name__ == "__main__":
    main()
