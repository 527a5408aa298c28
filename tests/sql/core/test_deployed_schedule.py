"""What a deployment tells a hosted database about cron, through the real Supabase CLI."""

import re
import subprocess
from pathlib import Path

import psycopg
import pytest

from local.postgres.migrations import MODULES, node_program
from ops.deploy.steps import Command
from ops.deploy.supabase import REMOTE, schedule
from tests.sql.core.test_cron import EXTENSIONS

# supabase_vault 0.3, as far as a deployment uses it, over the table of test_cron.
VAULT = """
create function vault.create_secret(new_secret text, new_name text) returns uuid language sql as $$
  insert into vault.secrets (secret, name) values ($1, $2) returning id
$$;
create function vault.update_secret(secret_id uuid, new_secret text) returns void language sql as $$
  update vault.secrets set secret = $2 where id = $1
$$;
"""
ODD = "sb_secret_'; drop table x; --$$"


def run_schedule(url: str, folder: Path, secret_key: str) -> str:
    """Step by step. The database here lacks the two extensions: what stands for them is there already."""
    values = {"SUPABASE_URL": "https://ref.supabase.co", "SUPABASE_SECRET_KEY": secret_key}
    file = folder / "statement.sql"
    program = [str(node_program()), str(MODULES / "supabase" / "dist" / "supabase.js")]
    output = ""
    for step in schedule():
        assert isinstance(step, Command)
        if step.file:
            file.write_text(step.form({name: values[name] for name in step.file}))
        words = [str(file) if word == "{file}" else re.sub("create extension[^;]*;", "", word) for word in step.argv]
        done = subprocess.run(
            [*program, *(f"--remote={url}?sslmode=disable" if word == REMOTE else word for word in words[1:])],
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "SUPABASE_TELEMETRY_DISABLED": "1", "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        output += done.stdout + done.stderr
        assert done.returncode == 0, output
    return output


@pytest.fixture
def hosted(database: str) -> str:
    with psycopg.connect(database) as connection:
        connection.execute((EXTENSIONS + VAULT).encode())
    return database


def test_the_vault_and_the_jobs_are_as_they_should_be_however_often_it_runs(hosted: str, tmp_path: Path) -> None:
    run_schedule(hosted, tmp_path, "sb_secret_first")
    output = run_schedule(hosted, tmp_path, ODD)
    assert ODD not in output
    with psycopg.connect(hosted) as connection:
        kept = connection.execute("select name, decrypted_secret from vault.decrypted_secrets order by name").fetchall()
        assert kept == [("project_url", "https://ref.supabase.co"), ("secret_key", ODD)]
        jobs = connection.execute("select jobname from cron.job order by jobname").fetchall()
        wanted = connection.execute("select 'showcase:' || name from private.cron_jobs where enabled order by 1")
        assert jobs == wanted.fetchall()
        assert jobs
        # The statistics keep every statement: a query with its constants taken out, others as they were written.
        kept_statements = connection.execute("""
            select query from extensions.pg_stat_statements
            where dbid = (select oid from pg_database where datname = current_database())
              and (query like '%sb_secret_%' or query ilike '%do $%secret%')
        """)
        assert kept_statements.fetchall() == []
