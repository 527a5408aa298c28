"""The daily refresh of many GitHub sources, beside what one would write first and beside storing alone.

Usage: python -m bench.metrics_refresh [SOURCES ...] [--rounds 5]    (10000 100000 when left out)
"""

import argparse
import asyncio
import math
import statistics
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from bench.support import (
    Backend,
    Spent,
    make_projects,
    measuring,
    peak_memory,
    print_machine,
    print_table,
    running_backend,
)
from supabase import acreate_client

SAMPLE = 500  # how many projects the plain loop is tried on: it takes the same time for each
BULK = 500  # rows in one request: as many as a worker's lease
CONCURRENCY = 3  # as many at a time as a worker's leases
UPSERT = {"Prefer": "resolution=merge-duplicates,return=minimal"}
KEY = "project_id,platform,recorded_at"
ON_CONFLICT = f"/rest/v1/social_metrics?on_conflict={KEY}"
QUERY = (
    "query($o: String!, $n: String!) { repository(owner: $o, name: $n) "
    "{ stargazerCount forkCount watchers { totalCount } } }"
)


@dataclass(frozen=True)
class Round:
    """What each took, in turn."""

    refresh: Spent
    bulk: Spent
    loop: Spent


@dataclass(frozen=True)
class Measured:
    sources: int
    rounds: Sequence[Round]
    runs: int
    requests: int
    before: float  # MB
    peak: float


async def measure(sources: int, rounds: int) -> Measured:
    with running_backend() as backend:
        make_projects(backend, sources)
        worker = backend.process("functions_framework")
        async with backend.client(backend.secret_key) as service:
            before = peak_memory(worker)
            # The first refresh, not counted: it loads the code, and finds the platform's ids.
            runs = [run async for run in refresh_until_done(service)]
            peak, requests = peak_memory(worker), await upstream_requests(backend)
            check(backend, sources, requests, runs)
            rows = stored_rows(backend)
            taken = [await measure_round(backend, service, rows) for _ in range(rounds)]
        return Measured(sources, taken, len(runs), requests, before, peak)


async def measure_round(backend: Backend, service: httpx.AsyncClient, rows: Sequence[Any]) -> Round:
    reset(backend)
    with measuring(backend) as refresh:
        assert sum([run["recorded"] async for run in refresh_until_done(service)]) == len(rows)
    reset(backend)
    with measuring(backend) as bulk:
        await bulk_upsert(backend, service, rows)
    reset(backend)
    return Round(refresh, bulk, await plain_loop(backend))


def reset(backend: Backend) -> None:
    """As before a day's first refresh: no numbers, all sources due."""
    with psycopg.connect(backend.database_url, autocommit=True) as connection:
        connection.execute("truncate public.social_metrics")
        # Numbers that search has already would cost it nothing.
        connection.execute("update private.project_totals set stars = 0, likes = 0")
        connection.execute("update private.metric_sources set due_at = now()")
        connection.execute("vacuum analyze")


async def refresh_until_done(service: httpx.AsyncClient) -> AsyncIterator[dict[str, Any]]:
    """As cron calls it, one run after the other."""
    while True:
        answer = (await service.post("/functions/v1/refreshSocialMetrics", json={})).raise_for_status()
        report: dict[str, Any] = answer.json()["platforms"]["github"]
        assert report["stopped"] is None, report
        yield report
        if report["remaining"] == 0:
            return


async def upstream_requests(backend: Backend) -> int:
    async with httpx.AsyncClient(base_url=backend.github_url) as github:
        number: int = (await github.get("/_simulator")).json()["counts"]["*"]
        return number


def check(backend: Backend, sources: int, requests: int, runs: Sequence[dict[str, Any]]) -> None:
    """Each exactly once, with numbers; and no more requests than promised."""
    with psycopg.connect(backend.database_url) as connection:
        found = connection.execute(
            "select count(*), count(distinct project_id), min(stars) > 0 from public.social_metrics"
        ).fetchone()
    assert found == (sources, sources, True), found
    assert sum(run["recorded"] for run in runs) == sum(run["leased"] for run in runs) == sources, runs
    assert requests <= math.ceil(sources / 100 * 1.02), requests


