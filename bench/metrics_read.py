"""getSocialMetrics with a fresh cache, beside the plain PostgREST read of the same rows through the same gateway.

Usage: python -m bench.metrics_read [--requests 2000] [--connections 16]
"""

import argparse
import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx
import psycopg

from bench.support import Backend, Spent, make_projects, measuring, print_machine, print_table, running_backend

PROJECTS = 1_000
DAYS = 30  # of history beside the fresh snapshot: the index has to find the latest
ROUNDS = 5  # turn by turn, so that whatever else the machine does strikes both

Read = Callable[[httpx.AsyncClient, str], Awaitable[None]]


@dataclass(frozen=True)
class Reading:
    """One turn: what it took in all, and how long each request did in ms."""

    requests: int
    spent: Spent
    milliseconds: Sequence[float]


def rate(turns: Sequence[Reading]) -> float:
    return statistics.median(turn.requests / turn.spent.seconds for turn in turns)


def make_snapshots(backend: Backend) -> list[str]:
    make_projects(backend, PROJECTS)
    with psycopg.connect(backend.database_url, autocommit=True) as connection:
        connection.execute(
            """
            insert into public.social_metrics (project_id, platform, stars, forks, watchers, recorded_at, as_of)
            select id, 'github', 1000 + day, 100, 10, (now() at time zone 'utc')::date - day,
              now() - day * interval '1 day'
            from public.projects, generate_series(0, %s) as day
            """,
            (DAYS,),
        )
        connection.execute("vacuum analyze")
        return [str(project_id) for (project_id,) in connection.execute("select id from public.projects")]


async def through_function(client: httpx.AsyncClient, project_id: str) -> None:
    answer = await client.post("/functions/v1/getSocialMetrics", json={"project_id": project_id})
    assert answer.json()["platforms"]["github"]["stale"] is False, answer.text


async def plainly(client: httpx.AsyncClient, project_id: str) -> None:
    """The latest snapshot, as a client app would ask for it."""
    answer = await client.get(
        f"/rest/v1/social_metrics?project_id=eq.{project_id}&platform=eq.github&order=recorded_at.desc&limit=1"
    )
    assert answer.json()[0]["stars"] == 1000, answer.text


async def measure(backend: Backend, read: Read, ids: Sequence[str], connections: int) -> Reading:
    waiting = iter(ids)
    took_each: list[float] = []

    async def visit(client: httpx.AsyncClient) -> None:
        for project_id in waiting:
            start = time.perf_counter()
            await read(client, project_id)
            took_each.append((time.perf_counter() - start) * 1000)

    async with backend.client(backend.publishable_key) as client:
        with measuring(backend) as spent:
            await asyncio.gather(*(visit(client) for _ in range(connections)))
    return Reading(len(ids), spent, took_each)


async def compare(requests: int, connections: int) -> dict[str, list[Reading]]:
    reads: dict[str, Read] = {"plain PostgREST read": plainly, "getSocialMetrics": through_function}
    with running_backend() as backend:
        known = make_snapshots(backend)
        ids = random.choices(known, k=requests // ROUNDS)
        found: dict[str, list[Reading]] = {name: [] for name in reads}
        for read in reads.values():  # everything is loaded, planned and connected
            await measure(backend, read, ids[:200], connections)
        for _, (name, read) in itertools.product(range(ROUNDS), reads.items()):
            found[name].append(await measure(backend, read, ids, connections))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--connections", type=int, default=16)
    arguments = parser.parse_args()
    readings = asyncio.run(compare(arguments.requests, arguments.connections))
    plain = rate(readings["plain PostgREST read"])
    print_machine()
    print_table(
        f"{arguments.connections} connections, {PROJECTS:,} projects of {DAYS + 1} days, median of {ROUNDS} turns",
        ("", "requests/s", "of the plain read", "median, ms", "99 %, ms"),
        [(name, rate(turns), rate(turns) / plain, *_quantiles(turns)) for name, turns in readings.items()],
    )
    print_table(
        "processor time for each request, ms",
        ("", *readings["getSocialMetrics"][0].spent.cpu),
        [(name, *_cpu(turns).values()) for name, turns in readings.items()],
    )


def _cpu(turns: Sequence[Reading]) -> dict[str, float]:
    each = [turn.spent.cpu_per(turn.requests) for turn in turns]
    return {part: statistics.mean(one[part] for one in each) for part in each[0]}


def _quantiles(turns: Sequence[Reading]) -> tuple[float, float]:
    hundredths = statistics.quantiles((ms for turn in turns for ms in turn.milliseconds), n=100)
    return hundredths[49], hundredths[98]


if __name__ == "__main__":
    main()
