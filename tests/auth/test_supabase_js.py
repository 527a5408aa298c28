"""Each method of supabase-js's Auth client once: what it gives to a signed-in user, and to an administrator."""

from typing import Any

import pytest

from tests.auth.callers import address, claims_of, sign_in
from tests.support.node import run_script
from tests.support.sign_in import register
from tests.support.stack import Stack

SCRIPT = "../../auth/supabase_js.mjs"

# Of a call that fails: the status and the code that the client shows.
REFUSED_USER: dict[str, tuple[int, str | None]] = {
    "getUserOfNobody": (403, "bad_jwt"),
    "refreshUnknown": (400, "refresh_token_not_found"),
    "updateWeakPassword": (422, "weak_password"),
    "updateEmailAgain": (429, "over_email_send_rate_limit"),
    "updateEmailOfNone": (400, "validation_failed"),
    "updatePhone": (400, "phone_provider_disabled"),
    "linkIdentity": (404, "manual_linking_disabled"),
    "unlinkIdentity": (404, "manual_linking_disabled"),
    "enroll": (422, "mfa_totp_enroll_not_enabled"),
    "enrollPhone": (422, "mfa_phone_enroll_not_enabled"),
    "challenge": (404, "mfa_factor_not_found"),
    "verify": (404, "mfa_factor_not_found"),
    "unenroll": (404, "validation_failed"),
    "signInWithSso": (404, "saml_provider_disabled"),
    "resend": (400, "email_provider_disabled"),
    "getUserSignedOut": (400, None),  # the client's own error for session_not_found
}
REFUSED_ADMINISTRATOR: dict[str, tuple[int, str | None]] = {
    "getNobody": (404, "user_not_found"),
    "banBadly": (400, "validation_failed"),
    "createUser": (500, None),  # callers of this version get no words of the database (docs/sign-in.md)
    "createNobody": (400, "validation_failed"),
    "invite": (403, "unknown"),
    "recoveryOfNobody": (404, "user_not_found"),
    "signupLink": (403, "unknown"),
    "deleteFactor": (404, "mfa_factor_not_found"),
    "listOAuthClients": (404, "feature_disabled"),
    "signOutNobody": (403, "bad_jwt"),
    "deleteAgain": (404, "user_not_found"),
}


def split(outcomes: dict[str, Any], refused: dict[str, tuple[int, str | None]]) -> dict[str, Any]:
    """The data of the calls that succeed. Those that fail do as `refused` says."""
    failed = {name: (given["status"], given["code"]) for name, given in outcomes.items() if "data" not in given}
    failed.pop("exchangeAgain", None)  # the client itself refuses it: it has used its verifier
    assert failed == refused
    return {name: given["data"] for name, given in outcomes.items() if "data" in given}


@pytest.fixture
def email() -> str:
    return address()


def test_as_a_signed_in_user(stack: Stack, email: str) -> None:
    hint = register(stack, email=email, name="Some Body")
    given = {"url": stack.url, "key": stack.publishable_key, "hint": hint, "site": stack.site_url}
    data = split(run_script(SCRIPT, **given, redirectTo=f"{stack.site_url}/welcome"), REFUSED_USER)
    assert data["getUser"]["user"]["email"] == email
    assert data["getClaims"]["header"]["alg"] == "ES256"
    assert data["getClaims"]["claims"]["email"] == email
    assert data["refreshSession"]["session"]["refresh_token"] != data["getSession"]["session"]["refresh_token"]
    assert data["updateData"]["user"]["user_metadata"]["colour"] == "blue"
    assert data["updateEmail"]["user"]["new_email"] == f"new-{email}"
    assert [identity["provider"] for identity in data["getUserIdentities"]["identities"]] == ["google"]
    assert set(map(str, data["listFactors"].values())) == {"[]"}
    assert data["assurance"]["currentLevel"] == "aal1"


def test_as_an_administrator(stack: Stack, email: str) -> None:
    user = claims_of(sign_in(stack, register(stack, email=email))["access_token"])["sub"]
    given = {"url": stack.url, "secret": stack.secret_key, "userId": user, "email": email}
    data = split(run_script(SCRIPT, **given), REFUSED_ADMINISTRATOR)
    assert data["listUsers"]["total"] >= 1
    assert len(data["listUsers"]["users"]) == 1
    assert data["getUserById"]["user"]["email"] == email
    assert data["updateMetadata"]["user"]["app_metadata"]["plan"] == "x"
    assert data["updateEmail"]["user"]["email"] == f"set-{email}"
    assert data["ban"]["user"]["banned_until"]
    assert data["magicLink"]["properties"]["verification_type"] == "magiclink"
    assert data["listFactors"] == {"factors": []}
