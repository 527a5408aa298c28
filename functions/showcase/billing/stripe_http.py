"""The HTTP client of Stripe's SDK, over our connection pool: responses are bounded, and no redirect is followed."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import stripe

from showcase.outbound.errors import TransportError
from showcase.outbound.http_client import HttpClient


class PooledClient(stripe.HTTPClient):
    """See `stripe.HTTPXClient`, which takes no client of ours. `timeout` is in seconds; the pool stays open."""

    name = "pyqwest"

    def __init__(self, http: HttpClient, timeout: float) -> None:
        super().__init__()
        self._http = http
        self._timeout = timeout

    def sleep_async(self, secs: float) -> Awaitable[None]:
        """Seconds between two attempts of the SDK."""
        return asyncio.sleep(secs)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Raises: stripe.APIConnectionError: no response, or one that cannot be read."""
        content = post_data.encode() if isinstance(post_data, str) else post_data
        try:
            response = await self._http.request(
                method.upper(), url, headers=headers, content=content, timeout=self._timeout
            )
        except TransportError as error:
            raise stripe.APIConnectionError(type(error).__name__, should_retry=True) from error  # type: ignore[no-untyped-call]
        return response.content, response.status_code, response.headers
