-- The one load order of the state: psql -v ON_ERROR_STOP=1 -1 -f sql/load.sql, on a database as Supabase hands it out.
-- What is deployed is the history in supabase/migrations; a test keeps the two equal.
-- Bodies name what comes later.
set check_function_bodies = off;
\ir common.sql
\ir ../policies/common.sql

\ir core/links.sql
\ir core/users.sql
\ir core/reserved_usernames.sql
\ir core/former_usernames.sql
\ir core/sign_in.sql
\ir core/google_identities.sql
\ir core/tier_limits.sql
\ir core/daily_uses.sql
\ir core/cron.sql
\ir core/job_runs.sql
\ir ../policies/core.sql

\ir projects/projects.sql
\ir projects/project_images.sql
\ir projects/project_videos.sql
\ir projects/project_tags.sql
\ir projects/project_technologies.sql
\ir projects/project_slugs.sql
\ir ../policies/projects.sql

\ir metrics/metric_sources.sql
\ir metrics/social_metrics.sql
\ir metrics/metric_budgets.sql
\ir metrics/metric_user_quotas.sql
\ir metrics/metric_leases.sql
\ir metrics/metric_results.sql
\ir metrics/project_metrics.sql
\ir ../policies/metrics.sql

\ir design/design_schema.sql
\ir design/design_blocks.sql
\ir design/templates.sql
\ir design/layouts.sql
\ir design/ai_sessions.sql
\ir design/design_runs.sql
\ir design/design_sessions.sql
\ir ../policies/design.sql

\ir billing/subscriptions.sql
\ir billing/plans.sql
\ir billing/billing_findings.sql
\ir billing/stripe_account.sql
\ir billing/stripe_events.sql
\ir billing/stripe_prices.sql
\ir billing/billing_customers.sql
\ir billing/invoices.sql
\ir billing/billing_emails.sql
\ir billing/billing_tiers.sql
\ir billing/billing_subscriptions.sql
\ir billing/billing_reconciliation.sql
\ir billing/my_plan.sql
\ir ../policies/billing.sql

\ir notifications/notifications.sql
\ir notifications/notification_preferences.sql
\ir notifications/notification_outbox.sql
\ir notifications/notification_events.sql
\ir notifications/notification_digest.sql
\ir ../policies/notifications.sql

\ir media/storage.sql
\ir media/file_removals.sql
\ir media/avatars.sql
\ir media/media_uploads.sql
\ir media/media_confirmations.sql
\ir media/storage_quotas.sql
\ir media/storage_usage.sql
\ir media/storage_reservations.sql
\ir media/media_order.sql
\ir media/media_qr_codes.sql
\ir media/media_sweep.sql
\ir ../policies/media.sql

\ir account/personal_data.sql
\ir account/account_exports.sql
\ir account/account_deletions.sql
\ir account/deletion_tombstones.sql
\ir account/usage_carryover.sql
\ir ../policies/account.sql

\ir portfolio/project_pages.sql
\ir portfolio/project_search.sql
\ir portfolio/project_totals.sql
\ir portfolio/search_projects.sql
\ir portfolio/project_views.sql
\ir portfolio/contact_messages.sql
\ir portfolio/moderation.sql
\ir ../policies/portfolio.sql

\ir monitoring/system_state.sql
\ir ../policies/monitoring.sql

\ir api/row_limits.sql
\ir api/realtime.sql
\ir api/field_rules.sql
\ir ../policies/api.sql
