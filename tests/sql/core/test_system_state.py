"""The state of the system, as services are reported it: each kind of trouble is made, and shows with its verdict."""

from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest

from tests.sql.acting import Connection, acting_as, superuser

Line = tuple[str, str, str]


@pytest.fixture
def system(untouched_database: str) -> Iterator[Connection]:
    """Rolled back in the end: as a fresh system, where nothing waits and each job has just run."""
    with superuser(untouched_database) as connection, connection.transaction(force_rollback=True):
        connection.execute("delete from public.projects; delete from public.notifications")
        connection.execute(
            "insert into private.job_runs (job, outcome, finished_at) select name, 'done', now() from private.cron_jobs"
        )
        yield connection


def state(connection: Connection) -> dict[tuple[str, str], dict[str, Any]]:
    row = connection.execute("select public.get_system_state(100, 1000) as lines").fetchone()
    assert row is not None
    return {(line["item"], line["subject"]): line for line in row["lines"]}


def unwell(connection: Connection) -> set[Line]:
    return {(*key, line["verdict"]) for key, line in state(connection).items() if line["verdict"] != "ok"}


def test_a_fresh_system_is_well_and_names_everything(system: Connection) -> None:
    assert unwell(system) == set()
    items = {item for item, _ in state(system)}
    assert items == {
        "account_deletions", "account_exports", "billing_findings", "design_budget", "due_sources", "file_removals",
        "job", "mail_queued", "platform_blocked", "project_reports", "stripe_events", "x_reads",
    }  # fmt: skip


USER = "(select id from private.users limit 1)"
MAIL = "insert into public.notifications (user_id, type, status, next_attempt_at) values"
EVENT = "insert into private.stripe_events (id, type, reference, version, received_at, error) values"
BUDGET = "insert into private.metric_budgets (platform, credential, not_before, reason) values"
RUN = "insert into private.job_runs (job, started_at, outcome, error_code) values"
SPENT = "insert into private.design_spending (month, spent_micros) values"
LEAVING = "insert into private.account_deletions (user_id, due_at, last_error) values"
EXPORT = "insert into private.account_exports (user_id, started_at, expires_at, finished_at, last_error) values"
REMOVAL = "insert into private.file_removals (bucket_id, name, created_at) values"
SINCE = "update private.cron_jobs set since ="
GONE = "delete from private.job_runs where job = 'sweepMedia';"


