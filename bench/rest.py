"""/rest/v1 at 32 connections: requests a second, the gateway's processor time for each, and its memory.

Six rounds in turn of this build and an older one, each with its own database of the same content on the same machine:
a list of projects with an embedding, a single row, an insert. With --postgrest, a real PostgREST behind this build's
gateway takes part too.
"""

import argparse
import json
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from bench.builds import checkout, running
from bench.load_generator import generate
from bench.support import print_machine, print_table
from local.postgres import cluster as postgres
from local.settings import HOST, ROOT
from tests.support.up import Up
from tests.support.users import User, make_user

ROUNDS = 6
CONNECTIONS = 32
USERS = 20
PROJECTS = 200

Prepared = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Server:
    """One build that runs, and what clients ask of it: requests by kind."""

    up: Up
    requests: Mapping[str, Prepared]

    @property
    def gateway(self) -> psutil.Process:
        return self.up.listener("GATEWAY_PORT")

    def used(self) -> tuple[float, float]:
        """Seconds of processor time so far: the gateway's, and the database's with that of ended sessions."""
        cluster = postgres.locate(self.up.state / "pgdata", 0, self.up.log)
        try:
            database = sum(sum(process.cpu_times()[:4]) for process in postgres.workers(cluster))
        except psutil.NoSuchProcess:  # a session ended meanwhile: its time is its parent's by now
            return self.used()
        return sum(self.gateway.cpu_times()[:2]), database


@dataclass
class Measured:
    """Of each round."""

    rates: list[float] = field(default_factory=list)  # requests/s
    gateway: list[float] = field(default_factory=list)  # milliseconds of its processor time for each request
    postgres: list[float] = field(default_factory=list)  # likewise


def database_url(up: Up) -> str:
    return f"postgresql://postgres:postgres@{HOST}:{up.port('POSTGRES_PORT')}/postgres"


def prepare(up: Up) -> Server:
    """The same content for each: 200 published projects of twenty users, with images and tags."""
    secret = up.key("supabase_jwt_secret")
    users = [make_user(database_url(up), secret, f"{up.url}/auth/v1") for _ in range(USERS)]
    with psycopg.connect(database_url(up), autocommit=True) as connection:
        rows = connection.execute(
            """
            insert into public.projects (user_id, title, status, short_summary, created_at)
            select
              (%s::uuid[])[1 + n %% %s], 'Project ' || n, 'published', 'What it is, in one sentence.',
              now() - n * interval '1 hour' -- a page is read by its index, as of projects of different times
            from generate_series(1, %s) as n returning id::text
            """,
            ([user.id for user in users], USERS, PROJECTS),
        ).fetchall()
        ids = [row[0] for row in rows]
        connection.execute("insert into public.project_tags select id, 'bench' from unnest(%s::uuid[]) as id", (ids,))
        connection.execute("vacuum analyze")
    return Server(up, _requests(up, users, ids))


def _requests(up: Up, users: Sequence[User], projects: Sequence[str]) -> Mapping[str, Prepared]:
    key = {"apikey": up.key("supabase_publishable_key")}
    as_user = [key | {"authorization": f"Bearer {user.token}"} for user in users]
    listed = "select=id,title,status,users(username,avatar_url),project_tags(tag)&order=created_at.desc,id&limit=20"
    return {
        "list with embeddings": [
            {"method": "GET", "path": f"/rest/v1/projects?{listed}&offset={n}", "headers": key} for n in range(100)
        ],
        "single row": [
            {"method": "GET", "path": f"/rest/v1/projects?select=id,title,status&id=eq.{project}", "headers": key}
            for project in projects
        ],
        "insert": [
            {
                "method": "POST",
                "path": "/rest/v1/projects",
                "headers": {**headers, "content-type": "application/json", "prefer": "return=minimal"},
                "body": json.dumps({"user_id": str(user.id), "title": "Measured"}),
            }
            for user, headers in zip(users, as_user, strict=True)
        ],
    }


def measure(server: Server, kind: str, seconds: float, measured: Measured) -> None:
    before = server.used()
    seen = generate(server.up.port("GATEWAY_PORT"), CONNECTIONS, server.requests[kind], seconds=seconds)
    gateway, database = (after - earlier for after, earlier in zip(server.used(), before, strict=True))
    measured.rates.append(seen["answered"] / seen["seconds"])
    measured.gateway.append(gateway / seen["answered"] * 1000)
    measured.postgres.append(database / seen["answered"] * 1000)
    if kind == "insert":  # a user may have a thousand, and lists stay as long as they were
        with psycopg.connect(database_url(server.up), autocommit=True) as connection:
            connection.execute("delete from public.projects where title = 'Measured'")
            connection.execute("vacuum analyze public.projects")


def measure_memory(server: Server, requests: int) -> list[tuple[str, float]]:
    """MB that the gateway has resident, after each tenth of so many requests."""
    process, found = server.gateway, []
    prepared = server.requests["single row"]
    for tenth in range(1, 11):
        generate(server.up.port("GATEWAY_PORT"), CONNECTIONS, prepared, requests=requests // 10)
        found.append((f"{requests // 10 * tenth:,}", process.memory_info().rss / 2**20))
    return found


def report(results: Mapping[str, Mapping[str, Measured]]) -> None:
    """Medians of the rounds; the first build is what the others are compared with."""
    first = next(iter(results))
    titles = {"requests/s": "rates", "gateway, ms of processor time": "gateway", "Postgres, likewise": "postgres"}
    for title, column in titles.items():
        rows: list[tuple[object, ...]] = []
        for kind in results[first]:
            values = {name: getattr(kinds[kind], column) for name, kinds in results.items()}
            medians = {name: statistics.median(each) for name, each in values.items()}
            ratios = [medians[name] / medians[first] for name in list(results)[1:]]
            spreads = [f"{medians[name]:.2f} ({min(each):.2f}-{max(each):.2f})" for name, each in values.items()]
            rows.append((kind, *spreads, *(f"x {ratio:.2f}" for ratio in ratios)))
        print_table(title, ("", *results, *(f"{name} / {first}" for name in list(results)[1:])), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", default="9c1f395", metavar="COMMIT", help="the older build")
    parser.add_argument("--seconds", type=float, default=5, help="of each round and kind")
    parser.add_argument("--requests", type=int, default=100_000, help="while memory is watched; 0: not at all")
    parser.add_argument("--postgrest", type=Path, help="a PostgREST to measure too, behind this build's gateway")
    arguments = parser.parse_args()
    builds: dict[str, tuple[Path, dict[str, str]]] = {
        arguments.beside: (checkout(arguments.beside), {}),
        "this build": (ROOT, {}),
    }
    if arguments.postgrest:
        builds["PostgREST"] = (ROOT, {"POSTGREST": str(arguments.postgrest)})
    print_machine()
    results: dict[str, dict[str, Measured]] = {name: defaultdict(Measured) for name in builds}
    with ExitStack() as stack:
        servers = {
            name: prepare(stack.enter_context(running(root, **variables))) for name, (root, variables) in builds.items()
        }
        for server in servers.values():  # what is done at the first requests is done
            for prepared in server.requests.values():
                generate(server.up.port("GATEWAY_PORT"), CONNECTIONS, prepared, requests=200)
        for _ in range(ROUNDS):
            for kind in ("list with embeddings", "single row", "insert"):
                for name, server in servers.items():
                    measure(server, kind, arguments.seconds, results[name][kind])
        report(results)
        if arguments.requests:
            memory = measure_memory(servers["this build"], arguments.requests)
            print_table("gateway's memory", ("requests", "MB"), memory)


if __name__ == "__main__":
    main()
