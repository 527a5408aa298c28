"""Users with something in every table, and what of them can be found anywhere in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tests.support.files.pictures import image
from tests.support.stack import Stack
from tests.support.users import User

SCHEMAS = ["auth", "private", "public", "storage"]
BUCKETS = {"project-media": "image/png", "avatars": "image/png", "qr-codes": "image/png", "ai-assets": "image/png"}

FILL = """
with member as (
  select
    %(id)s::uuid as id, %(email)s::text as email, %(customer)s::text as customer, %(subscription)s::text as subscription
), signed_in as (
  update auth.users set last_sign_in_at = now() where id = %(id)s
), session as (
  insert into auth.sessions (id, user_id) select gen_random_uuid(), id from member returning id, user_id
), renewed as (
  insert into auth.refresh_tokens (token, user_id, session_id)
  select 'token of ' || user_id, user_id, id from session
), flow as (
  insert into auth.flow_state (id, user_id, authentication_method, provider_type, provider_access_token)
  select gen_random_uuid(), id, 'oauth', 'google', 'token of ' || email from member returning id
), company as (
  insert into auth.sso_providers (id) values (gen_random_uuid()) returning id
), relayed as (
  insert into auth.saml_relay_states (id, sso_provider_id, request_id, for_email, flow_state_id)
  select gen_random_uuid(), company.id, 'request', member.email, flow.id from company, flow, member
), logged as (
  insert into auth.audit_log_entries (id, payload, ip_address)
  select gen_random_uuid(), payload, '192.0.2.1'
  from member, unnest(array[
    json_build_object('action', 'login', 'actor_id', id, 'actor_username', email),
    json_build_object('action', 'user_modified', 'traits', json_build_object('user_id', id, 'user_email', email))
  ]) as payload
), project as (
  insert into public.projects (user_id, title, status, github_link)
  select id, title, 'published', 'https://github.com/' || replace(email, '@example.com', '') || '/one'
  from member, unnest(array['=cmd|one', 'Zwei ü']) as title
  returning id
), previews as (
  insert into public.project_previews (project_id, token_hash, expires_at)
  select id, encode(sha256(id::text::bytea), 'hex'), now() + interval '1 day' from project
), views as (
  insert into public.project_views (project_id, day, views) select id, current_date, 3 from project
), reported as (
  insert into public.project_reports (project_id, reporter_id, reason, details)
  select project.id, member.id, 'other', 'of ' || member.email from project, member
), moderated as (
  insert into public.moderation_actions (project_id, action, operator, reason)
  select id, 'dismiss', 'operator', 'Nothing is wrong.' from project
), moved as (
  insert into private.former_slugs (user_id, slug, project_id)
  select member.id, 'old-' || project.id, project.id from project, member
), renamed as (
  insert into private.former_usernames (username_hash, user_id)
  select encode(sha256(email::bytea), 'hex'), id from member
), images as (
  insert into public.project_images (project_id, url) select id, 'https://example.com/a.png' from project
), videos as (
  insert into public.project_videos (project_id, url) select id, 'https://example.com/a.mp4' from project
), tags as (
  insert into public.project_tags (project_id, tag) select id, 'maths' from project
), technologies as (
  insert into public.project_technologies (project_id, technology) select id, 'brass' from project
), metrics as (
  insert into public.social_metrics (project_id, platform, stars) select id, 'github', 7 from project
), shares as (
  insert into private.metric_user_quotas (user_id, platform, day, units)
  select id, 'twitter', current_date, 1 from member
), layout as (
  insert into public.layouts (user_id, name, blocks_json)
  select id, 'Mine', '[{"type": "text", "props": {"text": "hello"}}]' from member
), asked as (
  insert into public.ai_sessions (user_id, input_json) select id, '{"prompt": "blue"}' from member
), used as (
  insert into private.design_usage (user_id, day, used, attempts) select id, current_date, 1, 1 from member
), runs as (
  insert into private.design_runs (session_id, user_id, reserved_micros) select gen_random_uuid(), id, 5 from member
), subscribed as (
  insert into public.subscriptions (user_id, stripe_id, status, plan)
  select id, subscription, 'active', 'pro_monthly' from member returning stripe_id
), versioned as (
  insert into private.stripe_subscriptions (stripe_id, sold_tier, version) select stripe_id, 'paid', 1 from subscribed
), invoiced as (
  insert into public.invoices (
    user_id, stripe_id, subscription_id, status, currency, amount_due, amount_paid, amount_remaining, created_at
  )
  select id, 'in_' || subscription, subscription, 'paid', 'usd', 900, 900, 0, now() from member
  returning stripe_id
), versions as (
  insert into private.stripe_invoices (stripe_id, version) select stripe_id, 1 from invoiced
), customers as (
  insert into private.stripe_customers (user_id, customer_id) select id, customer from member
), events as (
  insert into private.stripe_events (id, type, reference, version, processed_at, outcome)
  select 'evt_' || subscription, 'customer.subscription.updated',
    jsonb_build_object('kind', 'subscription', 'object_id', subscription, 'emails', '[]'::jsonb), 1, now(), 'applied'
  from member
), findings as (
  insert into private.billing_findings (kind, subject, details)
  select 'charge_refunded', 'ch_' || subscription, jsonb_build_object('user_id', id) from member
), mailed as (
  insert into public.notifications (user_id, type, status, payload)
  select id, 'payment_failed', 'delivered', '{"plan": "pro_monthly"}' from member returning id
), delivered as (
  insert into private.notification_events (notification_id, message_id, event, occurred_at)
  select id, 'message', 'delivered', now() from mailed
), wishes as (
  insert into public.notification_preferences (user_id, type, enabled) select id, 'weekly_metrics', true from member
), uploads as (
  insert into private.media_uploads (user_id, project_id, kind, content_type, size, expires_at)
  select member.id, project.id, 'image', 'image/png', 10, now() + interval '1 hour' from member, project
), factor as (
  insert into auth.mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret)
  select gen_random_uuid(), id, 'of ' || email, 'totp', 'verified', now(), now(), 'secret of ' || email from member
  returning id
), challenged as (
  insert into auth.mfa_challenges (id, factor_id, created_at, ip_address, otp_code)
  select gen_random_uuid(), id, now(), '192.0.2.1', '123456' from factor
), methods as (
  insert into auth.mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id)
  select id, now(), now(), 'oauth', gen_random_uuid() from session
), linked as (
  insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
  select gen_random_uuid(), id, 'email_change_token_new', 'hash of ' || email, email from member
), passkey as (
  insert into auth.webauthn_credentials (user_id, credential_id, public_key, friendly_name)
  select id, convert_to(email, 'utf8'), convert_to('key', 'utf8'), 'of ' || email from member
), passkey_challenge as (
  insert into auth.webauthn_challenges (user_id, challenge_type, session_data, expires_at)
  select id, 'registration', jsonb_build_object('user', email), now() + interval '5 minutes' from member
), application as (
  insert into auth.oauth_clients (id, registration_type, redirect_uris, grant_types, token_endpoint_auth_method)
  values (gen_random_uuid(), 'dynamic', 'https://app.example.com', 'authorization_code', 'none') returning id
), authorised as (
  insert into auth.oauth_authorizations
    (id, authorization_id, client_id, user_id, redirect_uri, scope, authorization_code)
  select gen_random_uuid(), 'authorization of ' || email, application.id, member.id, 'https://app.example.com',
    'email', 'code of ' || email
  from member, application
), consented as (
  insert into auth.oauth_consents (id, user_id, client_id, scopes)
  select gen_random_uuid(), member.id, application.id, 'email' from member, application
), multipart as (
  insert into storage.s3_multipart_uploads (id, upload_signature, bucket_id, key, version, owner_id)
  select 'upload of ' || email, 'signature', 'ai-assets', id || '/large.png', 'v', id::text from member
  returning id, key
), part as (
  insert into storage.s3_multipart_uploads_parts (upload_id, part_number, bucket_id, key, etag, owner_id, version)
  select multipart.id, 1, 'ai-assets', multipart.key, 'etag', member.id::text, 'v' from multipart, member
), codes as (
  insert into private.qr_codes (name, user_id, link, username, style)
  select id || '/profile/x.png', id, 'https://example.com', %(username)s,
    '{"dark": "#000000", "light": "#ffffff", "error_correction": "M", "scale": 10}' from member
)
insert into private.file_removals (bucket_id, name, next_attempt_at)
select 'ai-assets', id || '/gone.png', now() + interval '1 day' from member
"""


@dataclass(frozen=True)
class Member:
    """Somebody with something everywhere."""

    user: User
    customer: str
    subscription: str

    @property
    def traces(self) -> list[str]:
        """What nobody else has, and so must not be found once they are gone."""
        return [
            *(str(self.user.id), self.user.email, self.user.google_id, self.customer, self.subscription),
            self.user.username,
        ]


def fill(stack: Stack, user: User, customer: str, subscription: str) -> Member:
    values = {"id": user.id, "email": user.email, "username": user.username}
    values |= {"customer": customer, "subscription": subscription}
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(FILL.encode(), values)
    with stack.client("service") as client:
        for bucket, content_type in BUCKETS.items():
            for name in ("one.png", "deep/er/two (2).png"):
                client.post(
                    f"/storage/v1/object/{bucket}/{user.id}/{name}",
                    content=image("PNG"),
                    headers={"Content-Type": content_type},
                ).raise_for_status()
    return Member(user, customer, subscription)


def rows(stack: Stack, query: str, *values: Any) -> list[dict[str, Any]]:
    with psycopg.connect(stack.database_url, row_factory=dict_row, autocommit=True) as connection:
        cursor = connection.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []


def tables(stack: Stack) -> list[str]:
    query = """
        select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and n.nspname = any (%s) order by 1
    """
    return [row["name"] for row in rows(stack, query, SCHEMAS)]


def found(stack: Stack, traces: Sequence[str]) -> dict[str, list[str]]:
    """Every row, in any table and any column, that holds one of the words: by table."""
    seen: dict[str, list[str]] = {}
    with psycopg.connect(stack.database_url) as connection:
        for table in tables(stack):
            query = sql.SQL("select t::text from {} as t where t::text ~ %s order by 1").format(
                sql.Identifier(*table.split("."))
            )
            words = "|".join(word.replace(".", r"\.").replace("+", r"\+") for word in traces)
            if hits := [row[0] for row in connection.execute(query, (words,)).fetchall()]:
                seen[table] = hits
    return seen
