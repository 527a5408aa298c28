"""The metrics' functions beside all three simulators, and projects for them to ask about."""

import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from psycopg.rows import DictRow
from showcase.database import Database
from showcase.metrics.dependencies import MetricsDependencies, platform_clients
from showcase.metrics.settings import MetricsSettings
from showcase.outbound.http_client import HttpClient
from showcase.settings import CoreSettings

from local.stack.services import functions, simulator
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.database import Connection, kept_connection
from tests.support.servers import running_services
from tests.support.stack import Caller, Stack, free_settings
from tests.support.users import User

VENDOR_OF = {"github": "github", "twitter": "x", "linkedin": "linkedin"}
TOKEN = "local"  # the functions' credential on every platform
SHARE = 1000  # of X's posts for a user in a day: one owns whatever a test makes


@dataclass(frozen=True)
class Source:
    """One project's link; `subject` is what the simulator calls it."""

    project: UUID
    platform: str
    subject: str


@dataclass(frozen=True)
class Metrics:
    """Running functions whose platforms are simulators; `urls` by platform."""

    stack: Stack
    functions_url: str
    urls: Mapping[str, str]
    owner: User

    def connect(self) -> AbstractContextManager[Connection]:
        return kept_connection(self.stack.database_url)

    def call(self, name: str, body: object, caller: Caller = "service") -> httpx.Response:
        url = f"{self.functions_url}/functions/v1/{name}"
        return plain_http.post(url, json=body, headers=self.stack.headers(caller), timeout=60)

    def refresh(self) -> dict[str, dict[str, Any]]:
        """What a run of refreshSocialMetrics says, by platform."""
        response = self.call("refreshSocialMetrics", {})
        assert response.status_code == 200, response.text
        platforms: dict[str, dict[str, Any]] = response.json()["platforms"]
        return platforms

    def get(self, source: Source, caller: Caller = "anon", **body: object) -> dict[str, Any]:
        """What getSocialMetrics says of the source's platform."""
        response = self.call("getSocialMetrics", {"project_id": str(source.project), **body}, caller)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()["platforms"][source.platform]
        return answer

    def make(self, number: int, platform: str = "github", status: str = "published") -> list[Source]:
        """Projects, each with a link that nothing else has."""
        sources = [_new_source(platform) for _ in range(number)]
        # Titles of their own: among equal ones the next slug is looked for in all of a user's.
        rows = [(s.project, self.owner.id, str(s.project), status, _link(s)) for s in sources]
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.executemany(
                f"insert into projects (id, user_id, title, status, {platform}_link) values (%s, %s, %s, %s, %s)",
                rows,
            )
        return sources

    def clear(self) -> None:
        """Nothing is due, no budget is spent, and the simulators are as they were at their start."""
        with self.connect() as connection:
            connection.execute("update private.metric_sources set due_at = 'infinity', lease_id = null")
            connection.execute("delete from private.metric_budgets")
            connection.execute("delete from private.metric_user_quotas")
        for url in self.urls.values():
            plain_http.delete(f"{url}/_simulator/behaviours").raise_for_status()
            plain_http.delete(f"{url}/_simulator/requests").raise_for_status()

    def make_due(self) -> None:
        """As if another day had come for all that is waiting; what is at infinity stays there."""
        with self.connect() as connection:
            connection.execute("update private.metric_sources set due_at = now() where due_at < 'infinity'")

    def behave(self, platform: str, subject: str, *behaviours: Mapping[str, Any]) -> None:
        url = f"{self.urls[platform]}/_simulator/behaviours"
        answer = plain_http.put(url, json={subject: behaviours})
        assert answer.status_code == 200, answer.text

    def seen(self, platform: str, subject: str) -> dict[str, Any]:
        """What the simulator received about a subject."""
        url = f"{self.urls[platform]}/_simulator"
        state: dict[str, Any] = plain_http.get(url, params={"subject": subject, "limit": "5"}).json()
        return state

    def count(self, platform: str, subject: str = f"token:{TOKEN}") -> int:
        """How many requests named the subject, or came with our credential."""
        number: int = self.seen(platform, subject)["counts"][subject]
        return number

    def state(self, source: Source) -> DictRow:
        with self.connect() as connection:
            row = connection.execute(
                """select *, due_at <= now() as due, blocked_until > now() as blocked from private.metric_sources
                   where project_id = %s and platform = %s""",
                (source.project, source.platform),
            ).fetchone()
        assert row is not None
        return row

    def recorded(self, sources: list[Source]) -> set[Source]:
        """Those of the sources that have exactly one snapshot, of today."""
        with self.connect() as connection:
            rows = connection.execute(
                """select project_id, platform from social_metrics where project_id = any (%s)
                   group by 1, 2 having count(*) = 1 and max(recorded_at) = (now() at time zone 'utc')::date""",
                ([source.project for source in sources],),
            ).fetchall()
        kept = {(row["project_id"], row["platform"]) for row in rows}
        return {source for source in sources if (source.project, source.platform) in kept}

    def budget(self, platform: str) -> DictRow:
        with self.connect() as connection:
            row = connection.execute(
                """select *, extract(epoch from not_before - now()) as waits
                   from private.metric_budgets where platform = %s""",
                (platform,),
            ).fetchone()
        assert row is not None
        return row

    def settings(self, **changed: object) -> MetricsSettings:
        """As the functions have them, with some changed; `github_token` and the like by name."""
        chosen: dict[str, Any] = {
            "github_api_url": self.urls["github"],
            "x_api_url": self.urls["twitter"],
            "linkedin_api_url": self.urls["linkedin"],
            "github_token": TOKEN,
            "x_bearer_token": TOKEN,
            "linkedin_access_token": TOKEN,
            "x_posts_per_user_per_day": SHARE,
        }
        return MetricsSettings(**(chosen | changed))

    @asynccontextmanager
    async def dependencies(self, **changed: object) -> AsyncIterator[MetricsDependencies]:
        """Of a refresh in this process, with settings of its own."""
        settings = self.settings(**changed)
        http = HttpClient(timeout=30)
        yield MetricsDependencies(Database(http, core_settings(self.stack)), platform_clients(http, settings), settings)


