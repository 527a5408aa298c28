"""Who may reach every table, view and function, also those that are added later, and what the advisors say."""

import json
import os
import subprocess

import pytest

from local.postgres.migrations import MODULES, node_program
from local.settings import ROOT
from local.tools.client_types.documents import FOLDER, documents
from tests.sql.acting import ADA, OURS, acting_as, offenders, superuser

# Each raises an error when it is used in the place of pg_catalog's or ours.
REFUSES = "check ((value::pg_catalog.text is null) or 1 / 0 = 1)"
TEMPORARY_OBJECTS = [
    f"create domain pg_temp.text as pg_catalog.text {REFUSES}",
    f"create domain pg_temp.uuid as pg_catalog.uuid {REFUSES}",
    "create temporary table users (id uuid); create temporary table pg_class (oid oid)",
]


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
    assert sorted(offenders(untouched_database, query)) == ["field_rules", "private.used_slugs", "users"]
    assert (
        offenders(untouched_database, f"{query} and not coalesce('security_invoker=true' = any (reloptions), false)")
        == []
    )


def test_every_function_pins_its_search_path(untouched_database: str) -> None:
    query = f"select oid::regprocedure as name from pg_proc where pronamespace::regnamespace::text in {OURS}"
    assert len(offenders(untouched_database, query)) > 10
    pinned = """coalesce('search_path=pg_catalog, pg_temp' = any (proconfig), false)"""
    assert offenders(untouched_database, f"{query} and not {pinned}") == []


@pytest.mark.parametrize("made", TEMPORARY_OBJECTS)
def test_temporary_objects_are_never_taken_for_ours(database: str, made: str) -> None:
    """As on a database where TEMPORARY could not be revoked: definer functions pass over what the caller made."""
    with superuser(database) as connection:
        connection.execute(f"grant temporary on database {connection.info.dbname} to authenticated".encode())
    with acting_as(database, "authenticated", ADA) as connection:
        connection.execute(made.encode())
        row = connection.execute("select private.email_of(%s::pg_catalog.uuid) as email", (str(ADA),)).fetchone()
        assert row == {"email": "ada@example.com"}


