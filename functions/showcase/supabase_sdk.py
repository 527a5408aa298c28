"""What Supabase's own Python client of PostgREST needs: httpx over this process's connections, as one caller.

For what its query builder makes shorter. Off the hot path: the import of httpx takes a tenth of a second.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from postgrest import AsyncPostgrestClient
from postgrest.exceptions import APIError
from pyqwest.httpx import AsyncPyqwestTransport

from showcase.auth import Caller, caller_headers
from showcase.database import Database, refusal, unavailable
from showcase.observability.telemetry import timed
from showcase.outbound.http_client import HttpClient


def session(http: HttpClient) -> httpx.AsyncClient:
    """An httpx client over the process's pool, with its limits of time. Nothing of it needs to be closed."""

    async def trace(request: httpx.Request) -> None:
        request.headers.update(http.own_headers(str(request.url)))

    transport = AsyncPyqwestTransport(http.transport)
    return httpx.AsyncClient(transport=transport, timeout=10.0, trust_env=False, event_hooks={"request": [trace]})


def tables(database: Database, caller: Caller) -> AsyncPostgrestClient:
    """A query builder that carries this caller's token and no other: row-level security decides what it sees."""
    url = f"{database.settings.origin}/rest/v1"
    headers = caller_headers(caller, database.settings)
    return AsyncPostgrestClient(url, headers=headers, http_client=session(database.http), retry_enabled=False)


@contextmanager
def querying() -> Iterator[None]:
    """A request of `tables`. Raises: ApiError, as `Database.rpc` does."""
    try:
        with timed("db"):
            yield
    except APIError as error:
        raise refusal(error.code or "") from error
    except (httpx.TransportError, RecursionError) as error:  # the latter: its parser's, of JSON that is nested deeply
        raise unavailable() from error