@pytest.mark.parametrize(
    ("trouble", "found"),
    [
        (f"{MAIL} ({USER}, 'welcome', 'queued', now() - interval '20 minutes')", {("mail_queued", "", "warn")}),
        (f"{MAIL} ({USER}, 'welcome', 'sending', now() - interval '2 hours')", {("mail_queued", "", "alert")}),
        (f"{MAIL} ({USER}, 'welcome', 'queued', now() + interval '2 hours')", set()),
        (f"{MAIL} ({USER}, 'welcome', 'failed', now())", {("mail_failed", "", "warn")}),
        (f"{MAIL} ({USER}, 'welcome', 'failed', now() - interval '2 days')", set()),
        (f"{EVENT} ('evt_1', 'a', '{{}}', 1, now() - interval '20 minutes', 'x')", {("stripe_events", "", "warn")}),
        (f"{EVENT} ('evt_1', 'a', '{{}}', 1, now() - interval '2 hours', 'x')", {("stripe_events", "", "alert")}),
        (
            "insert into private.billing_findings (kind, subject) values ('unknown_price', 'price_1')",
            {("billing_findings", "", "warn")},
        ),
        (
            "insert into private.billing_findings (kind, subject) values ('charge_disputed', 'ch_1')",
            {("billing_findings", "", "alert")},
        ),
        (
            f"{BUDGET} ('linkedin', 'abc', now() + interval '1 day', 'rejected: status 401')",
            {("platform_blocked", "linkedin", "alert")},
        ),
        (
            f"{BUDGET} ('github', 'abc', now() + interval '1 minute', 'unavailable')",
            {("platform_blocked", "github", "warn")},
        ),
        (f"{BUDGET} ('twitter', 'abc', now() + interval '1 day', 'rate_limited')", set()),
        (f"{BUDGET} ('github', 'abc', now() - interval '1 day', 'rejected: status 401')", set()),
        (
            "insert into private.metric_budgets (platform, credential, units) values ('twitter', 'a', 850)",
            {("x_reads", "", "warn")},
        ),
        (
            f"{SPENT} (date_trunc('month', now() at time zone 'utc')::date, 100000000)",
            {("design_budget", "", "alert")},
        ),
        (
            f"{LEAVING} (gen_random_uuid(), now() - interval '2 days', 'billing_unavailable')",
            {("account_deletions", "", "alert")},
        ),
        (f"{LEAVING} (gen_random_uuid(), now() + interval '1 day', null)", set()),
        (
            f"{EXPORT} ({USER}, now() - interval '2 hours', now() + interval '1 day', null, 'storage_unavailable')",
            {("account_exports", "", "warn")},
        ),
        (f"{EXPORT} ({USER}, now() - interval '2 days', now() + interval '1 day', now(), null)", set()),
        (f"{EXPORT} ({USER}, now() - interval '9 days', now() - interval '2 days', null, null)", set()),
        (f"{REMOVAL} ('a', 'b', now() - interval '3 hours')", {("file_removals", "", "warn")}),
        (f"{SINCE} now() - interval '1 year'", set()),
        (f"{GONE} {SINCE} now() - interval '16 minutes'", {("job", "sweepMedia", "alert")}),
        (f"{GONE} {SINCE} now() - interval '10 minutes'", set()),
        (f"{GONE} {SINCE} '2000-01-01', enabled = false", set()),
        (f"{GONE} {RUN} ('sweepMedia', now() - interval '1 hour', 'done', null)", {("job", "sweepMedia", "alert")}),
        (f"{GONE} {RUN} ('sweepMedia', now(), 'failed', 'internal_error')", {("job", "sweepMedia", "warn")}),
        (f"{GONE} {RUN} ('sweepMedia', now(), 'stopped', 'rejected')", {("job", "sweepMedia", "warn")}),
        (f"{GONE} {RUN} ('sweepMedia', now(), 'stopped', 'out_of_time')", set()),
        (f"{GONE} {RUN} ('sweepMedia', now(), null, null)", set()),
        (
            f"{GONE} {RUN} " + ", ".join(f"('sweepMedia', now() - '{m} m'::interval, 'lost', null)" for m in (1, 2, 3)),
            {("job", "sweepMedia", "alert")},
        ),
    ],
)  # fmt: skip
def test_each_trouble_shows(system: Connection, trouble: LiteralString, found: set[Line]) -> None:
    system.execute(trouble)
    assert unwell(system) == found


def test_sources_that_wait_show_and_say_where_nobody_asked(system: Connection) -> None:
    system.execute(
        f"insert into public.projects (user_id, title, status, github_link)"
        f" values ({USER}, 'Late', 'published', 'https://github.com/octo/late')".encode()
    )
    assert unwell(system) == {("due_sources", "github", "warn")}
    assert "is it set up?" in state(system)["due_sources", "github"]["detail"]
    system.execute("insert into private.metric_budgets (platform, credential) values ('github', 'abc')")
    assert unwell(system) == set()
    system.execute("update private.metric_sources set due_at = now() - interval '7 hours'")
    assert state(system)["due_sources", "github"]["verdict"] == "alert"
    assert state(system)["due_sources", "github"]["value"] == 420


