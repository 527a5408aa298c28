"""The public keys that a Supabase project signs its access tokens with."""

import asyncio
import time
from typing import TYPE_CHECKING

from showcase.errors import ServiceUnavailable
from showcase.observability.telemetry import timed
from showcase.outbound.errors import TransportError
from showcase.outbound.http_client import HttpClient

if TYPE_CHECKING:
    import jwt

    from showcase.auth import Verified

KEYS_LIVE_FOR = 600.0  # seconds, as long as Supabase's own edge caches them
KEYS_ASKED_AT_MOST_EVERY = 30.0  # seconds; a token with an unknown key id must not make us ask each time
MAX_VERIFIED = 1000  # tokens


class SigningKeys:
    """The project's public signing keys (RFC 7517), fetched when first needed and kept for ten minutes.

    Beside them the latest tokens that were verified, as PostgREST keeps them: most callers come again.
    """

    def __init__(self, http: HttpClient, url: str) -> None:
        self._http = http
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()
        self.verified: dict[str, Verified] = {}

    async def get(self, key_id: str) -> "jwt.PyJWK | None":
        """The key with that id, or None.

        Raises:
            ServiceUnavailable: Auth does not answer and the key is not known yet.
        """
        if self._due(key_id):
            async with self._lock:
                if self._due(key_id):
                    await self._fetch()
        return self._keys.get(key_id)

    def remember(self, token: str, verified: "Verified") -> None:
        """Forgets the oldest, where there are `MAX_VERIFIED`."""
        if len(self.verified) >= MAX_VERIFIED:
            del self.verified[next(iter(self.verified))]
        self.verified[token] = verified

    def _due(self, key_id: str) -> bool:
        age = time.monotonic() - self._asked_at
        return age > KEYS_LIVE_FOR or (key_id not in self._keys and age > KEYS_ASKED_AT_MOST_EVERY)

    async def _fetch(self) -> None:
        import jwt  # only where somebody brings a token

        try:
            with timed("auth"):
                response = await self._http.request("GET", self._url)
            if not response.is_success:
                raise ValueError(response.status_code)
            published = response.json()["keys"]
            # A project that signs with its shared secret alone publishes none.
            keys = jwt.PyJWKSet.from_dict({"keys": published}).keys if published else []
            found = {str(key.key_id): key for key in keys if key.key_id}
        except (TransportError, jwt.PyJWKSetError, KeyError, TypeError, ValueError):
            if not self._keys:
                raise ServiceUnavailable("Sign-in keys cannot be fetched right now.", code="auth_unavailable") from None
        else:
            self._keys = found
        self._asked_at = time.monotonic()
