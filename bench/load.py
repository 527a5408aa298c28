"""Many clients at once on a mix of reads, functions and writes: percentiles, errors, and what is left when they go.

Usage: python -m bench.load [--clients 200] [--seconds 120]
"""

import argparse
import asyncio
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.mix import Outcomes, errors, load
from bench.sampling import Samples, sampling
from bench.support import print_machine, print_table, running_database
from tests.support.stack import Stack, running_stack


def print_outcomes(outcomes: Outcomes, seconds: float) -> None:
    rows: list[Sequence[object]] = []
    for kind, outcome in sorted(outcomes.items()):
        cuts = statistics.quantiles(outcome.milliseconds, n=100, method="inclusive")
        number = len(outcome.milliseconds)
        wrong = outcome.errors.total()
        rows.append((kind, number, number / seconds, cuts[49], cuts[94], cuts[98], max(outcome.milliseconds), wrong))
    total = sum(len(outcome.milliseconds) for outcome in outcomes.values())
    wrong = sum(outcome.errors.total() for outcome in outcomes.values())
    rows.append(("all", total, total / seconds, "", "", "", "", wrong))
    print_table("requests, ms", ("", "requests", "a second", "50 %", "95 %", "99 %", "longest", "errors"), rows)
    for kind, found in errors(outcomes).items():
        print(f"  {kind}: {found.most_common(5)}")


@contextmanager
def running() -> Iterator[tuple[Stack, Path]]:
    with running_database() as (cluster, url), running_stack(cluster, url) as stack:
        yield stack, cluster.folder


async def measured(stack: Stack, folder: Path, clients: int, seconds: float) -> tuple[Outcomes, Samples]:
    await load(stack, clients, 10)  # warm: what is kept for good is there
    async with sampling(stack, folder) as samples:
        outcomes = await load(stack, clients, seconds)
        samples.end_of_load()
        await asyncio.sleep(15)  # idle connections are closed after some seconds
    return outcomes, samples


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=120)
    arguments = parser.parse_args()
    with running() as (stack, folder):
        print_machine()
        outcomes, samples = asyncio.run(measured(stack, folder, arguments.clients, arguments.seconds))
    print_outcomes(outcomes, arguments.seconds)
    samples.print(sum(len(outcome.milliseconds) for outcome in outcomes.values()))


if __name__ == "__main__":
    main()
