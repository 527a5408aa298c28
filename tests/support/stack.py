"""The whole backend for tests: every service on a free port, over one database."""

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import httpx
import pytest

from local.settings import VENDORS, Settings, new_keys
from local.stack.services import services
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.users import User, make_user

Caller = User | Literal["anon", "service"]


@dataclass(frozen=True)
class Stack:
    url: str
    publishable_key: str
    secret_key: str
    jwt_secret: str
    database_url: str
    functions_url: str
    google_url: str  # of the simulator of Google; empty: Auth asks Google's own addresses
    github_url: str
    site_url: str
    logs: Path
    simulators: Mapping[str, str] = field(default_factory=dict)  # vendor -> URL

    @property
    def identity_url(self) -> str:
        """Of the simulator of Google. Skips the test where nobody can sign in by it."""
        if not self.google_url:
            pytest.skip("Supabase's own Auth asks Google's fixed addresses: nobody signs in by the local simulator")
        return self.google_url

    def make_user(self, *, email: str = "", tier: str = "free") -> User:
        return make_user(self.database_url, self.jwt_secret, f"{self.url}/auth/v1", email=email, tier=tier)

    def headers(self, caller: Caller) -> dict[str, str]:
        """As supabase-js sends them."""
        key = self.secret_key if caller == "service" else self.publishable_key
        return {"apikey": key, "Authorization": f"Bearer {caller.token if isinstance(caller, User) else key}"}

    def client(self, caller: Caller = "anon") -> httpx.Client:
        """Close it: use it in a `with`."""
        return plain_http.Client(base_url=self.url, headers=self.headers(caller), timeout=30)

    def health(self) -> httpx.Response:
        """What health answers once all is well: a busy machine may be late with it, and keeps that a while."""
        deadline = time.monotonic() + 60
        with self.client() as client:
            while (answer := client.get("/functions/v1/health")).json().get("status") != "ok":
                assert time.monotonic() < deadline, answer.text
                time.sleep(0.5)
        return answer

    def async_client(self, caller: Caller = "anon") -> httpx.AsyncClient:
        """Close it: use it in an `async with`."""
        return plain_http.AsyncClient(base_url=self.url, headers=self.headers(caller), timeout=30)


@contextmanager
def running_stack(
    cluster: TestCluster, database_url: str, vendors: tuple[str, ...] = ("github",), *, site: bool = False
) -> Iterator[Stack]:
    """Other vendors have no credential: tests that want one start it, or name it here. `site`: whether it is served."""
    settings = free_settings(state_folder(cluster), vendors)
    if site:
        settings = settings.model_copy(update={"site": True, "site_url": f"http://127.0.0.1:{free_port()}"})
    with running_services(services(settings, database_url), settings.logs, belongs_to=cluster.folder):
        yield stack_of(settings, database_url)


def state_folder(cluster: TestCluster) -> Path:
    state = cluster.folder / f"stack-{uuid.uuid4().hex[:8]}"
    (state / "logs").mkdir(parents=True)
    return state


def stack_of(settings: Settings, database_url: str) -> Stack:
    return Stack(
        url=settings.gateway_url,
        publishable_key=settings.supabase_publishable_key,
        secret_key=settings.supabase_secret_key,
        jwt_secret=settings.supabase_jwt_secret,
        database_url=database_url,
        functions_url=settings.functions_url,
        google_url=settings.identity_url if settings.stack == "embedded" else "",
        github_url=settings.simulator_url("github"),
        site_url=settings.site_url,
        logs=settings.logs,
        simulators={vendor: settings.simulator_url(vendor) for vendor in settings.simulated()},
    )


def free_settings(state: Path, vendors: tuple[str, ...] = ("github",)) -> Settings:
    """All defaults but for free ports and new keys; nothing of the machine's environment or `.env`."""
    gateway = free_port()
    chosen = {
        "state_folder": state,
        "gateway_port": gateway,
        "postgres_port": free_port(),
        "postgrest_port": free_port(),
        "functions_port": free_port(),
        "identity_port": free_port(),
        **{f"{vendor}_simulator_port": free_port() for vendor in VENDORS},
        "vendors": vendors,
        "supabase_url": f"http://127.0.0.1:{gateway}",
        "site": False,
        "cron": False,  # tests call what they want called
    }
    return Settings.model_construct().model_copy(update=chosen | new_keys())