def test_only_the_intended_functions_can_be_called(untouched_database: str) -> None:
    query = f"""
        select role || ' ' || proname as name from pg_proc
        cross join unnest(array['anon', 'authenticated', 'service_role', 'supabase_auth_admin']) as role
        where pronamespace::regnamespace::text in {OURS} and has_function_privilege(role, pg_proc.oid, 'execute')
        order by proname, role
    """
    assert offenders(untouched_database, query) == [
        "service_role apply_stripe_charge",
        "service_role apply_stripe_customer",
        "service_role apply_stripe_invoice",
        "service_role apply_stripe_prices",
        "service_role apply_stripe_subscription",
        *(f"{role} are_links" for role in ("authenticated", "service_role")),
        "supabase_auth_admin before_user_created",
        "service_role begin_account_export",
        "service_role begin_design",
        "service_role begin_job_run",
        "service_role begin_reconciliation",
        *(f"{role} block_list_error" for role in ("authenticated", "service_role")),
        *(f"{role} block_list_schema" for role in ("authenticated", "service_role")),
        "service_role cancel_account_deletion",
        "authenticated cancel_media_upload",
        "service_role changes_of",
        "service_role check_cancellations",
        "service_role check_stripe_account",
        "service_role confirm_media_upload",
        "service_role count_billing_findings",
        "service_role count_due_metric_sources",
        "service_role count_due_notifications",
        "service_role count_file_removals",
        "service_role count_metric_user_quotas",
        "service_role create_media_upload",
        "authenticated create_project_preview",
        *(f"{role} current_metrics" for role in ("anon", "authenticated", "service_role")),
        "service_role customer_of",
        "service_role delay_account_export",
        "service_role delete_account",
        "service_role drop_account_exports",
        *(f"{role} email_of" for role in ("anon", "authenticated", "service_role")),
        "service_role end_grace",
        "service_role expire_media_uploads",
        "service_role export_account_rows",
        "service_role fail_stripe_event",
        "service_role find_in_subscription",
        *(f"{role} find_page" for role in ("anon", "authenticated", "service_role")),
        "service_role finish_account_deletion",
        "service_role finish_account_export",
        "service_role finish_design",
        "service_role finish_file_removals",
        "service_role finish_job_run",
        "service_role finish_reconciliation",
        "service_role finish_stripe_event",
        "service_role get_account_deletion",
        "service_role get_account_export",
        "service_role get_billing_account",
        "service_role get_media_upload",
        "authenticated get_my_plan",
        "service_role get_notification_status",
        *(f"{role} get_project_metrics" for role in ("anon", "authenticated", "service_role")),
        *(f"{role} get_project_page" for role in ("anon", "authenticated", "service_role")),
        *(f"{role} get_project_preview" for role in ("anon", "authenticated", "service_role")),
        "service_role get_qr_target",
        "authenticated get_storage_usage",
        "service_role get_system_state",
        *(f"{role} google_id_of" for role in ("anon", "authenticated", "service_role")),
        "service_role is_live",
        "service_role is_own_account",
        "service_role is_unreported_end",
        *(f"{role} latest_metrics" for role in ("anon", "authenticated", "service_role")),
        "service_role lease_account_deletions",
        "service_role lease_account_export",
        "service_role lease_file_removals",
        "service_role lease_media_upload",
        "service_role lease_metric_sources",
        "service_role lease_notifications",
        "service_role lease_project_metric_sources",
        "service_role lease_stale_qr_codes",
        "service_role link_stripe_customer",
        "service_role list_account_files",
        "service_role list_export_sources",
        "service_role list_failed_stripe_events",
        "service_role list_missing_subscriptions",
        "service_role list_price",
        "service_role list_stale_customers",
        "authenticated lock_media_rows",
        "service_role lock_metric_user_quotas",
        "authenticated lock_user_media",
        "service_role mark_customer_current",
        "service_role missing_subscriptions",
        "service_role moderate_project",
        "service_role names_plan",
        "service_role next_metric_due",
        "service_role next_metric_state",
        "service_role next_stripe_version",
        "service_role note_finding",
        "authenticated own_usage",
        "service_role owner_of_subscription",
        "authenticated place_media",
        "service_role plan_of",
        "service_role plans_of_items",
        "service_role profile_with_email",
        "service_role queue_notification",
        "service_role queue_orphaned_files",
        "service_role queue_subscription_emails",
        "service_role queue_weekly_metrics",
        "service_role reconcile_storage_usage",
        "service_role reconcile_stripe_page",
        "service_role record_account_deletion",
        "service_role record_account_export_part",
        "service_role record_metrics",
        "service_role record_notification_events",
        "service_role record_notifications",
        *(f"{role} record_project_view" for role in ("anon", "authenticated")),
        "service_role record_qr_code",
        "service_role record_sold_plan",
        "service_role record_sold_prices",
        "service_role record_stripe_account",
        "service_role record_stripe_event",
        "service_role refresh_tier",
        "service_role reject_media_upload",
        "service_role release_media_upload",
        "service_role renew_media_upload_lease",
        "authenticated reorder_project_media",
        "authenticated reorder_projects",
        *(f"{role} report_project" for role in ("anon", "authenticated")),
        "service_role report_wrong_stripe_account",
        "service_role request_account_deletion",
        "service_role request_notification",
        "service_role request_notification_again",
        "service_role reserve_metric_budget",
        "service_role resolve_findings",
        "service_role resume_platform",
        "service_role retire_stripe_prices",
        *(f"{role} schema_error" for role in ("authenticated", "service_role")),
        *(f"{role} search_projects" for role in ("anon", "authenticated", "service_role")),
        *(f"{role} send_contact_message" for role in ("anon", "authenticated")),
        "service_role set_notification_preference",
        "service_role settle_design_run",
        "service_role settle_metric_budget",
        "service_role show_price",
        "service_role store_stripe_invoices",
        "service_role store_subscription",
        "service_role subscription_pays",
        "service_role unlink_stripe_customer",
        *(f"{role} username_available" for role in ("anon", "authenticated", "service_role")),
        "service_role wants_notification",
        "service_role within_metric_user_quotas",
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


def test_who_may_read_a_column_may_read_the_row(untouched_database: str) -> None:
    """`select=*` is what clients ask for by default: column grants would refuse it."""
    query = """
        select relation.relname || ' ' || role as name
        from pg_class as relation, unnest(array['anon', 'authenticated', 'service_role']) as role
        where relation.relnamespace = 'public'::regnamespace and relation.relkind in ('r', 'v', 'm', 'p')
          and has_any_column_privilege(role, relation.oid, 'select')
          and not has_table_privilege(role, relation.oid, 'select')
    """
    assert offenders(untouched_database, query) == []


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


def test_the_client_types_are_current(untouched_database: str) -> None:
    for name, text in documents(untouched_database).items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, "run: make client-types"