def core_settings(stack: Stack) -> CoreSettings:
    given: dict[str, Any] = {
        "supabase_url": stack.url,
        "supabase_publishable_key": stack.publishable_key,
        "supabase_secret_key": stack.secret_key,
    }
    return CoreSettings(**given)


def _new_source(platform: str) -> Source:
    project = uuid.uuid4()
    number = 10**18 + project.int % 10**18
    subject = {
        "github": f"tests/r-{project.hex}",
        "twitter": str(number),
        "linkedin": f"urn:li:share:{number}",
    }
    return Source(project, platform, subject[platform])


def _link(source: Source) -> str:
    return {
        "github": f"https://github.com/{source.subject}",
        "twitter": f"https://x.com/tests/status/{source.subject}",
        "linkedin": f"https://www.linkedin.com/feed/update/{source.subject}",
    }[source.platform]


@contextmanager
def running_metrics(cluster: TestCluster, stack: Stack, folder: Path) -> Iterator[Metrics]:
    """The shared stack's database and gateway, with functions of our own that have a credential for each platform."""
    vendors = tuple(VENDOR_OF.values())
    settings = free_settings(folder).model_copy(
        update={
            "vendors": vendors,
            "supabase_url": stack.url,
            "supabase_publishable_key": stack.publishable_key,
            "supabase_secret_key": stack.secret_key,
            "supabase_jwt_secret": stack.jwt_secret,
            "functions_environment": {"METRICS_FETCH_SECONDS": "2", "X_POSTS_PER_USER_PER_DAY": str(SHARE)},
        }
    )
    services = [simulator(settings, *vendors), functions(settings)]
    urls = {platform: settings.simulator_url(vendor) for platform, vendor in VENDOR_OF.items()}
    with running_services(services, folder, belongs_to=cluster.folder):
        yield Metrics(stack, settings.functions_url, urls, stack.make_user())
