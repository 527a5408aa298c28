"""The functions with a Stripe of their own, in front of the shared stack, and what a test wants to know of them."""

import json
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import stripe

from local.settings import HOST, ROOT
from local.stack.services import Service
from tests.support import plain_http
from tests.support.database import kept_connection
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.stack import Caller, Stack
from tests.support.users import User

SECRET = "whsec_billing_tests"
OTHER_SECRET = "whsec_the_one_before"
SITE = "https://showcase.example.com"
WEBHOOK = "/functions/v1/webhooks/stripe"


@dataclass(frozen=True)
class Backend:
    stack: Stack
    functions: str
    stripe: str

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with kept_connection(self.stack.database_url) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def change(self, query: str, *values: Any) -> None:
        with kept_connection(self.stack.database_url) as connection:
            connection.execute(query.encode(), values)

    def subscriptions(self, user: User) -> list[dict[str, Any]]:
        return self.rows("select * from public.subscriptions where user_id = %s order by created_at, id", user.id)

    def tier(self, user: User) -> str:
        return str(self.rows("select tier from private.users where id = %s", user.id)[0]["tier"])

    def emails(self, user: User) -> list[tuple[str, str]]:
        """Type and key of what Billing queued, sorted."""
        query = """
            select type, dedupe_key from public.notifications where user_id = %s and type <> 'welcome'
            order by type, dedupe_key
        """
        return [(row["type"], row["dedupe_key"]) for row in self.rows(query, user.id)]

    def event(self, identity: str) -> dict[str, Any]:
        rows = self.rows("select * from private.stripe_events where id = %s", identity)
        return rows[0] if rows else {}

    def ask(self, caller: Caller, name: str, body: Mapping[str, Any]) -> httpx.Response:
        return plain_http.post(
            f"{self.functions}/functions/v1/{name}", json=body, headers=self.stack.headers(caller), timeout=30
        )

    def send(self, event: Mapping[str, Any] | bytes, **signing: Any) -> httpx.Response:
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        return plain_http.post(f"{self.functions}{WEBHOOK}", content=body, headers=signed(body, **signing), timeout=30)

    def deliver(self, event: Mapping[str, Any]) -> None:
        """Again until it is taken, as Stripe does."""
        deadline = time.monotonic() + 100
        while time.monotonic() < deadline:
            if self.send(event).is_success:
                return
            time.sleep(0.05)
        raise AssertionError("the event was never taken")


def signed(body: bytes, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    """The header that Stripe sends with this body."""
    made = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, int(time.time()) - age)
    return {"Stripe-Signature": made, "Content-Type": "application/json"}


def new_event(kind: str, obj: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    identity = f"evt_{uuid.uuid4().hex}"
    return {"id": identity, "object": "event", "type": kind, "created": 1, "data": {"object": obj}, **given}


def reconcile(backend: Backend, **body: Any) -> dict[str, Any]:
    answer = backend.ask("service", "reconcileSubscriptions", body)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def environment(stack: Stack, supabase_url: str, stripe_url: str) -> dict[str, str]:
    return {
        "PYTHONPATH": str(ROOT / "functions"),
        "SUPABASE_URL": supabase_url,
        "SUPABASE_PUBLISHABLE_KEY": stack.publishable_key,
        "SUPABASE_SECRET_KEY": stack.secret_key,
        "SUPABASE_JWT_SECRET": stack.jwt_secret,
        "SITE_URL": SITE,
        "STRIPE_API_URL": stripe_url,
        "STRIPE_SECRET_KEY": "sk_test_billing",
        "STRIPE_WEBHOOK_SECRETS": f"{SECRET},{OTHER_SECRET}",
        "STRIPE_TIMEOUT": "5",
        "LOG_LEVEL": "WARNING",
    }


def functions_service(stack: Stack, stripe_url: str, supabase_url: str = "", **changed: str) -> tuple[Service, str]:
    """On a port of its own, and its address."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    command = (
        *(sys.executable, "-m", "functions_framework", "--asgi", "--source", "functions/main.py"),
        *("--target", "all_functions", "--host", HOST, "--port", str(port)),
    )
    given = {**environment(stack, supabase_url or stack.url, stripe_url), **changed}
    return Service(f"billing-{port}", command, given, f"{url}/functions/v1/health"), url


@contextmanager
def running_functions(stack: Stack, folder: Path, stripe_url: str, **changed: str) -> Iterator[Backend]:
    service, url = functions_service(stack, stripe_url, **changed)
    with running_services([service], folder, belongs_to=stack.logs.parent.parent):
        yield Backend(stack, url, stripe_url)
