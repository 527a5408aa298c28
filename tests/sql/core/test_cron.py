"""The schedule, as pg_cron has it: hosted Supabase's extensions are stood in for by tables of the same signatures."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.sql.acting import Connection, acting_as, superuser
from tests.support.cluster import PLATFORM, TestCluster
from tests.support.schema import load_state

KEY = "sb_secret_kept_in_the_vault"
REFRESH = "refreshSocialMetrics"

# pg_cron 1.6, pg_net 0.14 and supabase_vault 0.3, as far as they are used.
EXTENSIONS = """
create schema cron;
create table cron.job (
  jobid bigint generated always as identity primary key, schedule text not null, command text not null,
  nodename text not null default 'localhost', nodeport int not null default 5432,
  database text not null default current_database(), username text not null default current_user,
  active boolean not null default true, jobname text,
  constraint jobname_username_uniq unique (jobname, username)
);
create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql as $$
  insert into cron.job (jobname, schedule, command) values ($1, $2, $3)
  on conflict on constraint jobname_username_uniq do update set
    schedule = excluded.schedule, command = excluded.command, active = excluded.active
  returning jobid
$$;
create function cron.schedule(schedule text, command text) returns bigint language sql as $$
  insert into cron.job (schedule, command) values ($1, $2) returning jobid
$$;
create function cron.unschedule(job_id bigint) returns boolean language plpgsql as $$
begin
  delete from cron.job where jobid = job_id and username = current_user;
  if not found then
    raise exception 'could not find valid entry for job %', job_id;
  end if;
  return true;
end
$$;
create function cron.unschedule(job_name text) returns boolean language sql as $$
  select cron.unschedule(jobid) from cron.job where jobname = job_name and username = current_user
$$;

create schema net;
create table net.http_request_queue (
  id bigint generated always as identity, url text not null, body jsonb, params jsonb, headers jsonb, timeout int
);
create function net.http_post(
  url text, body jsonb default '{}', params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds int default 5000
) returns bigint language sql as $$
  insert into net.http_request_queue (url, body, params, headers, timeout) values ($1, $2, $3, $4, $5) returning id
$$;

create schema vault;
create table vault.secrets (id uuid default gen_random_uuid(), name text unique, secret text not null);
create view vault.decrypted_secrets as select id, name, secret as decrypted_secret from vault.secrets;
"""


@pytest.fixture
def plain(database: str) -> Iterator[Connection]:
    with superuser(database) as connection:
        yield connection


@pytest.fixture
def hosted(plain: Connection) -> Connection:
    """With hosted Supabase's extensions, and the schedule applied."""
    plain.execute(EXTENSIONS.encode())
    plain.execute("insert into vault.secrets (name, secret) values ('secret_key', %s)", (KEY,))
    plain.execute("insert into vault.secrets (name, secret) values ('project_url', 'https://ref.example.com/')")
    plain.execute("select private.apply_cron_jobs()")
    return plain


def jobs(connection: Connection) -> dict[str, dict[str, Any]]:
    return {job["jobname"]: job for job in connection.execute("select * from cron.job").fetchall()}


def add(connection: Connection, name: str, schedule: str = "0 3 * * *", body: str = "{}") -> None:
    connection.execute(
        "insert into private.cron_jobs (name, schedule, path, body) values (%s, %s, %s, %s)",
        (name, schedule, f"tests/{name}", body),
    )


def test_the_schedule_holds_the_daily_refresh(plain: Connection) -> None:
    found = plain.execute("select schedule, path, body, enabled from private.cron_jobs where name = %s", [REFRESH])
    assert found.fetchall() == [{"schedule": "*/5 * * * *", "path": REFRESH, "body": {}, "enabled": True}]


def test_state_and_history_hold_the_same_schedule(cluster: TestCluster, plain: Connection) -> None:
    everything = "select name, schedule, path, body, enabled from private.cron_jobs order by name"
    with cluster.copy(PLATFORM) as url:
        load_state(url)
        with superuser(url) as state:
            assert state.execute(everything).fetchall() == plain.execute(everything).fetchall()


