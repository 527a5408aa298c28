"""Auth's own tables: every column is somebody's data or opens something; one that is added fails here."""

from tests.support.populated_users import rows
from tests.support.stack import Stack

TIMES = {"created_at", "updated_at"}
# In the archive. What opens the account is in private.personal_data.secrets.
EXPORTED = {
    "auth.users": TIMES
    | {"id", "instance_id", "aud", "role", "email", "phone", "email_confirmed_at", "confirmed_at", "invited_at"}
    | {"confirmation_sent_at", "recovery_sent_at", "email_change", "email_change_sent_at"}
    | {"email_change_confirm_status", "phone_confirmed_at", "phone_change", "phone_change_sent_at"}
    | {"reauthentication_sent_at", "raw_app_meta_data", "raw_user_meta_data", "is_super_admin", "is_sso_user"}
    | {"is_anonymous", "banned_until", "deleted_at", "last_sign_in_at"},
    "auth.identities": TIMES
    | {"id", "provider", "provider_id", "user_id", "identity_data", "email", "last_sign_in_at"},
    "auth.sessions": TIMES
    | {"id", "user_id", "not_after", "refreshed_at", "user_agent", "ip", "tag", "refresh_token_counter", "scopes"}
    | {"aal", "factor_id", "oauth_client_id"},
    "auth.refresh_tokens": TIMES | {"id", "instance_id", "user_id", "session_id", "revoked"},
    "auth.flow_state": TIMES
    | {"id", "user_id", "authentication_method", "code_challenge_method", "provider_type", "auth_code_issued_at"}
    | {"referrer", "oauth_client_state_id", "linking_target_id", "email_optional"},
    "auth.mfa_factors": TIMES
    | {"id", "user_id", "friendly_name", "factor_type", "status", "phone", "last_challenged_at", "web_authn_aaguid"},
    "auth.mfa_challenges": {"id", "factor_id", "created_at", "verified_at", "ip_address"},
    "auth.mfa_amr_claims": TIMES | {"id", "session_id", "authentication_method"},
    "auth.one_time_tokens": TIMES | {"id", "user_id", "token_type", "relates_to"},
    "auth.webauthn_credentials": TIMES
    | {"id", "user_id", "attestation_type", "aaguid", "sign_count", "transports", "backup_eligible", "backed_up"}
    | {"friendly_name", "last_used_at"},
    "auth.webauthn_challenges": {"id", "user_id", "challenge_type", "created_at", "expires_at"},
    "auth.oauth_authorizations": {"id", "client_id", "user_id", "redirect_uri", "scope", "resource", "status"}
    | {"code_challenge_method", "response_type", "created_at", "expires_at", "approved_at"},
    "auth.oauth_consents": {"id", "user_id", "client_id", "scopes", "granted_at", "revoked_at"},
    "auth.saml_relay_states": TIMES | {"id", "sso_provider_id", "for_email", "redirect_to", "flow_state_id"},
    "auth.audit_log_entries": {"id", "instance_id", "payload", "created_at", "ip_address"},
}


def test_every_column_is_known(stack: Stack) -> None:
    query = """
        select table_schema || '.' || table_name as relation, array_agg(column_name::text) as columns
        from information_schema.columns where table_schema = 'auth' group by 1
    """
    every = {row["relation"]: set(row["columns"]) for row in rows(stack, query)}
    query = "select relation, secrets from private.personal_data where starts_with(relation, 'auth.')"
    secret = {row["relation"]: set(row["secrets"]) for row in rows(stack, query)}
    there = {relation: every[relation] for relation in secret}  # test_leaving.py: no other table names a user
    assert set(EXPORTED) == set(secret)
    for relation, columns in there.items():
        assert columns <= EXPORTED[relation] | secret[relation], f"{relation}: what of a user is in the new column?"
        assert secret[relation] <= columns
        assert EXPORTED[relation].isdisjoint(secret[relation])
