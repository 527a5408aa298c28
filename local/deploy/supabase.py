"""Supabase: schema and settings before the functions, the forwarders and the schedule after them.

Each command names its project, so that no project linked earlier, or meanwhile, is ever changed by mistake.
"""

import json
from collections.abc import Mapping

from local.deploy.steps import Command, Step, StepError

ACCESS = ("SUPABASE_ACCESS_TOKEN", "SUPABASE_DB_PASSWORD")
REMOTE = "--remote={SUPABASE_PROJECT_REF}"
FORWARDERS = (
    *("FUNCTIONS_BACKEND_URL", "FUNCTIONS_BACKEND_AUTH", "FUNCTIONS_BACKEND_SECRET", "FUNCTIONS_BACKEND_AUDIENCE"),
    *("FUNCTIONS_BACKEND_TIMEOUT_SECONDS", "FUNCTIONS_BACKEND_LONG_TIMEOUT_SECONDS", "GOOGLE_SERVICE_ACCOUNT_KEY"),
)


def schema() -> list[Step]:
    config = (*ACCESS, "SITE_URL", "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET")
    return [
        # Before the code: a migration leaves what the running functions use as it was.
        Command("Migrations", ("supabase", "db", "push", REMOTE, "--yes"), ACCESS),
        Command("Sign-in, buckets, API (config.toml)", ("supabase", "config", "push", REMOTE, "--yes"), config),
    ]


def forwarders() -> list[Step]:
    secrets = ("supabase", "secrets", "set", "--env-file", "{file}", REMOTE, "--yes")
    return [
        Command("What the forwarders know", secrets, ACCESS, file=FORWARDERS, form=as_env_file),
        Command("The forwarders", ("supabase", "functions", "deploy", "--use-api", REMOTE, "--yes"), ACCESS),
    ]


def schedule() -> list[Step]:
    """Last, since it calls what is deployed by then."""
    query = ("supabase", "db", "query", "--file", "{file}", REMOTE, "--yes")
    return [
        Command(
            "Cron: pg_cron, pg_net, the Vault's two secrets, private.cron_jobs",
            *(query, ACCESS),
            file=("SUPABASE_URL", "SUPABASE_SECRET_KEY"),
            form=as_schedule,
        )
    ]


def as_env_file(values: Mapping[str, str]) -> str:
    """Single quotes take everything literally, but for themselves and line breaks."""
    if wrong := unquotable(values):
        raise StepError("; ".join(wrong))
    return "".join(f"{name}='{value}'\n" for name, value in values.items())


def unquotable(values: Mapping[str, str]) -> list[str]:
    """A line for each value that the forwarders cannot be given."""
    known = [name for name in FORWARDERS if name in values]
    return [f"{name}: no single quotes, no line breaks" for name in known if set("'\r\n") & set(values[name])]


def as_schedule(values: Mapping[str, str]) -> str:
    """One statement, since `db query` takes no more. `private.call_function` reads both secrets (sql/cron.sql)."""
    kept = {"project_url": values.get("SUPABASE_URL", ""), "secret_key": values.get("SUPABASE_SECRET_KEY", "")}
    # No quote or dollar is left in it that could end the text that it stands in.
    text = json.dumps(kept).replace("'", "\\u0027").replace("$", "\\u0024")
    return _SCHEDULE.replace("<kept>", text)


_SCHEDULE = """do $deploy$
declare
  wanted record;
  found uuid;
begin
  create extension if not exists pg_cron;
  create extension if not exists pg_net;
  for wanted in select key as name, value as secret from jsonb_each_text('<kept>') loop
    select id into found from vault.secrets where name = wanted.name;
    if found is null then
      perform vault.create_secret(wanted.secret, wanted.name);
    else
      perform vault.update_secret(found, wanted.secret);
    end if;
  end loop;
  perform private.apply_cron_jobs();
end
$deploy$;
"""
