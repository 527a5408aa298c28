"""The registered claims of an access token (RFC 7519, 4.1), judged as PostgREST judges them. No I/O."""

from collections.abc import Mapping
from typing import Any

from showcase.errors import Unauthorized

# `allowedSkewSeconds` in PostgREST 14 to 16 (src/PostgREST/Auth/Jwt.hs): what the Data API takes is taken here too.
LEEWAY = 30  # seconds


def check_claims(claims: Mapping[str, Any], now: float) -> None:
    """Checks exp, nbf, iat (seconds since 1970, each optional) and the form of aud at the time `now`.

    An audience is not compared: a Supabase project configures none for PostgREST (`jwt-aud`).

    Raises:
        Unauthorized: `token_expired`, or `invalid_token` for what is not valid yet or has a claim of a wrong type.
    """
    seconds = int(now)
    if _time(claims, "exp", seconds) < seconds - LEEWAY:
        raise Unauthorized("This access token has expired; refresh it.", code="token_expired")
    if max(_time(claims, "nbf", seconds), _time(claims, "iat", seconds)) > seconds + LEEWAY:
        raise Unauthorized("This access token is not valid yet.", code="invalid_token")
    audience = claims.get("aud") or []
    if not all(isinstance(each, str) for each in (audience if isinstance(audience, list) else [audience])):
        raise Unauthorized("This access token is not valid.", code="invalid_token")


def _time(claims: Mapping[str, Any], name: str, absent: int) -> float:
    value = claims.get(name)
    if value is None:
        return absent
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unauthorized("This access token is not valid.", code="invalid_token")
    return value
