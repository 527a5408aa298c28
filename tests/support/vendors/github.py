"""A running GitHub simulator, as one test sees it."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from local.stack.services import simulator
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.servers import running_services
from tests.support.stack import free_settings

FIELDS = "id nameWithOwner stargazerCount forkCount watchers { totalCount }"


@dataclass(frozen=True)
class GitHub:
    """A client of the simulator with a token and an owner that no other test uses."""

    client: httpx.Client
    token: str = field(default_factory=lambda: f"ghp_{uuid.uuid4().hex}")
    owner: str = field(default_factory=lambda: f"owner-{uuid.uuid4().hex[:10]}")

    def own(self, name: str) -> str:
        return f"{self.owner}/{name}"

    def behave(self, subject: str, *behaviours: Mapping[str, Any]) -> None:
        answer = self.client.put("/_simulator/behaviours", json={subject: behaviours})
        assert answer.status_code == 200, answer.text

    def state(self, *subjects: str) -> Any:
        return self.client.get("/_simulator", params={"subject": subjects}).json()

    def count(self, subject: str) -> int:
        """How many requests named the subject."""
        number: int = self.state(subject)["counts"][subject]
        return number

    def batch(self, *names: str) -> str:
        aliases = (f'r{i}: repository(owner: "{self.owner}", name: "{n}") {{ {FIELDS} }}' for i, n in enumerate(names))
        return f"query {{ {' '.join(aliases)} }}"

    def post(
        self, query: str, variables: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return self.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {self.token}"} | dict(headers or {}),
        )

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        answer = self.post(query, variables)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def running_github(cluster: TestCluster, folder: Path, **environment: str) -> Iterator[httpx.Client]:
    """A simulator of one's own, with these variables set."""
    settings = free_settings(folder)
    service = simulator(settings, "github")
    service = replace(service, environment={**service.environment, **environment})
    with (
        running_services([service], folder, belongs_to=cluster.folder),
        plain_http.Client(base_url=settings.simulator_url("github"), timeout=30) as client,
    ):
        yield client
