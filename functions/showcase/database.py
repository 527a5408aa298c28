"""PostgREST, asked as somebody: one light client for each caller over one pool of connections."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from postgrest import AsyncPostgrestClient
from postgrest.exceptions import APIError

from showcase.auth import SERVICE, Caller, Kind
from showcase.errors import ApiError, Forbidden, ServiceUnavailable, Unauthorized, UnprocessableContent
from showcase.settings import CoreSettings
from showcase.telemetry import timed

# Every error of PostgREST's has its code: without one, or with a mere status, something in front of it has answered.
_BEFORE_POSTGREST = re.compile(r"(5\d\d)?")


@dataclass(frozen=True)
class Database:
    """The project's database, reached through PostgREST."""

    http: httpx.AsyncClient
    settings: CoreSettings

    def acting_as(self, caller: Caller) -> AsyncPostgrestClient:
        """A client that carries this caller's token and no other: row-level security decides what it sees."""
        secret = caller.kind is Kind.SERVICE
        key = self.settings.supabase_secret_key if secret else self.settings.supabase_publishable_key
        headers = {"apikey": key.get_secret_value()}
        if caller.token:
            headers["Authorization"] = f"Bearer {caller.token}"
        return AsyncPostgrestClient(
            f"{self.settings.origin}/rest/v1", headers=headers, http_client=self.http, retry_enabled=False
        )

    async def is_gone(self, caller: Caller) -> bool:
        """Whether the account of a user's token has been deleted; False where the database does not say.

        Costs one request to PostgREST, which reads a row by its primary key.
        """
        try:
            with asking():
                profiles = self.acting_as(caller).from_("users").select("id").eq("id", str(caller.user_id))
                return not (await profiles.execute()).data
        except ServiceUnavailable:
            return False

    async def rpc(self, name: str, parameters: dict[str, Any], caller: Caller = SERVICE) -> Any:
        """Calls a database function; the answer is its JSON.

        Raises:
            ApiError: what the database refused, or its absence, as a problem that the caller may see.
        """
        with asking():
            return (await self.acting_as(caller).rpc(name, parameters).execute()).data


@contextmanager
def asking() -> Iterator[None]:
    """A request to PostgREST. Raises: ApiError, as `rpc` does."""
    try:
        with timed("db"):
            yield
    except APIError as error:
        raise _refusal(error) from error
    except (httpx.TransportError, RecursionError) as error:  # the latter: JSON nested deeper than Python's reader goes
        raise _unavailable() from error


def _refusal(error: APIError) -> ApiError:
    """Sorts PostgREST's errors (https://docs.postgrest.org/en/stable/references/errors.html) by their code."""
    code = error.code or ""
    if code in {"PGRST301", "PGRST302", "PGRST303"}:
        return Unauthorized("The database refused this access token.", code="invalid_token")
    if code == "42501":
        return Forbidden()
    if code.startswith(("22", "23")):
        return UnprocessableContent("The database refused a value.", code="invalid_value")
    if code.startswith(("08", "53", "57", "PGRST0")) or _BEFORE_POSTGREST.fullmatch(code):
        return _unavailable()
    return ApiError()


def _unavailable() -> ServiceUnavailable:
    return ServiceUnavailable("The database does not answer right now.", code="database_unavailable")
