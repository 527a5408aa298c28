"""Who is calling: nobody in particular, a signed-in user, or a service that holds the secret key."""

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from showcase.errors import Unauthorized
from showcase.jwt_claims import check_claims
from showcase.settings import CoreSettings
from showcase.signing_keys import SigningKeys

if TYPE_CHECKING:
    import jwt

ASYMMETRIC = ["ES256", "RS256", "EdDSA"]


class Kind(Enum):
    """The role that Postgres sees behind a caller."""

    ANONYMOUS = "anon"
    USER = "authenticated"
    SERVICE = "service_role"


@dataclass(frozen=True)
class Caller:
    """Who sent a request. `token` is a user's access token, to be passed on as it came and to nobody else."""

    kind: Kind
    user_id: UUID | None = None
    token: str | None = field(default=None, repr=False)

    def require_user_id(self) -> UUID:
        """The id of the signed-in user.

        Raises:
            Unauthorized: Nobody is signed in.
        """
        if self.user_id is None:
            raise Unauthorized
        return self.user_id


ANONYMOUS = Caller(Kind.ANONYMOUS)
SERVICE = Caller(Kind.SERVICE)


def caller_headers(caller: Caller, settings: CoreSettings) -> dict[str, str]:
    """What a request to the project carries for a caller: the API key of their kind, and a user's own token."""
    is_service = caller.kind is Kind.SERVICE
    key = settings.supabase_secret_key if is_service else settings.supabase_publishable_key
    headers = {"apikey": key.get_secret_value()}
    if caller.token:
        headers["authorization"] = f"Bearer {caller.token}"
    return headers


async def authenticate(headers: Mapping[str, str], settings: CoreSettings, keys: SigningKeys) -> Caller:
    """Identifies the caller by `apikey` and `Authorization`, as Supabase's own gateway does.

    The publishable key, or none at all, is an anonymous visitor: an endpoint says which callers it takes.

    Raises:
        Unauthorized: a token that is malformed, expired, or not this project's.
        ServiceUnavailable: the project's signing keys cannot be fetched.
    """
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else ""
    secret = settings.supabase_secret_key.get_secret_value()
    if _same(token, secret) or _same(headers.get("apikey", ""), secret):
        return SERVICE
    if not token or _same(token, settings.supabase_publishable_key.get_secret_value()):
        return ANONYMOUS
    return await _token_caller(token, settings, keys)


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), secret.encode())


@dataclass(frozen=True)
class Verified:
    """A token that was good: its claims, whose it is, and the published key that signed it; None: the shared secret."""

    claims: Mapping[str, Any]
    caller: Caller
    key: "jwt.PyJWK | None"


async def _token_caller(token: str, settings: CoreSettings, keys: SigningKeys) -> Caller:
    """Whose a token is that this project signed. Its issuer is not compared: a custom domain changes it.

    A signature is checked once, as long as its key is published; what the claims say of time, at each request.
    """
    known = keys.verified.get(token)
    if known is not None and (known.key is None or await keys.get(str(known.key.key_id)) is known.key):
        check_claims(known.claims, time.time())
        return known.caller
    claims, key = await _verify(token, settings, keys)
    check_claims(claims, time.time())
    caller = _caller(claims, token)
    keys.remember(token, Verified(claims, caller, key))
    return caller


async def _verify(
    token: str, settings: CoreSettings, keys: SigningKeys
) -> tuple[Mapping[str, Any], "jwt.PyJWK | None"]:
    import jwt  # its cryptography takes a tenth of a second, which a visitor's request does not need

    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") == "HS256" and settings.supabase_jwt_secret is not None:
            secret = settings.supabase_jwt_secret.get_secret_value()
            return jwt.decode(token, secret, ["HS256"], options=_SIGNATURE_ONLY), None
        # Auth need not be asked about what none of its keys can have signed.
        key = await keys.get(str(header.get("kid"))) if header.get("alg") in ASYMMETRIC else None
        if key is None:
            raise Unauthorized("This access token was not issued by this project.", code="invalid_token")
        return jwt.decode(token, key, ASYMMETRIC, options=_SIGNATURE_ONLY), key
    except jwt.PyJWTError:
        raise Unauthorized("This access token is not valid.", code="invalid_token") from None


_SIGNATURE_ONLY: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


def _caller(claims: Mapping[str, Any], token: str) -> Caller:
    """Legacy API keys are tokens too: their role says what they are; without one it is `anon`, as at PostgREST."""
    match claims.get("role", "anon"):
        case "service_role":
            return SERVICE
        case "anon":
            return ANONYMOUS
        case "authenticated":
            try:
                return Caller(Kind.USER, UUID(str(claims.get("sub"))), token)
            except ValueError:
                pass
    raise Unauthorized("This access token is not a user's.", code="invalid_token")
