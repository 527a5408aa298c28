"""Processes that are killed in the middle of what they do, again and again: cron goes on, and the end is the same."""

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from local.settings import HOST
from tests.integration.account.conftest import BILLING
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.doubles.intercepting_proxy import InterceptingProxy, running_proxy
from tests.support.doubles.killable_service import KillableService
from tests.support.populated_users import Member, found, rows
from tests.support.ports import free_port
from tests.support.servers import running_services
from tests.support.stack import Stack
from tests.support.vendors.sendgrid import Mail, functions_service, simulator_service
from tests.support.vendors.stripe import SDK_WARNING

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

# What was not recorded is not sent again, and the last e-mail is waited for no longer than that: at most one e-mail.
IMPATIENT = {
    "ACCOUNT_LEASE_SECONDS": "1",
    "ACCOUNT_RETRY_SECONDS": "0",
    "ACCOUNT_NOTICE_SECONDS": "2",
    "NOTIFICATIONS_SETTLE_SECONDS": "3600",
    "ACCOUNT_EXPORT_PART_BYTES": "5000",
}


@dataclass(frozen=True)
class World:
    stack: Stack
    mail: Mail
    crossing: InterceptingProxy
    server: KillableService
    stripe: httpx.Client

    def killed_at(self, job: str, reached: Callable[[], bool]) -> None:
        """Calls the job as cron does until the point is reached; kills the process there, and starts it again."""
        with ThreadPoolExecutor(1) as pool:
            calling: Future[None] | None = None
            for _ in range(5000):
                if reached():
                    break
                if calling is None or calling.done():
                    calling = pool.submit(self._call, job)
                time.sleep(0.02)
            assert reached(), f"{job} never comes there"
            self.server.kill()
        self.server.start()

    def _call(self, job: str) -> None:
        with suppress(httpx.TransportError):
            self.mail.call(job)


@pytest.fixture(scope="module")
def world(stack: Stack, cluster: TestCluster, simulator: httpx.Client) -> Iterator[World]:
    with running_world(stack, cluster, simulator) as running:
        yield running


@contextmanager
def running_world(stack: Stack, cluster: TestCluster, stripe: httpx.Client) -> Iterator[World]:
    folder, port, sendgrid = stack.logs / "kills", free_port(), f"http://{HOST}:{free_port()}"
    folder.mkdir()
    with ExitStack() as closing:
        crossing = closing.enter_context(running_proxy(stack.url))
        mail_part = simulator_service(sendgrid, "kills", port)
        closing.enter_context(running_services([mail_part], folder, belongs_to=cluster.folder))
        given = {
            "SUPABASE_URL": crossing.url,
            "STRIPE_API_URL": str(stripe.base_url).rstrip("/"),
            **BILLING,
            **IMPATIENT,
        }
        server = KillableService(functions_service(stack, port, sendgrid, given), cluster.folder)
        server.start()
        closing.callback(server.kill)
        client = closing.enter_context(plain_http.Client(base_url=sendgrid, timeout=30, trust_env=False))
        yield World(stack, Mail(stack, client, [f"http://{HOST}:{port}"], "kills"), crossing, server, stripe)


def at_crossing(world: World, name: str, where: Any) -> Callable[[], bool]:
    return world.crossing.stop(name, where).is_set


def at_vendor(vendor: httpx.Client, subject: str) -> Callable[[], bool]:
    """While the vendor takes its time to answer; what it was asked, it does all the same."""

    def count() -> int:
        counted: int = vendor.get("/_simulator", params={"subject": subject}).json()["counts"][subject]
        return counted

    slow = {"kind": "delay", "seconds": 1, "times": 1}
    assert vendor.put("/_simulator/behaviours", json={subject: [slow]}).is_success
    before = count()
    return lambda: count() > before


