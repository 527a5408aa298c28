"""Many clients at once on a mix of reads, functions and writes: percentiles, errors, and what is left when they go.

Usage: python -m bench.load [--clients 200] [--seconds 120]
"""

import argparse
import asyncio
import os
import random
import ssl
import statistics
import tempfile
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg

from bench.sampling import Samples, sampling
from bench.support import print_machine, print_table
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.people import Person
from tests.support.stack import Stack, running_stack

PROJECTS = 200
PEOPLE = 20
CARD = "id,title,users(username,avatar_url),project_images(url,position),project_tags(tag)"


@dataclass
class Outcome:
    """What one kind of request met: the milliseconds of each, and what went wrong how often."""

    milliseconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


Outcomes = Mapping[str, Outcome]


@dataclass(frozen=True)
class World:
    """Who asks for what."""

    stack: Stack
    people: Sequence[Person]
    projects: Sequence[str]
    outcomes: dict[str, Outcome]


@dataclass(frozen=True)
class Client:
    """One of the many, with a connection of its own."""

    world: World
    http: httpx.AsyncClient

    async def ask(self, kind: str, status: int, method: str, path: str, caller: Person | None, **sent: object) -> None:
        """One request; anything but the status that it should have is an error."""
        headers = {**self.world.stack.headers(caller or "anon"), "Prefer": "return=representation"}
        outcome, start = self.world.outcomes[kind], time.perf_counter()
        try:
            answer = await self.http.request(method, path, headers=headers, **sent)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            outcome.errors[type(error).__name__] += 1
            return
        outcome.milliseconds.append((time.perf_counter() - start) * 1000)
        if answer.status_code != status:
            outcome.errors[f"{answer.status_code} {answer.text[:200]}"] += 1


async def list_projects(client: Client) -> None:
    path = f"/rest/v1/projects?select=id,title,status&order=created_at.desc&limit=20&offset={random.randrange(100)}"
    await client.ask("list", 200, "GET", path, None)


async def embed_projects(client: Client) -> None:
    path = f"/rest/v1/projects?select={CARD}&status=eq.published&order=created_at.desc&limit=10"
    await client.ask("embed", 200, "GET", path, random.choice(client.world.people))


async def one_project(client: Client) -> None:
    path = f"/rest/v1/projects?id=eq.{random.choice(client.world.projects)}"
    await client.ask("single", 200, "GET", path, None)


async def metrics(client: Client) -> None:
    body = {"project_id": random.choice(client.world.projects)}
    await client.ask("getSocialMetrics", 200, "POST", "/functions/v1/getSocialMetrics", None, json=body)


async def write(client: Client) -> None:
    """A project of one's own is added, tagged, published and removed."""
    person, project = random.choice(client.world.people), str(uuid.uuid4())
    row = {"id": project, "user_id": str(person.id), "title": "Under load"}
    path = f"/rest/v1/projects?id=eq.{project}"
    await client.ask("insert", 201, "POST", "/rest/v1/projects", person, json=row)
    await client.ask(
        "insert", 201, "POST", "/rest/v1/project_tags", person, json={"project_id": project, "tag": "load"}
    )
    await client.ask("update", 200, "PATCH", path, person, json={"status": "published"})
    await client.ask("delete", 200, "DELETE", path, person)


# How often each is chosen: most visitors read.
MIX: Mapping[Callable[[Client], Awaitable[None]], int] = {
    list_projects: 30,
    embed_projects: 20,
    one_project: 25,
    metrics: 20,
    write: 5,
}


def settle(stack: Stack) -> tuple[Sequence[Person], Sequence[str]]:
    """People, and projects with fresh numbers: no platform has to be asked."""
    people = [stack.person() for _ in range(PEOPLE)]
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        projects = connection.execute(
            """
            insert into public.projects (user_id, title, status, github_link)
            select (%s::uuid[])[1 + n %% %s], 'Project ' || n, 'published', 'https://github.com/load/project-' || n
            from generate_series(1, %s) as n returning id::text
            """,
            ([person.id for person in people], PEOPLE, PROJECTS),
        ).fetchall()
        ids = [project for (project,) in projects]
        connection.execute(
            """
            insert into public.social_metrics (project_id, platform, stars, recorded_at, as_of)
            select id, 'github', 100, (now() at time zone 'utc')::date - day, now() - day * interval '1 day'
            from unnest(%s::uuid[]) as id, generate_series(0, 10) as day
            """,
            (ids,),
        )
        connection.execute("insert into public.project_tags select id, 'load' from unnest(%s::uuid[]) as id", (ids,))
        connection.execute("analyze")
    return people, ids


async def load(stack: Stack, clients: int, seconds: float) -> Outcomes:
    """So many clients, each with one request after the other, for so long."""
    world = World(stack, *settle(stack), defaultdict(Outcome))
    # Shared, since each takes milliseconds to make; connections go before the other side closes them under a request.
    context, limits = ssl.create_default_context(), httpx.Limits(keepalive_expiry=4.0)
    end = time.monotonic() + seconds

    async def visit() -> None:
        async with httpx.AsyncClient(
            base_url=stack.url, timeout=60, verify=context, limits=limits, trust_env=False
        ) as http:
            client = Client(world, http)
            while time.monotonic() < end:
                (kind,) = random.choices(list(MIX), list(MIX.values()))
                await kind(client)

    await asyncio.gather(*(visit() for _ in range(clients)))
    return world.outcomes


def errors(outcomes: Outcomes) -> dict[str, Counter[str]]:
    return {kind: outcome.errors for kind, outcome in outcomes.items() if outcome.errors}


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
    folder = Path(tempfile.mkdtemp(prefix="showcase-bench-"))
    folder.chmod(0o755)  # the database server may run as another user
    cluster = TestCluster(folder, os.getpid())
    try:
        with cluster.copy(MIGRATED) as url, running_stack(cluster, url) as stack:
            yield stack, folder
    finally:
        cluster.stop()


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