def stored_rows(backend: Backend) -> Sequence[Any]:
    with psycopg.connect(backend.database_url) as connection:
        names = "project_id, platform, likes, comments, stars, forks, watchers, retweets, replies, recorded_at, as_of"
        query = f"select to_jsonb(row) from (select {names} from public.social_metrics) as row"
        return [row for (row,) in connection.execute(query.encode())]


async def bulk_upsert(backend: Backend, service: httpx.AsyncClient, rows: Sequence[Any]) -> None:
    """The same rows through PostgREST, with nothing fetched and no work list kept."""
    batches = _batches(rows)

    async def send() -> None:
        for batch in batches:
            (await service.post(ON_CONFLICT, json=batch, headers=UPSERT)).raise_for_status()

    await asyncio.gather(*(send() for _ in range(CONCURRENCY)))
    with psycopg.connect(backend.database_url) as connection:
        assert connection.execute("select count(*) from public.social_metrics").fetchone() == (len(rows),)


def _batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[start : start + BULK] for start in range(0, len(rows), BULK))


async def plain_loop(backend: Backend) -> Spent:
    """For each of a sample of projects, one request to GitHub and one upsert by Supabase's SDK."""
    with psycopg.connect(backend.database_url) as connection:
        projects = connection.execute("select id, github_link from public.projects limit %s", (SAMPLE,)).fetchall()
    supabase = await acreate_client(backend.url, backend.secret_key)
    async with httpx.AsyncClient(base_url=backend.github_url, headers={"Authorization": "Bearer loop"}) as github:
        with measuring(backend) as spent:
            for project_id, link in projects:
                owner, name = link.split("/")[-2:]
                asked = {"query": QUERY, "variables": {"o": owner, "n": name}}
                found = (await github.post("/graphql", json=asked)).json()["data"]["repository"]
                row = {
                    "project_id": str(project_id),
                    "platform": "github",
                    "stars": found["stargazerCount"],
                    "forks": found["forkCount"],
                    "watchers": found["watchers"]["totalCount"],
                }
                await supabase.table("social_metrics").upsert(row, on_conflict=KEY).execute()
    return spent


def own(cpu: Mapping[str, float]) -> float:
    """Without what is the vendor's."""
    return sum(milliseconds for name, milliseconds in cpu.items() if name != "github")


def median_cpu(spent: Sequence[Spent], sources: int) -> Mapping[str, float]:
    """Milliseconds for each 1,000 sources."""
    each = [one.cpu_per(sources / 1000) for one in spent]
    return {service: statistics.median(cpu[service] for cpu in each) for service in each[0]}


def report(measured: Measured) -> None:
    columns = {
        "refresh": ([one.refresh for one in measured.rounds], measured.sources),
        "(a)": ([one.loop for one in measured.rounds], SAMPLE),
        "(b)": ([one.bulk for one in measured.rounds], measured.sources),
    }
    rates = {
        name: number / statistics.median(one.seconds for one in spent) for name, (spent, number) in columns.items()
    }
    cpu = {name: median_cpu(*column) for name, column in columns.items()}
    print_table(
        f"{measured.sources:,} sources: refresh; (a) one request and one upsert a project ({SAMPLE}); "
        f"(b) upserts of {BULK} rows alone; medians of {len(measured.rounds)} rounds in turn",
        ("", "sources/s", "refresh/this"),
        [(name, rate, rates["refresh"] / rate) for name, rate in rates.items()],
    )
    print_table(
        "processor time for each 1,000 sources, ms (github: its simulator, on this machine too; client: who sends)",
        ("", *cpu["refresh"], "all but github", "of the refresh's"),
        [(name, *used.values(), own(used), own(used) / own(cpu["refresh"])) for name, used in cpu.items()],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    measured = [asyncio.run(measure(sources, arguments.rounds)) for sources in arguments.sources]
    print_machine()
    print_table(
        "the first refresh, each source recorded exactly once",
        ("sources", "runs", "requests", "of sources/100", "memory before, MB", "peak, MB"),
        [(f"{m.sources:,}", m.runs, m.requests, m.requests / (m.sources / 100), m.before, m.peak) for m in measured],
    )
    for each in measured:
        report(each)


if __name__ == "__main__":
    main()
