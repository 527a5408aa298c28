"""Each method of supabase-py's Auth client once, rightly and wrongly."""

from collections.abc import Callable
from typing import Any

import pytest
from supabase_auth.errors import AuthApiError, AuthWeakPasswordError

from supabase import Client, create_client
from tests.auth.callers import address, claims_of, sign_in
from tests.support.sign_in import register, signed_in
from tests.support.stack import Stack

# supabase-py hands its parts options that they no longer like.
pytestmark = pytest.mark.filterwarnings("ignore:The '.*' parameter is deprecated:DeprecationWarning")

NOBODY = "00000000-0000-4000-8000-0000000000ff"


def refusal(call: Callable[[], Any]) -> tuple[int, str | None]:
    with pytest.raises(AuthApiError) as refused:
        call()
    return refused.value.status, refused.value.code


def test_as_a_signed_in_user(stack: Stack) -> None:
    email = address()
    with signed_in(stack, register(stack, email=email, name="Some Body")) as client:
        auth = client.auth
        user = auth.get_user()
        session = auth.get_session()
        assert user is not None
        assert session is not None
        assert user.user.email == email
        claims = auth.get_claims()
        assert claims is not None
        assert claims["claims"]["sub"] == user.user.id
        assert auth.set_session(session.access_token, session.refresh_token).user is not None
        assert auth.refresh_session().session is not None
        changed = auth.update_user({"data": {"colour": "blue"}})
        assert changed.user.user_metadata["colour"] == "blue"
        identities = auth.get_user_identities().identities
        assert [identity.provider for identity in identities] == ["google"]
        assert auth.mfa.list_factors().all == []
        with pytest.raises(AuthWeakPasswordError):
            auth.update_user({"password": "abc"})
        assert refusal(lambda: auth.unlink_identity(identities[0])) == (404, "manual_linking_disabled")
        assert refusal(lambda: auth.mfa.enroll({"factor_type": "totp"})) == (422, "mfa_totp_enroll_not_enabled")
        assert refusal(lambda: auth.mfa.challenge({"factor_id": NOBODY})) == (404, "mfa_factor_not_found")
        assert refusal(lambda: auth.mfa.unenroll({"factor_id": NOBODY})) == (404, "mfa_factor_not_found")
        assert refusal(lambda: auth.sign_in_with_password({"email": email, "password": "x"})) == (
            422,
            "email_provider_disabled",
        )
        assert refusal(auth.sign_in_anonymously) == (422, "anonymous_provider_disabled")
        assert refusal(lambda: auth.verify_otp({"email": email, "token": "123456", "type": "email"})) == (
            403,
            "otp_expired",
        )
        assert refusal(lambda: auth.refresh_session("aaaaaaaaaaaa")) == (400, "refresh_token_not_found")
        auth.sign_out()
        assert auth.get_session() is None


def administrator(stack: Stack) -> Client:
    return create_client(stack.url, stack.secret_key)


def test_as_an_administrator(stack: Stack) -> None:
    email = address()
    user = claims_of(sign_in(stack, register(stack, email=email))["access_token"])["sub"]
    admin = administrator(stack).auth.admin
    assert admin.get_user_by_id(user).user.email == email
    assert user in {each.id for each in admin.list_users(page=1, per_page=50)}
    changed = admin.update_user_by_id(user, {"user_metadata": {"colour": "red"}, "ban_duration": "none"})
    assert changed.user.user_metadata["colour"] == "red"
    link = admin.generate_link({"type": "magiclink", "email": email})
    assert link.properties.verification_type == "magiclink"
    assert admin.mfa.list_factors({"user_id": user}) == []
    assert refusal(lambda: admin.get_user_by_id(NOBODY)) == (404, "user_not_found")
    assert refusal(lambda: admin.create_user({"email": address()})) == (500, "unexpected_failure")
    assert refusal(lambda: admin.invite_user_by_email(address()))[0] == 403
    admin.delete_user(user)
    assert refusal(lambda: admin.delete_user(user)) == (404, "user_not_found")


def test_nobody_else_is_an_administrator(stack: Stack) -> None:
    admin = create_client(stack.url, stack.publishable_key).auth.admin
    assert refusal(admin.list_users) == (403, "not_admin")
