"""Several dispatchers that are killed at random moments, and a SendGrid that does what it likes: every e-mail once."""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from local.settings import ROOT
from local.stack.process_tree import mark
from local.stack.services import Service
from tests.support import plain_http
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.ports import free_port
from tests.support.stack import running_stack
from tests.support.vendors.sendgrid import Mail, functions_service, running_mail

SETTLE = 6  # seconds; events are reported within a fraction of one
PROVIDER: list[tuple[float, list[dict[str, Any]]]] = [
    (0.08, [{"kind": "rate_limited", "reset_seconds": 1, "times": 1}]),
    (0.08, [{"kind": "server_error", "times": 2}]),
    (0.08, [{"kind": "accept_then_drop", "times": 1}]),
    (0.04, [{"kind": "accept_then_timeout", "times": 1}, {"kind": "late_events", "seconds": 1}]),
    (0.04, [{"kind": "dropped", "times": 1}]),
    (0.04, [{"kind": "bad_gateway", "times": 1}]),
    (0.08, [{"kind": "delay", "seconds": 0.3, "times": 1}]),
    (0.08, [{"kind": "duplicate_events"}, {"kind": "reorder_events"}]),
]
SIGN_UPS = """
insert into auth.users (id, aud, role, email, raw_app_meta_data, raw_user_meta_data)
select gen_random_uuid(), 'authenticated', 'authenticated', 'p' || number || '@' || %(domain)s,
  '{"provider": "google"}', jsonb_build_object('provider_id', %(domain)s || number)
from generate_series(1, %(users)s) as number
"""


class Dispatcher:
    """A process of functions that is asked to dispatch over and over, killed, and started again."""

    def __init__(self, mail: Mail, folder: Path, owner: Path) -> None:
        self._mail, self._owner = mail, owner
        self._log = (folder / f"dispatcher-{uuid.uuid4().hex[:6]}.log").open("wb")
        self._process: subprocess.Popen[bytes] | None = None
        self._service: Service | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.kills = 0

    def start(self) -> None:
        self._launch()
        self._thread.start()

    def kill(self) -> None:
        """In the middle of whatever it does."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.kills += 1
        self._launch()

    def stop(self) -> None:
        self._stopping.set()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._thread.join()
        self._log.close()

    def _launch(self) -> None:
        given = {
            "NOTIFICATIONS_SETTLE_SECONDS": str(SETTLE),
            "NOTIFICATIONS_BACKOFF_SECONDS": "0.2",
            "NOTIFICATIONS_SEND_SECONDS": "3",
            "NOTIFICATIONS_RUN_SECONDS": "20",
        }
        self._service = functions_service(self._mail.stack, free_port(), str(self._mail.sendgrid.base_url), given)
        self._process = subprocess.Popen(
            self._service.command,
            cwd=ROOT,
            env={**self._service.environment, **mark(self._owner)},
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def _run(self) -> None:
        headers = self._mail.stack.headers("service")
        while not self._stopping.is_set():
            service = self._service
            assert service is not None
            url = service.ready_url.replace("health", "dispatchNotifications")
            with contextlib.suppress(httpx.HTTPError):  # it was killed, or is not there yet
                plain_http.post(url, json={}, headers=headers, timeout=60, trust_env=False)
            time.sleep(0.1)


@pytest.fixture
def own_mail(cluster: TestCluster) -> Iterator[Mail]:
    """A stack of its own: what is killed here must hold up no other test."""
    with cluster.copy(MIGRATED) as url, running_stack(cluster, url) as stack, running_mail(stack, cluster) as mail:
        yield mail


def behave(mail: Mail, users: int, domain: str) -> None:
    wanted: dict[str, list[dict[str, Any]]] = {}
    for number in range(1, users + 1):
        choice, chance = random.random(), 0.0
        for share, behaviours in PROVIDER:
            chance += share
            if choice < chance:
                wanted[f"p{number}@{domain}"] = behaviours
                break
    mail.sendgrid.put("/_simulator/behaviours", json=wanted).raise_for_status()


def statuses(mail: Mail, domain: str) -> Counter[str]:
    rows = mail.rows(
        """select status from notifications join private.users on users.id = user_id
           where type = 'welcome' and email like %s""",
        f"%@{domain}",
    )
    return Counter(row["status"] for row in rows)


def every_email_arrives_once(
    mail: Mail, cluster: TestCluster, *, users: int, dispatchers: int, kills: int, pause: float, patience: float
) -> None:
    domain = f"{uuid.uuid4().hex[:12]}.example.com"
    behave(mail, users, domain)
    with psycopg.connect(mail.stack.database_url) as connection:
        connection.execute(SIGN_UPS.encode(), {"domain": domain, "users": users})
    workers = [Dispatcher(mail, mail.stack.logs, cluster.folder) for _ in range(dispatchers)]
    started = time.monotonic()
    for worker in workers:
        worker.start()
    try:
        for _ in range(kills):
            time.sleep(random.uniform(0.5, 1.5) * pause)
            random.choice(workers).kill()
        while (found := statuses(mail, domain)) != {"delivered": users}:
            assert time.monotonic() - started < patience, found
            time.sleep(0.5)
    finally:
        for worker in workers:
            worker.stop()
    messages = mail.sendgrid.get("/_simulator/messages", params={"to": f"*@{domain}", "limit": 100_000}).json()
    arrived = Counter(message["to"] for message in messages["messages"])
    assert len(arrived) == users
    assert {to: number for to, number in arrived.items() if number != 1} == {}
    retried = mail.rows("select count(*) filter (where attempts > 1) as n, max(attempts) as m from notifications")
    print(f"{users} e-mails, {kills} kills, {time.monotonic() - started:.0f} s, sent again: {retried}")  # noqa: T201


def test_a_few_dispatchers_and_kills(own_mail: Mail, cluster: TestCluster) -> None:
    every_email_arrives_once(own_mail, cluster, users=120, dispatchers=2, kills=2, pause=3.0, patience=150)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_thousand_emails_four_dispatchers_many_kills(own_mail: Mail, cluster: TestCluster) -> None:
    every_email_arrives_once(own_mail, cluster, users=1000, dispatchers=4, kills=16, pause=2.5, patience=1000)
