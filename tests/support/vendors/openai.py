"""The whole backend with OpenAI's simulator, and the assistant as a caller sees it."""

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx

from local.settings import Settings
from local.stack.services import functions, services
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.database import kept_connection
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.stack import Stack, free_settings, stack_of
from tests.support.users import User, access_token

KEY = "test-key-of-openai-0123456789"
# Retries are waited for: one shows as much as two.
ENVIRONMENT = {"OPENAI_API_KEY": KEY, "OPENAI_MAX_RETRIES": "1"}

# The first request to a server imports the SDK: it is made before the first test.

Event = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Designer:
    """A running backend, its simulator for OpenAI, and where its functions answer."""

    stack: Stack
    openai_url: str
    functions_url: str
    settings: Settings

    def headers(self, user: User, **more: str) -> dict[str, str]:
        return {**self.stack.headers(user), **more}

    def ask(self, user: User, **body: Any) -> httpx.Response:
        url = f"{self.functions_url}/functions/v1/aiDesignAssistant"
        return plain_http.post(url, json=body, headers=self.headers(user), timeout=30)

    def stream(self, user: User, **body: Any) -> list[Event]:
        """The events that came, to the last."""
        url = f"{self.functions_url}/functions/v1/aiDesignAssistant"
        headers = self.headers(user, accept="text/event-stream")
        with plain_http.stream("POST", url, json=body, headers=headers, timeout=30) as response:
            assert response.status_code == 200, response.read()
            assert response.headers["content-type"].startswith("text/event-stream")
            events = read_events("".join(response.iter_text()))
        ids = {problem["request_id"] for kind, problem in events if kind == "error"}
        assert ids <= {response.headers["x-request-id"]}, "an error is looked up by the id of its answer"
        return events

    def behave(self, subject: str, *behaviours: Mapping[str, Any]) -> None:
        response = plain_http.put(f"{self.openai_url}/_simulator/behaviours", json={subject: behaviours})
        assert response.status_code == 200, response.text

    def received(self, subject: str, path: str = "/v1/chat/completions") -> list[dict[str, Any]]:
        """What OpenAI's simulator was asked about the subject, the oldest first; `json` is the body."""
        parameters = {"subject": subject, "limit": "500"}
        found = plain_http.get(f"{self.openai_url}/_simulator", params=parameters).json()["requests"]
        return [one | {"json": json.loads(one["body"])} for one in reversed(found) if one["path"] == path]

    def project(self, user: User, **columns: Any) -> str:
        row = {"title": "Loom", "description": "It weaves.", "github_link": "https://github.com/tests/loom"} | columns
        with self.stack.client(user) as client:
            answer = client.post("/rest/v1/projects", json=row, headers={"Prefer": "return=representation"})
            assert answer.status_code == 201, answer.text
            project: str = answer.json()[0]["id"]
            image = {"project_id": project, "url": "https://images.example.com/loom.webp"}
            client.post("/rest/v1/project_images", json=image).raise_for_status()
            client.post("/rest/v1/project_tags", json={"project_id": project, "tag": "weaving"}).raise_for_status()
        return project

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with kept_connection(self.stack.database_url) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def sessions(self, user: User) -> list[dict[str, Any]]:
        return self.rows("select * from ai_sessions where user_id = %s order by created_at", user.id)

    def used(self, user: User) -> int:
        rows = self.rows("select used from private.design_usage where user_id = %s", user.id)
        return rows[0]["used"] if rows else 0

    def runs(self, user: User) -> list[dict[str, Any]]:
        return self.rows("select * from private.design_runs where user_id = %s", user.id)

    def files(self, user: User) -> list[str]:
        query = "select name from storage.objects where bucket_id = 'ai-assets' and name like %s || '/%%'"
        return [row["name"] for row in self.rows(query, str(user.id))]

    def seeded(self, number: int, username: str) -> User:
        """Somebody of the demo rows."""
        id_, email = UUID(f"00000000-0000-4000-8000-{number:012}"), f"{username}@example.com"
        token = access_token(self.stack.jwt_secret, f"{self.stack.url}/auth/v1", id_, email)
        return User(id_, email, f"{100000000000000000000 + number}", username, token)


def identifier(user: User) -> str:
    """How OpenAI knows a user: the subject of what concerns them alone."""
    return hashlib.sha256(f"showcase:{user.id}".encode()).hexdigest()


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def read_events(text: str) -> list[Event]:
    found = []
    for block in text.split("\n\n"):
        lines = [line.partition(": ") for line in block.split("\n") if line and not line.startswith(":")]
        fields = {name: value for name, _, value in lines}
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


@contextmanager
def running_designer(cluster: TestCluster, database_url: str, **environment: str) -> Iterator[Designer]:
    state = cluster.folder / f"designer-{uuid.uuid4().hex[:8]}"
    (state / "logs").mkdir(parents=True)
    chosen = {
        "vendors": ("openai",),
        "openai_simulator_port": free_port(),
        "functions_environment": {**ENVIRONMENT, **environment},
    }
    settings = free_settings(state).model_copy(update=chosen)
    with running_services(services(settings, database_url), settings.logs, belongs_to=cluster.folder):
        stack = stack_of(settings, database_url)
        plain_http.post(f"{settings.functions_url}/functions/v1/aiDesignAssistant", timeout=60)
        yield Designer(stack, settings.simulator_url("openai"), stack.url, settings)


@contextmanager
def other_functions(designer: Designer, cluster: TestCluster, **environment: str) -> Iterator[Designer]:
    """The same backend with functions of one's own that have other settings."""
    folder = cluster.folder / f"functions-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    changed = {"functions_port": free_port(), "functions_environment": {**ENVIRONMENT, **environment}}
    settings = designer.settings.model_copy(update=changed)
    with running_services([functions(settings)], folder, belongs_to=cluster.folder):
        changed_designer = replace(designer, functions_url=settings.functions_url)
        plain_http.post(f"{settings.functions_url}/functions/v1/aiDesignAssistant", timeout=60)
        yield changed_designer
