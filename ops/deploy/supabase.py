"""Supabase: schema and settings before the functions, the forwarders and the schedule after them.

Each command names its project, so that no project linked earlier, or meanwhile, is ever changed by mistake.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from psycopg import sql

from ops.deploy.steps import Command, Form, Step, StepError

ACCESS = ("SUPABASE_ACCESS_TOKEN", "SUPABASE_DB_PASSWORD")
REMOTE = "--remote={SUPABASE_PROJECT_REF}"
FORWARDERS = (
    *("FUNCTIONS_BACKEND_URL", "FUNCTIONS_BACKEND_AUTH", "FUNCTIONS_BACKEND_SECRET", "FUNCTIONS_BACKEND_AUDIENCE"),
    *("FUNCTIONS_BACKEND_TIMEOUT_SECONDS", "FUNCTIONS_BACKEND_LONG_TIMEOUT_SECONDS", "GOOGLE_SERVICE_ACCOUNT_KEY"),
)

EXTENSIONS = "do $$ begin create extension if not exists pg_cron; create extension if not exists pg_net; end $$"

KEEP = sql.SQL("""select vault.update_secret(id, {secret})::text from vault.secrets where name = {name}
union all
select vault.create_secret({secret}, {name})::text where not exists (select from vault.secrets where name = {name})
""")


def schema() -> list[Step]:
    config = (*ACCESS, "SITE_URL", "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET")
    return [
        # Before the code: a migration leaves what the running functions use as it was.
        Command("Migrations", ("supabase", "db", "push", REMOTE, "--yes"), ACCESS),
        Command("Sign-in, buckets, API (config.toml)", ("supabase", "config", "push", REMOTE, "--yes"), config),
    ]


def forwarders() -> list[Step]:
    return [
        set_secrets("What the forwarders know", FORWARDERS, as_env_file),
        Command("The forwarders", ("supabase", "functions", "deploy", "--use-api", REMOTE, "--yes"), ACCESS),
    ]


def schedule() -> list[Step]:
    """Last, since it calls what is deployed by then. `db query` takes one statement at a time."""
    return [
        _query("Cron: pg_cron and pg_net", EXTENSIONS),
        _keep("project_url", "SUPABASE_URL"),
        _keep("secret_key", "SUPABASE_SECRET_KEY"),
        _query("Cron: private.cron_jobs", "select private.apply_cron_jobs()"),
    ]


def _query(title: str, statement: str) -> Command:
    return Command(title, ("supabase", "db", "query", statement, REMOTE, "--yes"), ACCESS)


def _keep(name: str, variable: str) -> Command:
    """`private.call_function` reads both secrets (sql/core/cron.sql)."""
    query = ("supabase", "db", "query", "--file", "{file}", REMOTE, "--yes")
    form = partial(as_kept, name, variable)
    return Command(f"Cron: the Vault's {name}", query, ACCESS, file=(variable,), form=form)


def set_secrets(title: str, names: Sequence[str], form: Form) -> Command:
    """Secrets of the project, which the forwarders and Supabase Compute find in their environment."""
    command = ("supabase", "secrets", "set", "--env-file", "{file}", REMOTE, "--yes")
    return Command(title, command, ACCESS, file=tuple(names), form=form)


def as_env_file(values: Mapping[str, str]) -> str:
    """Single quotes take everything literally, but for themselves and line breaks."""
    if wrong := unquotable(values, values):
        raise StepError("; ".join(wrong))
    return "".join(f"{name}='{value}'\n" for name, value in values.items())


def unquotable(values: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """A line for each of these variables that an env file cannot hold."""
    known = [name for name in names if name in values]
    return [f"{name}: no single quotes, no line breaks" for name in known if set("'\r\n") & set(values[name])]


def as_kept(name: str, variable: str, values: Mapping[str, str]) -> str:
    """A plain query: pg_stat_statements keeps others, such as `do` blocks, with the constants that stand in them."""
    return KEEP.format(name=sql.Literal(name), secret=sql.Literal(values[variable])).as_string()