def test_without_the_extensions_nothing_is_scheduled_and_a_notice_says_so(plain: Connection) -> None:
    notices: list[str] = []
    plain.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
    plain.execute("select private.apply_cron_jobs()")
    assert notices == ["Nothing is scheduled in this database: it has no pg_cron, pg_net, supabase_vault."]
    plain.execute("create schema cron; create table cron.job (jobid bigint)")
    plain.execute("select private.apply_cron_jobs()")
    assert notices[1:] == ["Nothing is scheduled in this database: it has no pg_net, supabase_vault."]


def test_a_job_is_scheduled_once_however_often_the_schedule_is_applied(hosted: Connection) -> None:
    first = jobs(hosted)
    assert first[f"showcase:{REFRESH}"]["schedule"] == "*/5 * * * *"
    for _ in range(3):
        hosted.execute("select private.apply_cron_jobs()")
    assert jobs(hosted) == first


def test_a_changed_job_is_changed_in_place(hosted: Connection) -> None:
    before = jobs(hosted)[f"showcase:{REFRESH}"]
    hosted.execute("update private.cron_jobs set schedule = '*/7 * * * *' where name = %s", [REFRESH])
    after = jobs(hosted)[f"showcase:{REFRESH}"]
    assert after == {**before, "schedule": "*/7 * * * *"}


@pytest.mark.parametrize("how", ["delete from", "update"])
def test_a_removed_or_disabled_job_is_unscheduled_and_no_other(hosted: Connection, how: str) -> None:
    hosted.execute("select cron.schedule('theirs', '* * * * *', 'vacuum')")
    hosted.execute("select cron.schedule('* * * * *', 'without a name')")
    before = jobs(hosted)
    add(hosted, "short-lived")
    assert set(jobs(hosted)) - set(before) == {"showcase:short-lived"}
    change = "set enabled = false" if how == "update" else ""
    hosted.execute(f"{how} private.cron_jobs {change} where name = 'short-lived'".encode())
    assert jobs(hosted) == before


def test_a_job_posts_to_the_function_with_the_key_of_the_vault(hosted: Connection) -> None:
    add(hosted, "greeting", body='{"to": "O\'Hara"}')
    hosted.execute(jobs(hosted)["showcase:greeting"]["command"].encode())
    (request,) = hosted.execute("select url, body, headers, timeout from net.http_request_queue").fetchall()
    assert request == {
        "url": "https://ref.example.com/functions/v1/tests/greeting",
        "body": {"to": "O'Hara"},
        "headers": {"apikey": KEY, "Content-Type": "application/json", "X-Cron-Job": "greeting"},
        "timeout": 150_000,
    }


def test_the_key_stands_in_no_job(hosted: Connection) -> None:
    add(hosted, "another")
    stored = hosted.execute("select string_agg(job::text, ' ') as text from cron.job").fetchone()
    assert stored is not None
    assert "private.call_function" in stored["text"]
    assert KEY not in stored["text"]


@pytest.mark.parametrize("name", ["secret_key", "project_url"])
def test_without_a_secret_the_call_says_what_is_missing(hosted: Connection, name: str) -> None:
    hosted.execute("delete from vault.secrets where name = %s", [name])
    with pytest.raises(psycopg.errors.RaiseException, match="project_url or no secret_key"):
        hosted.execute("select private.call_function('health')")


@pytest.mark.parametrize("schedule", ["", "* * * *", "@daily", "0 seconds", "60 seconds", "0 3 * * mon", "0 3 $ * *"])
def test_what_not_every_scheduler_reads_alike_is_refused(plain: Connection, schedule: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        add(plain, "odd", schedule)


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
@pytest.mark.parametrize(
    "statement",
    ["select * from private.cron_jobs", "select private.apply_cron_jobs()", "select private.call_function('health')"],
)
def test_no_role_of_the_api_reaches_the_schedule(untouched_database: str, role: str, statement: str) -> None:
    with (
        acting_as(untouched_database, role) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())
