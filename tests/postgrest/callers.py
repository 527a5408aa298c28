"""Who asks: the API key alone, one of the two demo users, the service, or somebody with an odd token."""

import json
import time
from collections.abc import Mapping
from typing import Any

from jwt.api_jws import encode

from local.settings import Settings

ADA = "00000000-0000-4000-8000-000000000001"
USERS = {"ada": ADA, "grace": "00000000-0000-4000-8000-000000000002"}


def headers_of(caller: str | Mapping[str, str], settings: Settings) -> dict[str, str]:
    """What the caller sends beside the request's own headers."""
    if caller == "service":
        return {"apikey": settings.supabase_secret_key}
    apikey = {"apikey": settings.supabase_publishable_key}
    if caller == "anon":
        return apikey
    secret = settings.supabase_jwt_secret
    if isinstance(caller, str):
        return apikey | {"Authorization": f"Bearer {user_token(secret, USERS[caller])}"}
    if "token" in caller:
        return apikey | {"Authorization": f"Bearer {_odd_token(caller['token'], secret)}"}
    return apikey | {"Authorization": _odd_scheme(caller["scheme"], user_token(secret, ADA))}


def user_token(secret: str, user: str, **claims: Any) -> str:
    return signed(_claims(user, **claims), secret)


def signed(claims: Any, secret: str, algorithm: str = "HS256") -> str:
    return encode(json.dumps(claims).encode(), secret, algorithm)


def _claims(user: str, **more: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"aud": "authenticated", "role": "authenticated", "sub": user, "iat": now - 60, "exp": now + 36000, **more}


def _odd_token(name: str, secret: str) -> str:
    now, usual = int(time.time()), _claims(ADA)
    match name:
        case "garbage":
            return "garbage"
        case "two_parts":
            return "abc.def"
        case "bad_signature":
            return signed(usual, "another secret, of forty characters or so")
        case "alg_none":
            return signed(usual, "", "none")
        case "hs512":
            return signed(usual, secret, "HS512")
        case "claims_array":
            return signed([1], secret)
        case "empty_claims":
            return signed({}, secret)
        case "no_role" | "no_sub" | "no_exp":
            return signed({key: usual[key] for key in usual if key != name.removeprefix("no_")}, secret)
    changed: dict[str, dict[str, Any]] = {
        "expired": {"exp": now - 3600, "iat": now - 7200},
        "future_nbf": {"nbf": now + 3600},
        "future_iat": {"iat": now + 3600},
        "exp_string": {"exp": "soon"},
        "aud_other": {"aud": "somebody else"},
        "sub_not_uuid": {"sub": "not-a-uuid"},
        "empty_role": {"role": ""},
        "role_anon": {"role": "anon"},
        "role_postgres": {"role": "postgres"},
        "role_unknown": {"role": "nobody_knows"},
    }
    return signed(usual | changed[name], secret)


def _odd_scheme(name: str, token: str) -> str:
    return {"basic": "Basic eDp5", "bearer_lower": f"bearer {token}", "no_scheme": token}[name]
