"""The claims of a token, at the very limits of PostgREST's leeway."""

from typing import Any

import pytest
from showcase.errors import Unauthorized
from showcase.jwt_claims import check_claims

NOW = 1_800_000_000


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"exp": NOW - 30, "nbf": NOW + 30, "iat": NOW + 30},
        {"exp": None, "nbf": None, "iat": None, "aud": None},
        {"aud": "anything"},
        {"aud": []},
        {"aud": ["one", "two"]},
    ],
)
def test_taken(claims: dict[str, Any]) -> None:
    check_claims(claims, NOW + 0.9)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": NOW - 31}, "token_expired"),
        ({"nbf": NOW + 31}, "invalid_token"),
        ({"iat": NOW + 31}, "invalid_token"),
        ({"exp": "tomorrow"}, "invalid_token"),
        ({"exp": True}, "invalid_token"),
        ({"iat": [NOW]}, "invalid_token"),
        ({"aud": 5}, "invalid_token"),
        ({"aud": ["one", 5]}, "invalid_token"),
    ],
)
def test_refused(claims: dict[str, Any], code: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        check_claims(claims, NOW)
    assert refused.value.code == code