def test_a_deletion_that_is_killed_in_every_step_ends_the_same(world: World, member: Callable[[], Member]) -> None:
    leaving, staying = member(), member()
    before = found(world.stack, staying.traces)
    asked = rows(
        world.stack,
        "select public.request_account_deletion(%s, %s, 900, 0) ->> 'id' as id",
        leaving.user.id,
        leaving.user.username,
    )[0]["id"]
    points: list[Callable[[], Callable[[], bool]]] = [
        lambda: at_crossing(world, "lease_account_deletions", "after"),
        lambda: at_vendor(world.stripe, f"{leaving.subscription}/subscriptions.cancel"),
        lambda: at_vendor(world.stripe, f"{leaving.customer}/customers.delete"),
        lambda: at_crossing(world, "record_account_deletion", "before"),
        lambda: at_crossing(world, "DELETE project-media", "before"),
        lambda: at_crossing(world, "DELETE project-media", "after"),
        lambda: at_crossing(world, "record_account_deletion", "after"),
        lambda: at_vendor(world.mail.sendgrid, leaving.user.email),
        lambda: at_crossing(world, "delete_account", "before"),
        lambda: at_crossing(world, "delete_account", "after"),
        lambda: at_crossing(world, "finish_account_deletion", "after"),
    ]
    for point in points:
        world.killed_at("continueAccountDeletions", point())
    receipt = world.mail.call("getAccountDeletion", {"receipt_id": asked}).json()
    assert (receipt["status"], receipt["waiting_for"]) == ("done", None)
    assert found(world.stack, leaving.traces) == {}
    assert found(world.stack, staying.traces) == before
    letters = world.mail.messages(leaving.user.email)
    assert len([each for each in letters if "deleted" in each["subject"].lower()]) <= 1
    assert world.mail.messages(staying.user.email) == []


def test_an_archive_that_is_killed_in_every_step_is_whole_in_the_end(
    world: World, member: Callable[[], Member]
) -> None:
    someone = member()
    headers = world.stack.headers(someone.user)
    query = "select public.begin_account_export(%s, 3600, 0) ->> 'id' as id"
    made = rows(world.stack, query, someone.user.id)[0]["id"]

    def stored() -> list[str]:
        files = "select name from storage.objects where bucket_id = 'account-exports' and starts_with(name, %s)"
        return [row["name"] for row in rows(world.stack, files, str(someone.user.id))]

    points = [
        ("export_account_rows", "after"),
        ("POST account-exports", "within"),
        ("record_account_export_part", "before"),
        ("record_account_export_part", "after"),
        ("finish_account_export", "before"),
        ("finish_account_export", "after"),
    ]
    answer: dict[str, Any] = {}
    for name, where in points:
        parts = stored()
        world.killed_at("continueAccountExports", at_crossing(world, name, where))
        answer = world.mail.call("getAccountExport", {}, headers).json()
        if (name, where) == ("POST account-exports", "within"):
            assert stored() == parts, "half a file is none"
        assert (answer["status"] == "done") == ((name, where) == points[-1])
        assert bool(answer["parts"]) == (answer["status"] == "done")
    contents: list[str] = []
    for part in answer["parts"]:
        archive = zipfile.ZipFile(io.BytesIO(plain_http.get(part["url"]).raise_for_status().content))
        assert archive.testzip() is None
        contents += [entry for entry in archive.namelist() if entry != "README.txt"]
    assert len(contents) == len(set(contents))
    sources = [row["source"] for row in rows(world.stack, "select source from private.personal_data")]
    assert {f"data/{source}.json" for source in sources} <= set(contents)
    assert len([entry for entry in contents if entry.startswith("files/")]) == 8
    assert len(world.mail.of(someone.user, "data_export_ready")) == 1

    rows(world.stack, "update private.account_exports set expires_at = now() where id = %s", made)
    for _ in range(30):
        world.mail.call("continueAccountExports")
        world.mail.call("sweepMedia")
        if not stored():
            break
    assert stored() == [], "what the killed ones left goes with the rest"
