"""What clients do at the same time, as the load test and bench.load have them do it."""

import asyncio
import random
import ssl
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
import psycopg

from tests.support.stack import Stack
from tests.support.users import User

PROJECTS = 200
USERS = 20
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
    users: Sequence[User]
    projects: Sequence[str]
    outcomes: dict[str, Outcome]


@dataclass(frozen=True)
class Client:
    """One of the many, with a connection of its own."""

    world: World
    http: httpx.AsyncClient

    async def ask(self, kind: str, status: int, method: str, path: str, caller: User | None, **sent: object) -> None:
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
    await client.ask("embed", 200, "GET", path, random.choice(client.world.users))


async def one_project(client: Client) -> None:
    path = f"/rest/v1/projects?id=eq.{random.choice(client.world.projects)}"
    await client.ask("single", 200, "GET", path, None)


async def metrics(client: Client) -> None:
    body = {"project_id": random.choice(client.world.projects)}
    await client.ask("getSocialMetrics", 200, "POST", "/functions/v1/getSocialMetrics", None, json=body)


async def write(client: Client) -> None:
    """A project of one's own is added, tagged, published and removed."""
    user, project = random.choice(client.world.users), str(uuid.uuid4())
    row = {"id": project, "user_id": str(user.id), "title": "Under load"}
    path = f"/rest/v1/projects?id=eq.{project}"
    await client.ask("insert", 201, "POST", "/rest/v1/projects", user, json=row)
    await client.ask("insert", 201, "POST", "/rest/v1/project_tags", user, json={"project_id": project, "tag": "load"})
    await client.ask("update", 200, "PATCH", path, user, json={"status": "published"})
    await client.ask("delete", 200, "DELETE", path, user)


# How often each is chosen: most visitors read.
MIX: Mapping[Callable[[Client], Awaitable[None]], int] = {
    list_projects: 30,
    embed_projects: 20,
    one_project: 25,
    metrics: 20,
    write: 5,
}


def settle(stack: Stack) -> tuple[Sequence[User], Sequence[str]]:
    """Users, and projects with fresh numbers: no platform has to be asked."""
    users = [stack.make_user() for _ in range(USERS)]
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        projects = connection.execute(
            """
            insert into public.projects (user_id, title, status, github_link)
            select (%s::uuid[])[1 + n %% %s], 'Project ' || n, 'published', 'https://github.com/load/project-' || n
            from generate_series(1, %s) as n returning id::text
            """,
            ([user.id for user in users], USERS, PROJECTS),
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
    return users, ids


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
