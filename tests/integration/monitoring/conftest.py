"""Functions that report to a sink in place of Sentry, in the company of vendors that fail."""

import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from local.settings import HOST
from local.stack.services import Service
from tests.support import plain_http
from tests.support.doubles.sentry_sink import SentrySink, dsn
from tests.support.doubles.served import served
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.stack import Stack
from tests.support.users import User
from tests.support.vendors.failing_vendor import FailingVendor

VENDORS = ("GITHUB", "X", "LINKEDIN", "OPENAI", "STRIPE", "SENDGRID")
# None of them looks like a key: what keeps them in is not how they look.
KEYS = {
    name: f"{name.lower().replace('_', '')}{uuid.uuid4().hex}"
    for name in ("GITHUB_TOKEN", "X_BEARER_TOKEN", "LINKEDIN_ACCESS_TOKEN", "OPENAI_API_KEY", "STRIPE_SECRET_KEY",
                 "STRIPE_WEBHOOK_SECRETS", "SENDGRID_API_KEY", "NOTIFICATIONS_LINK_SECRETS")
}  # fmt: skip


@dataclass
class Watched:
    """Functions whose vendors are `vendors`; what Sentry and their log got is complete once they ended."""

    url: str
    log: Path
    vendors: FailingVendor
    envelopes: SentrySink
    cleaning: ExitStack = field(repr=False)

    def end(self) -> None:
        """Asked to end as a platform does it (SIGTERM): whatever waits is sent first."""
        self.cleaning.close()

    def post(self, name: str, body: object, **given: object) -> httpx.Response:
        return plain_http.post(f"{self.url}/functions/v1/{name}", json=body, timeout=60, **given)  # type: ignore[arg-type]


Watch = Callable[..., Watched]


@pytest.fixture
def watch(stack: Stack, tmp_path: Path) -> Iterator[Watch]:
    """Starts them; `supabase=False` for a Supabase that fails like the vendors do. Words are what these say."""
    with ExitStack() as cleaning:

        def start(words: str, *, supabase: bool = True, **changed: str) -> Watched:
            watched = _start(stack, tmp_path, words, supabase, changed)
            cleaning.callback(watched.end)
            return watched

        yield start


def _start(stack: Stack, folder: Path, words: str, supabase: bool, changed: dict[str, str]) -> Watched:
    vendors, envelopes, cleaning = FailingVendor(words), SentrySink(), ExitStack()
    vendors_url = cleaning.enter_context(served(vendors.app()))
    sentry_url = cleaning.enter_context(served(envelopes.app()))
    port = free_port()
    environment = {
        "HOST": HOST,
        "PORT": str(port),
        "SUPABASE_URL": stack.url if supabase else vendors_url,
        "SUPABASE_PUBLISHABLE_KEY": stack.publishable_key,
        "SUPABASE_SECRET_KEY": stack.secret_key,
        "SUPABASE_JWT_SECRET": stack.jwt_secret,
        "SITE_URL": "http://127.0.0.1:3000",
        **{f"{vendor}_API_URL": vendors_url for vendor in VENDORS},
        **KEYS,
        "OPENAI_MAX_RETRIES": "0",
        "METRICS_FETCH_SECONDS": "2",
        "SENTRY_DSN": dsn(sentry_url),
        "SENTRY_TRACES_SAMPLE_RATE": "1",
        "ENVIRONMENT": "tests",
        "RELEASE": "1.2.3",
        **changed,
    }
    command = (sys.executable, "functions/server.py")
    service = Service(f"watched-{port}", command, environment, f"http://{HOST}:{port}/functions/v1/health")
    cleaning.enter_context(running_services([service], folder, belongs_to=stack.logs.parent.parent))
    return Watched(f"http://{HOST}:{port}", folder / f"{service.name}.log", vendors, envelopes, cleaning)


def linked_project(stack: Stack, user: User, title: str = "Linked") -> str:
    """A published project that is due at GitHub, which may be asked: another test may have had it refuse."""
    project = {
        "user_id": str(user.id),
        "title": title,
        "status": "published",
        "github_link": "https://github.com/octo/hello",
    }
    with stack.client("service") as service:
        service.post("/rest/v1/rpc/resume_platform", json={"platform": "github"}).raise_for_status()
        made = service.post("/rest/v1/projects", json=project, headers={"Prefer": "return=representation"})
        return str(made.raise_for_status().json()[0]["id"])
