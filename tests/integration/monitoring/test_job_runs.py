"""Every run of a scheduled job leaves a row, whatever comes of it."""

import uuid
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.integration.monitoring.conftest import Watch
from tests.support.stack import Stack
from tests.support.users import User


def runs(stack: Stack, request_id: str) -> list[dict[str, Any]]:
    with psycopg.connect(stack.database_url, row_factory=dict_row) as connection:
        return connection.execute("select * from private.job_runs where request_id = %s", (request_id,)).fetchall()


def called(stack: Stack, job: str, **more: str) -> dict[str, str]:
    return {**stack.headers("service"), "X-Cron-Job": job, "X-Request-Id": uuid.uuid4().hex, **more}


@pytest.mark.parametrize(
    ("job", "path", "body", "counted"),
    [
        ("sweepMedia", "sweepMedia", {}, "removed"),
        ("findOrphanedMedia", "sweepMedia", {"orphans": True}, "missing"),
        ("refreshSocialMetrics", "refreshSocialMetrics", {}, "platforms.github.recorded"),
        ("watchSystem", "watchSystem", {}, "alert"),
    ],
)
def test_a_run_leaves_its_numbers_under_its_jobs_name(
    stack: Stack, job: str, path: str, body: dict[str, Any], counted: str
) -> None:
    headers = called(stack, job)
    with stack.client("service") as client:
        assert client.post(f"/functions/v1/{path}", json=body, headers=headers).status_code == 200
    (run,) = runs(stack, headers["X-Request-Id"])
    assert (run["job"], run["outcome"], run["error_code"]) == (job, "done", None)
    assert run["started_at"] <= run["finished_at"]
    assert isinstance(run["counts"][counted], int)


def test_a_run_that_stopped_early_or_failed_says_why(stack: Stack, watch: Watch) -> None:
    watched = watch("words")
    watched.vendors.mode = 500
    stopped, failed = called(stack, "reconcileSubscriptions"), called(stack, "reconcileSubscriptions")
    answer = watched.post("reconcileSubscriptions", {}, headers=stopped)
    assert answer.status_code == 200, watched.log.read_text()[-3000:]
    assert watched.post("reconcileSubscriptions", {"nonsense": 1}, headers=failed).status_code == 422
    (run,) = runs(stack, stopped["X-Request-Id"])
    assert (run["outcome"], run["error_code"]) == ("stopped", "unavailable")
    assert runs(stack, failed["X-Request-Id"]) == [], "what is refused before it begins was no run"


def test_only_services_leave_runs_and_only_of_jobs_that_are_scheduled(stack: Stack, user: User) -> None:
    theirs = {**called(stack, "sweepMedia"), **stack.headers(user)}
    unknown, plain = called(stack, "no-such-job"), called(stack, "two words; drop")
    with stack.client() as client:
        assert client.post("/functions/v1/sweepMedia", json={}, headers=theirs).status_code == 403
        for headers in (unknown, plain):
            assert client.post("/functions/v1/sweepMedia", json={}, headers=headers).status_code == 200
    assert [runs(stack, headers["X-Request-Id"]) for headers in (theirs, unknown, plain)] == [[], [], []]


def test_without_a_database_the_work_is_tried_all_the_same(stack: Stack, watch: Watch) -> None:
    watched = watch("words", supabase=False)
    watched.vendors.mode = 500
    answer = watched.post("reconcileSubscriptions", {}, headers=called(stack, "reconcileSubscriptions"))
    assert answer.status_code == 503
    watched.end()
    assert "begin_job_run" not in answer.text
