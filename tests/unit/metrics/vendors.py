"""The platforms' clients, and a vendor that answers as a test says."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from showcase.errors import VendorError
from showcase.metrics.client import Batch
from showcase.metrics.dependencies import platform_clients
from showcase.metrics.domain import Platform, Reference
from showcase.metrics.settings import MetricsSettings
from showcase.outbound.retry import Deadline

from tests.support.doubles.responding import responding_client

NAMES = {
    Platform.GITHUB: ("a/b", "c/d"),
    Platform.TWITTER: ("1", "2"),
    Platform.LINKEDIN: ("urn:li:share:1", "urn:li:activity:2"),
}


def fetch(
    platform: Platform,
    respond: Callable[[httpx.Request], httpx.Response],
    names: Sequence[str] = (),
    url: str = "https://vendor.example",
    seconds: float = 5,
) -> Batch:
    async def run() -> Batch:
        token: Any = SecretStr("t")
        address: Any = url
        settings = MetricsSettings.model_construct(
            github_api_url=address, x_api_url=address, linkedin_api_url=address,
            github_token=token, x_bearer_token=token, linkedin_access_token=token,
        )  # fmt: skip
        client = platform_clients(responding_client(respond), settings)[platform]
        references = [Reference(name) for name in names or NAMES[platform]]
        return await client.fetch(references, "t", Deadline.after(seconds))

    return asyncio.run(run())


def answering(
    status: int, body: object, given_headers: Mapping[str, str] | None = None
) -> Callable[..., httpx.Response]:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: httpx.Response(status, content=text, headers=dict(given_headers or {}))


def fetch_or_fail(platform: Platform, respond: Callable[..., httpx.Response]) -> Batch | VendorError:
    try:
        return fetch(platform, respond)
    except VendorError as error:
        return error


def failed(platform: Platform, respond: Callable[..., httpx.Response], **more: Any) -> VendorError:
    with pytest.raises(VendorError) as caught:
        fetch(platform, respond, **more)
    return caught.value


def broken(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def respond(_: httpx.Request) -> httpx.Response:
        raise error

    return respond
