"""Mail for tests: SendGrid's simulator, and functions that send through it, over the database of the shared stack."""

import os
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from psycopg.types.json import Jsonb

from local.settings import HOST, ROOT
from local.simulators.sendgrid.keys import public_key, signing_key
from local.stack.services import INHERITED, Service
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.database import kept_connection
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.stack import Stack
from tests.support.users import User

# Fast enough for a test, and long enough that an event of the webhook comes first.
TIMEOUT = {
    "NOTIFICATIONS_RUN_SECONDS": "20",
    "NOTIFICATIONS_SEND_SECONDS": "3",
    "NOTIFICATIONS_SETTLE_SECONDS": "3",
    "NOTIFICATIONS_BACKOFF_SECONDS": "0.1",
}


@dataclass(frozen=True)
class Mail:
    """A running simulator and functions that know it. Everything is asked by address: tests do not see each other's."""

    stack: Stack
    sendgrid: httpx.Client
    functions_urls: Sequence[str]
    seed: str = ""  # what its signing key is made from

    def call(self, name: str, body: Any = None, headers: dict[str, str] | None = None, at: int = 0) -> httpx.Response:
        """A function, as a service unless the headers say otherwise."""
        given = self.stack.headers("service") if headers is None else headers
        url = f"{self.functions_urls[at]}/functions/v1/{name}"
        return plain_http.post(url, json={} if body is None else body, headers=given, timeout=60, trust_env=False)

    def dispatch(self, at: int = 0) -> dict[str, Any]:
        answer = self.call("dispatchNotifications", at=at)
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done

    def until(self, notification_id: uuid.UUID | str, *statuses: str) -> dict[str, Any]:
        """The row once it has one of these statuses, however many runs it needs: events may come first."""
        deadline = time.monotonic() + 60
        while (row := self.row(notification_id))["status"] not in statuses:
            assert time.monotonic() < deadline, row
            self.dispatch()
            time.sleep(0.1)
        return row

    def queue(self, user: User, type_: str = "payment_failed", key: str = "", **payload: Any) -> uuid.UUID:
        """As Billing and Account do it; the id."""
        key = key or uuid.uuid4().hex
        with kept_connection(self.stack.database_url, autocommit=False) as connection:
            connection.execute(
                "select private.queue_notification(%s, %s, %s, %s)", (user.id, type_, key, Jsonb(payload))
            )
            row = connection.execute(
                "select id from notifications where user_id = %s and type = %s and dedupe_key = %s",
                (user.id, type_, key),
            ).fetchone()
        assert row is not None
        return uuid.UUID(str(row["id"]))

    def row(self, notification_id: uuid.UUID | str) -> dict[str, Any]:
        return self.rows("select * from notifications where id = %s", str(notification_id))[0]

    def of(self, user: User, type_: str) -> list[dict[str, Any]]:
        return self.rows(
            "select * from notifications where user_id = %s and type = %s order by created_at", user.id, type_
        )

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with kept_connection(self.stack.database_url) as connection:
            cursor = connection.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def behave(self, subject: str, *behaviours: dict[str, Any]) -> None:
        answer = self.sendgrid.put("/_simulator/behaviours", json={subject: behaviours})
        assert answer.status_code == 200, answer.text

    def messages(self, to: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sendgrid.get("/_simulator/messages", params={"to": to}).json()["messages"]
        return found

    def accepted(self, subject: str) -> int:
        number: int = self.sendgrid.get("/_simulator", params={"subject": subject}).json()["accepted"][subject]
        return number

    def signed(self, *events: dict[str, Any], timestamp: str = "") -> tuple[bytes, dict[str, str]]:
        """Body and headers as SendGrid would send them."""
        answer = self.sendgrid.post("/_simulator/events", json={"events": events, "timestamp": timestamp}).json()
        return answer["body"].encode(), answer["headers"]

    def deliver(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        url = f"{self.functions_urls[0]}/functions/v1/webhooks/sendgrid"
        return plain_http.post(url, content=body, headers=headers, timeout=30, trust_env=False)

    def tell(self, *events: dict[str, Any]) -> httpx.Response:
        return self.deliver(*self.signed(*events))


@contextmanager
def running_mail(stack: Stack, cluster: TestCluster, dispatchers: int = 1, **environment: str) -> Iterator[Mail]:
    """One simulator, and as many processes of functions as are wanted; the webhook tells the first."""
    seed, folder = uuid.uuid4().hex, stack.logs / f"mail-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    sendgrid_url = f"http://{HOST}:{free_port()}"
    ports = [free_port() for _ in range(dispatchers)]
    given = {**TIMEOUT, **environment, "SENDGRID_WEBHOOK_PUBLIC_KEYS": public_key(signing_key(seed))}
    services = [simulator_service(sendgrid_url, seed, ports[0])]
    services += [functions_service(stack, port, sendgrid_url, given) for port in ports]
    with ExitStack() as closing:
        closing.enter_context(running_services(services, folder, belongs_to=cluster.folder))
        client = closing.enter_context(plain_http.Client(base_url=sendgrid_url, timeout=30, trust_env=False))
        yield Mail(stack, client, [f"http://{HOST}:{port}" for port in ports], seed)


def simulator_service(url: str, seed: str, functions_port: int) -> Service:
    command = (sys.executable, "-m", "local.simulators", f"sendgrid={url.rpartition(':')[2]}")
    environment = {
        "SENDGRID_SIMULATOR_SEED": seed,
        "SENDGRID_SIMULATOR_WEBHOOK_URL": f"http://{HOST}:{functions_port}/functions/v1/webhooks/sendgrid",
    }
    return Service("sendgrid", command, {**_inherited(), **environment}, f"{url}/_simulator")


def functions_service(stack: Stack, port: int, sendgrid_url: str, environment: dict[str, str]) -> Service:
    command = (
        *(sys.executable, "-m", "functions_framework", "--asgi", "--source", "functions/main.py"),
        *("--target", "all_functions", "--host", HOST, "--port", str(port)),
    )
    own = {
        "PYTHONPATH": str(ROOT / "functions"),
        "SUPABASE_URL": stack.url,
        "SUPABASE_PUBLISHABLE_KEY": stack.publishable_key,
        "SUPABASE_SECRET_KEY": stack.secret_key,
        "SUPABASE_JWT_SECRET": stack.jwt_secret,
        "SITE_URL": "http://127.0.0.1:3000",
        "SENDGRID_API_URL": sendgrid_url,
        "SENDGRID_API_KEY": "SG.local",
        "PUBLIC_FUNCTIONS_URL": f"http://{HOST}:{port}/functions/v1",
        **environment,
    }
    name = f"functions-{port}"
    return Service(name, command, {**_inherited(), **own}, f"http://{HOST}:{port}/functions/v1/health")


def _inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | {"PYTHONUNBUFFERED": "1"}
