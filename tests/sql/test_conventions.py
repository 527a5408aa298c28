"""What holds for every table, function and policy, also for those that are added later."""

import json
import os
import subprocess

from local.database import MODULES, node_program
from local.generate_models import MODELS, generate
from local.settings import ROOT
from tests.sql.acting import superuser

OURS = "('public', 'private')"


def offenders(url: str, query: str) -> list[str]:
    with superuser(url) as connection:
        return [str(row["name"]) for row in connection.execute(query.encode()).fetchall()]


def test_every_table_has_row_level_security(untouched_database: str) -> None:
    query = f"""
        select oid::regclass as name from pg_class
        where relkind in ('r', 'p') and relnamespace::regnamespace::text in {OURS}
    """
    assert "projects" in offenders(untouched_database, query)
    assert offenders(untouched_database, f"{query} and not relrowsecurity") == []


def test_every_view_asks_with_the_rights_of_its_reader(untouched_database: str) -> None:
    query = f"""
        select oid::regclass as name from pg_class
        where relkind in ('v', 'm') and relnamespace::regnamespace::text in {OURS}
    """
    assert offenders(untouched_database, query) == ["users"]
    assert (
        offenders(untouched_database, f"{query} and not coalesce('security_invoker=true' = any (reloptions), false)")
        == []
    )


def test_every_function_pins_its_search_path(untouched_database: str) -> None:
    query = f"select oid::regprocedure as name from pg_proc where pronamespace::regnamespace::text in {OURS}"
    assert len(offenders(untouched_database, query)) > 10
    assert (
        offenders(untouched_database, f"""{query} and not coalesce('search_path=""' = any (proconfig), false)""") == []
    )


def test_only_the_intended_functions_can_be_called(untouched_database: str) -> None:
    query = f"""
        select role || ' ' || proname as name from pg_proc
        cross join unnest(array['anon', 'authenticated', 'service_role', 'supabase_auth_admin']) as role
        where pronamespace::regnamespace::text in {OURS} and has_function_privilege(role, pg_proc.oid, 'execute')
        order by proname, role
    """
    assert offenders(untouched_database, query) == [
        "supabase_auth_admin before_user_created",
        "service_role claim_metric_sources",
        *(f"{role} email_of" for role in ("anon", "authenticated", "service_role")),
        "service_role fail_metric_source",
        *(f"{role} get_project_metrics" for role in ("anon", "authenticated", "service_role")),
        *(f"{role} google_id_of" for role in ("anon", "authenticated", "service_role")),
        *(f"{role} is_block_list" for role in ("authenticated", "service_role")),
        "service_role record_metric_snapshot",
    ]


def test_no_role_of_the_api_has_more_than_rows(untouched_database: str) -> None:
    """Supabase's default privileges would give TRUNCATE, which passes over row-level security, and more."""
    query = f"""
        select distinct grantee || ' ' || privilege_type || ' ' || table_name as name
        from information_schema.table_privileges
        where table_schema in {OURS} and grantee in ('anon', 'authenticated', 'service_role', 'PUBLIC')
          and (privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE') or grantee = 'PUBLIC'
            or (grantee = 'anon' and privilege_type <> 'SELECT'))
    """
    assert offenders(untouched_database, query) == []


def test_every_foreign_key_has_an_index_and_says_what_a_deletion_does(untouched_database: str) -> None:
    query = f"""
        select conrelid::regclass || ' ' || conname as name from pg_constraint as key
        where contype = 'f' and connamespace::regnamespace::text in {OURS}
    """
    assert len(offenders(untouched_database, query)) > 10
    assert offenders(untouched_database, f"{query} and confdeltype = 'a'") == []
    unindexed = f"""
        {query} and not exists (
          select from pg_index
          where indrelid = conrelid and indpred is null
            and (indkey::int2[])[0:array_length(conkey, 1) - 1] = conkey
        )
    """
    assert offenders(untouched_database, unindexed) == []


def test_every_policy_names_its_roles_and_is_the_only_one_of_them_for_its_action(untouched_database: str) -> None:
    query = "select schemaname || '.' || tablename || ' ' || policyname as name from pg_policies"
    assert len(offenders(untouched_database, query)) > 20
    assert offenders(untouched_database, f"{query} where 'public' = any (roles)") == []
    twice = """
        select tablename || ' ' || role || ' ' || cmd as name from pg_policies, unnest(roles) as role
        where permissive = 'PERMISSIVE' group by schemaname, tablename, role, cmd having count(*) > 1
    """
    assert offenders(untouched_database, twice) == []


def test_policies_ask_once_who_the_caller_is(untouched_database: str) -> None:
    """auth.uid() in a subquery is evaluated once for a statement; bare, once for every row."""
    query = """
        select tablename || ' ' || policyname as name from pg_policies
        where regexp_replace(coalesce(qual, '') || coalesce(with_check, ''), 'SELECT \\(?auth\\.uid\\(\\)', '', 'g')
          like '%auth.uid()%'
    """
    assert offenders(untouched_database, query) == []


def test_every_table_and_function_says_what_it_is_for(untouched_database: str) -> None:
    query = f"""
        select oid::regclass::text as name from pg_class
        where relkind in ('r', 'v') and relnamespace::regnamespace::text in {OURS}
          and obj_description(oid, 'pg_class') is null
        union all
        select oid::regprocedure::text from pg_proc
        where pronamespace::regnamespace::text in {OURS} and obj_description(oid, 'pg_proc') is null
    """
    assert offenders(untouched_database, query) == []


def test_every_time_has_its_zone_and_every_owner_is_known(untouched_database: str) -> None:
    query = f"""
        select table_name || '.' || column_name as name from information_schema.columns
        where table_schema in {OURS} and table_name <> 'users' and (
          data_type = 'timestamp without time zone'
          or (column_name in ('user_id', 'project_id', 'status', 'created_at', 'updated_at') and is_nullable = 'YES')
        )
        order by 1
    """
    # The catalogue has no owner, and a layout need not belong to a project.
    assert offenders(untouched_database, query) == ["layouts.project_id", "layouts.user_id"]


def test_the_advisors_find_nothing(database: str) -> None:
    with superuser(database) as connection:
        row = connection.execute("select current_setting('pgrst.db_schemas') as schemas").fetchone()
        assert row == {"schemas": "public"}, "without it the advisors skip nine of their checks"
    command = [str(node_program()), str(MODULES / "supabase" / "dist" / "supabase.js"), "db", "advisors"]
    finished = subprocess.run(
        [*command, f"--remote={database}?sslmode=disable", "--level", "info", "--output-format", "json"],
        cwd=ROOT,
        env={**os.environ, "DO_NOT_TRACK": "1", "SUPABASE_TELEMETRY_DISABLED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    lints = json.loads(finished.stdout)["results"]
    assert any(lint["name"] == "unused_index" for lint in lints), "the database is fresh: no index has been used yet"
    assert [lint["detail"] for lint in lints if lint["name"] != "unused_index"] == []


def test_the_models_are_current(untouched_database: str) -> None:
    assert MODELS.read_text(encoding="utf-8") == generate(untouched_database), "run: python -m local.generate_models"
