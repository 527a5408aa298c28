"""`make status`, as an operator types it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local.settings import ROOT
from local.stack.services import services
from tests.support.cluster import MIGRATED, TestCluster
from tests.support.servers import running_services
from tests.support.stack import Stack, free_settings, running_stack
from tests.support.up import own_environment

KEYS = ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY")


def status(stack: Stack, folder: Path, *arguments: str, **changed: str) -> tuple[int, list[list[str]], str]:
    """Its exit status, the words of its lines, and all that it said."""
    keys = dict(zip(KEYS, (stack.url, stack.publishable_key, stack.secret_key), strict=True))
    return status_of(folder, *arguments, **(keys | changed))


def status_of(folder: Path, *arguments: str, **variables: str) -> tuple[int, list[list[str]], str]:
    environment = own_environment(folder, **({"STACK": "hosted"} | variables))
    command = [sys.executable, "-m", "ops.status", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, [line.split() for line in done.stdout.splitlines()], done.stdout + done.stderr


# Whatever the template's age: nothing has waited, and every job has run.
WELL = """
    delete from public.projects;
    delete from public.notifications;
    update private.cron_jobs set since = now() - interval '1 day';
    insert into private.job_runs (job, outcome, finished_at) select name, 'done', now() from private.cron_jobs;
"""


@pytest.fixture(scope="module")
def fresh(cluster: TestCluster) -> Iterator[Stack]:
    with cluster.copy(MIGRATED) as url, running_stack(cluster, url) as running:
        with psycopg.connect(url) as connection:
            connection.execute(WELL)
        yield running


def status_once_well(stack: Stack, folder: Path, *arguments: str) -> tuple[int, list[list[str]], str]:
    """On a busy machine a service may answer later than health waits for it."""
    deadline = time.monotonic() + 60
    while (found := status(stack, folder, *arguments))[0] and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def test_a_system_that_is_well_is_0_and_says_everything(fresh: Stack, tmp_path: Path) -> None:
    code, words, said = status_once_well(fresh, tmp_path)
    assert code == 0, said
    reported = {tuple(line[:3]) for line in words if len(line) > 2}
    assert {("ok", "answers", "database"), ("ok", "job", "sweepMedia")} <= reported
    assert ["answers", "github"] in [line[1:3] for line in words]
    assert {"stripe_events", "mail_queued", "design_budget"} <= {line[1] for line in words if len(line) > 1}
    assert fresh.secret_key not in said


def test_what_needs_somebody_comes_first_and_is_1_until_it_is_resumed(fresh: Stack, tmp_path: Path) -> None:
    with psycopg.connect(fresh.database_url) as connection:
        connection.execute(
            "insert into private.metric_budgets (platform, credential, not_before, reason)"
            " values ('linkedin', 'abc', now() + interval '1 day', 'rejected: status 426')"
        )
    code, words, said = status(fresh, tmp_path)
    assert code == 1, said
    assert words[2][:3] == ["ALERT", "platform_blocked", "linkedin"]
    assert "rejected: status 426 (abc) until" in said
    code, words, said = status_once_well(fresh, tmp_path, "--resume", "linkedin")
    assert code == 0, said
    assert "ALERT" not in said


def test_a_proxy_is_not_asked_for_what_is_on_this_machine(fresh: Stack, tmp_path: Path) -> None:
    nowhere = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:1")
    _, words, said = status(fresh, tmp_path, **nowhere, NO_PROXY="", no_proxy="")
    assert any(line[1:3] == ["answers", "database"] for line in words), said


def test_a_key_that_is_not_the_services_learns_nothing(fresh: Stack, tmp_path: Path) -> None:
    code, words, said = status(fresh, tmp_path, SUPABASE_SECRET_KEY="sb_secret_of_another_project")
    assert code == 1
    assert any(line[:2] == ["ALERT", "database"] for line in words), said


def test_without_functions_the_database_is_asked(cluster: TestCluster, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    settings = free_settings(tmp_path)
    with cluster.copy(MIGRATED) as url:
        chosen = [service for service in services(settings, url) if service.name in {"gateway", "google"}]
        with running_services(chosen, settings.logs, belongs_to=cluster.folder):
            keys = {name: getattr(settings, name.lower()) for name in KEYS}
            code, words, said = status_of(tmp_path, **keys)
    assert code == 1
    assert words[2][:2] == ["ALERT", "functions"], said
    assert any(line[:2] == ["ok", "stripe_events"] for line in words), said


def test_where_nothing_answers_it_says_so(fresh: Stack, tmp_path: Path) -> None:
    code, words, said = status(fresh, tmp_path, SUPABASE_URL="http://127.0.0.1:1")
    assert code == 1
    assert [line[:2] for line in words if line[:1] == ["ALERT"]] == [["ALERT", "database"], ["ALERT", "functions"]]
    assert "Traceback" not in said


def test_before_the_first_start_it_says_what_to_do(fresh: Stack, tmp_path: Path) -> None:
    code, _, said = status(fresh, tmp_path, STACK="embedded", SUPABASE_URL="")
    assert code == 1
    assert "make up" in said
