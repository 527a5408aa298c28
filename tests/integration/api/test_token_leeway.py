"""One leeway between the clocks: PostgREST's, 30 seconds, at the Data API, at GraphQL and at the functions."""

import time
from typing import Any

import jwt
import pytest

from tests.support import plain_http
from tests.support.stack import Stack
from tests.support.supabase_stack import chosen_stack
from tests.support.users import User

# Offsets in seconds from now, far enough from the limit that a slow machine does not decide.
TAKEN: list[dict[str, Any]] = [
    {"iat": 20},
    {"nbf": 20, "iat": 20},
    {"iat": -3600, "exp": -15},
    {"aud": ["authenticated", "other"]},
    {"aud": None},
]
QUERY = {"query": "{ usersCollection(first: 1) { edges { node { id } } } }"}
REFUSED: list[dict[str, Any]] = [
    {"iat": 90},
    {"nbf": 90},
    {"iat": -3600, "exp": -90},
]


def token(stack: Stack, user: User, claims: dict[str, Any]) -> str:
    now = int(time.time())
    times = {name: now + offset for name, offset in claims.items() if name != "aud"}
    reported = {
        "sub": str(user.id),
        "role": "authenticated",
        "aud": claims.get("aud", "authenticated"),
        "exp": now + 600,
    }
    return jwt.encode(reported | times, stack.jwt_secret, "HS256")


def statuses(stack: Stack, user: User, claims: dict[str, Any]) -> dict[str, int]:
    """Of each that is there: the front of Supabase's own servers serves no GraphQL."""
    headers = {"apikey": stack.publishable_key, "Authorization": f"Bearer {token(stack, user, claims)}"}
    with plain_http.Client(base_url=stack.url, headers=headers, timeout=30) as client:
        found = {
            "rest": client.get("/rest/v1/users?select=id").status_code,
            "graphql": client.post("/graphql/v1", json=QUERY).status_code,
            "functions": client.post("/functions/v1/getSocialMetrics", json={"project_id": str(user.id)}).status_code,
        }
        return {name: status for name, status in found.items() if name != "graphql" or not chosen_stack()}


@pytest.mark.parametrize("claims", TAKEN, ids=str)
def test_what_postgrest_takes_is_taken_everywhere(stack: Stack, user: User, claims: dict[str, Any]) -> None:
    taken = {"rest": 200, "graphql": 200, "functions": 404}
    found = statuses(stack, user, claims)
    assert found == {name: taken[name] for name in found}


@pytest.mark.parametrize("claims", REFUSED, ids=str)
def test_what_postgrest_refuses_is_refused_everywhere(stack: Stack, user: User, claims: dict[str, Any]) -> None:
    assert set(statuses(stack, user, claims).values()) == {401}
