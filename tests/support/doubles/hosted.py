"""The functions as they are hosted: Deno forwarders before Python handlers that nobody else may call."""

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from local.settings import Settings
from local.stack.services import Service, functions, openai_simulator, simulator
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.doubles.forwarders import SECRET, Edge, running_forwarders
from tests.support.ports import free_port
from tests.support.servers import READY_SECONDS, last_lines, running_services
from tests.support.stack import Stack, free_settings
from tests.support.vendors.openai import ENVIRONMENT, Designer
from tests.support.vendors.sendgrid import Mail

OTHER_SECRET = "the secret that comes after it in their rotation"


@dataclass(frozen=True)
class Hosted:
    """`stack` is what the handlers work on; `handlers` is where they answer those who know a secret."""

    stack: Stack
    edge: Edge
    handlers: str
    mail: Mail
    designer: Designer
    stripe_secret: str


@contextmanager
def running_hosted(stack: Stack, cluster: TestCluster) -> Iterator[Hosted]:
    folder = cluster.folder / f"hosted-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    settings = _settings(stack, folder)
    simulators = [simulator(settings, "stripe"), simulator(settings, "sendgrid"), openai_simulator(settings)]
    handlers = _guarded(functions(settings))
    backend = {
        "FUNCTIONS_BACKEND_URL": settings.functions_url,
        "FUNCTIONS_BACKEND_AUTH": "secret",
        "FUNCTIONS_BACKEND_SECRET": SECRET,
    }
    with ExitStack() as closing:
        edge = closing.enter_context(running_forwarders(cluster, stack.jwt_secret, **backend))
        reported = [_telling(service, edge) for service in simulators]
        closing.enter_context(running_services([*reported, handlers], folder, belongs_to=cluster.folder))
        _wait_for(edge, folder / "functions.log")
        sendgrid = closing.enter_context(plain_http.Client(base_url=settings.simulator_url("sendgrid"), timeout=30))
        yield Hosted(
            stack,
            edge,
            settings.functions_url,
            Mail(stack, sendgrid, [edge.url]),
            Designer(stack, settings.simulator_url("openai"), edge.url, settings),
            handlers.environment["STRIPE_WEBHOOK_SECRETS"],
        )


def _settings(stack: Stack, folder: Path) -> Settings:
    vendors = ("github", "openai", "stripe", "sendgrid")
    chosen = {
        "vendors": vendors,
        **{f"{vendor}_simulator_port": free_port() for vendor in vendors},
        "github_simulator_port": urlsplit(stack.github_url).port,
        "supabase_url": stack.url,
        "supabase_publishable_key": stack.publishable_key,
        "supabase_secret_key": stack.secret_key,
        "supabase_jwt_secret": stack.jwt_secret,
        "functions_environment": ENVIRONMENT,
    }
    return free_settings(folder).model_copy(update=chosen)


def _guarded(service: Service) -> Service:
    """Not ready for those who ask without a secret: it is waited for at the edge."""
    secrets = {"FUNCTIONS_BACKEND_SECRETS": f"{OTHER_SECRET}, {SECRET}"}
    return replace(service, environment={**service.environment, **secrets}, ready_url="")


def _telling(service: Service, edge: Edge) -> Service:
    """The vendor, its webhooks sent to the edge."""
    changed = {
        name: f"{edge.url}/functions/v1/webhooks/{service.name}"
        for name in service.environment
        if name.endswith("_SIMULATOR_WEBHOOK_URL")
    }
    return replace(service, environment={**service.environment, **changed})


def _wait_for(edge: Edge, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    with edge.client() as client:
        while not client.get("health").is_success:
            assert time.monotonic() < deadline, last_lines(log)
