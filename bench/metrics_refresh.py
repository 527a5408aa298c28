"""The daily refresh of many GitHub sources, beside what one would write first and beside storing alone.

Usage: python -m bench.metrics_refresh [SOURCES ...]    (10000 100000 when left out)
"""

import argparse
import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Sequence
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
class Refresh:
    sources: int
    spent: Spent
    runs: int
    requests: int
    before: float  # MB
    peak: float
    bulk: Spent
    loop: Spent

    @property
    def rate(self) -> float:
        return self.sources / self.spent.seconds

    @property
    def bulk_rate(self) -> float:
        return self.sources / self.bulk.seconds

    @property
    def loop_rate(self) -> float:
        return SAMPLE / self.loop.seconds


async def measure(sources: int) -> Refresh:
    with running_backend() as backend:
        make_projects(backend, sources)
        worker = backend.process("functions_framework")
        async with backend.client(backend.secret_key) as service:
            before = peak_memory(worker)
            with measuring(backend) as spent:
                runs = [run async for run in refresh_until_done(service)]
            peak = peak_memory(worker)
            requests = await upstream_requests(backend)
            check(backend, sources, requests, runs)
            bulk = await bulk_upsert(backend, service)
            loop = await plain_loop(backend)
        return Refresh(sources, spent, len(runs), requests, before, peak, bulk, loop)


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


async def bulk_upsert(backend: Backend, service: httpx.AsyncClient) -> Spent:
    """The same rows through PostgREST, with nothing fetched and no work list kept."""
    with psycopg.connect(backend.database_url, autocommit=True) as connection:
        names = "project_id, platform, likes, comments, stars, forks, watchers, retweets, replies, recorded_at, as_of"
        rows = [
            row
            for (row,) in connection.execute(
                f"select to_jsonb(row) from (select {names} from public.social_metrics) as row".encode()
            )
        ]
        connection.execute("truncate public.social_metrics")
        # As before the refresh: numbers that search has already would cost it nothing.
        connection.execute("update private.project_totals set stars = 0, likes = 0")
        connection.execute("vacuum analyze")
    batches = _batches(rows)

    async def send() -> None:
        for batch in batches:
            (await service.post(ON_CONFLICT, json=batch, headers=UPSERT)).raise_for_status()

    with measuring(backend) as spent:
        await asyncio.gather(*(send() for _ in range(CONCURRENCY)))
    with psycopg.connect(backend.database_url) as connection:
        assert connection.execute("select count(*) from public.social_metrics").fetchone() == (len(rows),)
    return spent


def _batches(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[start : start + BULK] for start in range(0, len(rows), BULK))


async def plain_loop(backend: Backend) -> Spent:
    """For each of a sample of projects, one request to GitHub and one upsert by Supabase's SDK."""
    with psycopg.connect(backend.database_url) as connection:
        projects = connection.execute("select id, github_link from public.projects limit %s", (SAMPLE,)).fetchall()
        connection.execute("truncate public.social_metrics")
        connection.execute("update private.project_totals set stars = 0, likes = 0")
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


def own(spent: Spent, sources: int) -> float:
    """Milliseconds for each 1,000 sources, without the vendor's."""
    return sum(milliseconds for name, milliseconds in spent.cpu_per(sources / 1000).items() if name != "github")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sources", nargs="*", type=int, default=[10_000, 100_000])
    measured = [asyncio.run(measure(sources)) for sources in parser.parse_args().sources]
    print_machine()
    print_table(
        "refreshSocialMetrics, each source recorded exactly once",
        ("sources", "seconds", "sources/s", "runs", "requests", "of sources/100", "memory before, MB", "peak, MB"),
        [
            (
                f"{m.sources:,}",
                m.spent.seconds,
                m.rate,
                m.runs,
                m.requests,
                m.requests / (m.sources / 100),
                m.before,
                m.peak,
            )
            for m in measured
        ],
    )
    print_table(
        f"beside (a) one request and one insert a project ({SAMPLE} of them), (b) upserts of {BULK} rows alone",
        ("sources", "refresh/s", "(a)/s", "(b)/s", "refresh/(a)", "refresh/(b)"),
        [
            (f"{m.sources:,}", m.rate, m.loop_rate, m.bulk_rate, m.rate / m.loop_rate, m.rate / m.bulk_rate)
            for m in measured
        ],
    )
    print_table(
        "processor time for each 1,000 sources, ms (github: its simulator, on this machine too; client: who sends)",
        ("", *measured[0].spent.cpu, "all but github", "beside the refresh"),
        [
            (
                f"{name}, {m.sources:,}",
                *spent.cpu_per(number / 1000).values(),
                own(spent, number),
                own(spent, number) / own(m.spent, m.sources),
            )
            for m in measured
            for name, spent, number in (
                ("refresh", m.spent, m.sources),
                ("(a)", m.loop, SAMPLE),
                ("(b)", m.bulk, m.sources),
            )
        ],
    )
    first, last = measured[0], measured[-1]
    if last is not first:
        longer, larger = last.spent.seconds / first.spent.seconds, last.peak / first.peak
        print(f"\n{first.sources:,} to {last.sources:,} sources: time x {longer:.2f}, peak memory x {larger:.2f}")


if __name__ == "__main__":
    main()