def test_open_reports_show_until_they_are_decided(system: Connection) -> None:
    system.execute(f"insert into public.projects (user_id, title) values ({USER}, 'Reported')".encode())
    for reason, hours in (("spam", 2), ("spam", 1), ("malware", 3)):
        system.execute(
            "insert into public.project_reports (project_id, reason, created_at)"
            " select id, %s, now() - make_interval(hours => %s) from public.projects",
            (reason, hours),
        )
    assert unwell(system) == {("project_reports", "", "warn")}
    line = state(system)["project_reports", ""]
    assert (line["value"], line["detail"]) == (180, "3 open: 1 malware, 2 spam")
    system.execute("update public.project_reports set created_at = now() - interval '1 day' where reason = 'malware'")
    assert unwell(system) == {("project_reports", "", "alert")}
    system.execute("select public.moderate_project(id, 'dismiss', 'an operator', 'harmless') from public.projects")
    assert unwell(system) == set()


def test_a_threshold_is_changed_in_one_place(system: Connection) -> None:
    system.execute("insert into private.billing_findings (kind, subject) values ('unknown_price', 'price_1')")
    system.execute("update private.state_limits set warn = 5 where item = 'billing_findings'")
    assert unwell(system) == set()


def test_a_run_that_died_is_lost_after_its_time_and_the_next_run_says_so(system: Connection) -> None:
    system.execute("delete from private.job_runs where job = 'sweepMedia'")
    system.execute(f"{RUN} ('sweepMedia', now() - interval '15 minutes', null, null)".encode())
    assert state(system)["job", "sweepMedia"]["verdict"] == "ok", "it may still be at it"
    system.execute(
        "update private.job_runs set started_at = now() - interval '15 minutes 1 second' where job = 'sweepMedia'"
    )
    line = state(system)["job", "sweepMedia"]
    assert (line["verdict"], line["detail"]) == ("alert", "overdue, last lost")
    system.execute("select public.begin_job_run('sweepMedia', 'asked-1')")
    found = system.execute(
        "select outcome from private.job_runs where job = 'sweepMedia' order by started_at"
    ).fetchall()
    assert [row["outcome"] for row in found] == ["lost", None]


def test_old_runs_are_forgotten_by_the_next(system: Connection) -> None:
    system.execute(f"{RUN} ('sweepMedia', now() - interval '31 days', 'done', null)".encode())
    system.execute("select public.begin_job_run('sweepMedia', null)")
    (row,) = system.execute(
        "select min(started_at) > now() - interval '1 day' as young from private.job_runs"
    ).fetchall()
    assert row["young"]


@pytest.mark.parametrize(
    ("schedule", "period"),
    [
        ("30 seconds", "30 seconds"), ("* * * * *", "1 minute"), ("*/5 * * * *", "5 minutes"), ("17 * * * *", "1 hour"),
        ("0,30 * * * *", "1 hour"), ("0 */6 * * *", "6 hours"), ("40 3 * * *", "1 day"), ("0 7 * * 1", "7 days"),
        ("0 7 1 * *", "31 days"), ("0 7 1 1 *", "366 days"),
    ],
)  # fmt: skip
def test_how_often_a_job_comes_is_read_from_its_schedule(system: Connection, schedule: str, period: str) -> None:
    row = system.execute("select private.cron_period(%s) = %s::interval as equal", (schedule, period)).fetchone()
    assert row == {"equal": True}


def test_a_mended_platform_is_asked_again_at_once(system: Connection) -> None:
    system.execute(f"{BUDGET} ('linkedin', 'a', now() + interval '1 day', 'rejected: status 401'),"
                   " ('github', 'b', now() + interval '1 day', 'rejected: status 401')".encode())  # fmt: skip
    row = system.execute("select public.resume_platform('linkedin') as resumed").fetchone()
    assert row == {"resumed": 1}
    assert unwell(system) == {("platform_blocked", "github", "alert")}


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_only_services_may_ask(untouched_database: str, role: str) -> None:
    for call in ("get_system_state()", "resume_platform('x')", "begin_job_run('a', 'b')"):
        with acting_as(untouched_database, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"select public.{call}".encode())
