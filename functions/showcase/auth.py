"""Who is calling: nobody in particular, a signed-in person, or a service that holds the secret key."""

import asyncio
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID

import httpx
import jwt

from showcase.errors import ServiceUnavailable, Unauthorized
from showcase.jwt_claims import check_claims
from showcase.responses import parse_json
from showcase.settings import CoreSettings
from showcase.telemetry import timed

ASYMMETRIC = ["ES256", "RS256", "EdDSA"]
KEYS_LIVE_FOR = 600.0  # seconds, as long as Supabase's own edge caches them
KEYS_ASKED_AT_MOST_EVERY = 30.0  # seconds; a token with an unknown key id must not make us ask each time


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

    def person(self) -> UUID:
        """Whose account it is.

        Raises:
            Unauthorized: Nobody is signed in.
        """
        if self.user_id is None:
            raise Unauthorized
        return self.user_id


ANONYMOUS = Caller(Kind.ANONYMOUS)
SERVICE = Caller(Kind.SERVICE)


class SigningKeys:
    """The project's public signing keys (RFC 7517), fetched when first needed and kept for ten minutes."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, key_id: str) -> jwt.PyJWK | None:
        """The key with that id, or None.

        Raises:
            ServiceUnavailable: Auth does not answer and the key is not known yet.
        """
        if self._due(key_id):
            async with self._lock:
                if self._due(key_id):
                    await self._fetch()
        return self._keys.get(key_id)

    def _due(self, key_id: str) -> bool:
        age = time.monotonic() - self._asked_at
        return age > KEYS_LIVE_FOR or (key_id not in self._keys and age > KEYS_ASKED_AT_MOST_EVERY)

    async def _fetch(self) -> None:
        try:
            with timed("auth"):
                response = (await self._http.get(self._url)).raise_for_status()
            published = parse_json(response.content)["keys"]
            # A project that signs with its shared secret alone publishes none.
            keys = jwt.PyJWKSet.from_dict({"keys": published}).keys if published else []
            found = {str(key.key_id): key for key in keys if key.key_id}
        except (httpx.HTTPError, jwt.PyJWKSetError, KeyError, TypeError, ValueError):
            if not self._keys:
                raise ServiceUnavailable("Sign-in keys cannot be fetched right now.", code="auth_unavailable") from None
        else:
            self._keys = found
        self._asked_at = time.monotonic()


async def authenticate(headers: Mapping[str, str], settings: CoreSettings, keys: SigningKeys) -> Caller:
    """Tells the caller from `apikey` and `Authorization`, as Supabase's own gateway does.

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
    return _caller(await _verified(token, settings, keys), token)


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), secret.encode())


async def _verified(token: str, settings: CoreSettings, keys: SigningKeys) -> dict[str, Any]:
    """The claims of a token that this project signed. Its issuer is not compared: a custom domain changes it."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") == "HS256" and settings.supabase_jwt_secret is not None:
            return _decoded(token, settings.supabase_jwt_secret.get_secret_value(), ["HS256"])
        # Auth need not be asked about what none of its keys can have signed.
        key = await keys.get(str(header.get("kid"))) if header.get("alg") in ASYMMETRIC else None
        if key is None:
            raise Unauthorized("This access token was not issued by this project.", code="invalid_token")
        return _decoded(token, key, ASYMMETRIC)
    except jwt.PyJWTError:
        raise Unauthorized("This access token is not valid.", code="invalid_token") from None


def _decoded(token: str, key: str | jwt.PyJWK, algorithms: list[str]) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, key, algorithms, options=_SIGNATURE_ONLY)
    check_claims(claims, time.time())
    return claims


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
    raise Unauthorized("This access token is not a person's.", code="invalid_token")
