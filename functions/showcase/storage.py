"""Supabase Storage, asked as the service: row-level security has been decided before."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote

from showcase.observability.telemetry import timed
from showcase.outbound.http_client import HttpClient, HttpResponse
from showcase.outbound.transport import TransportError
from showcase.responses import parse_json
from showcase.settings import CoreSettings
from showcase.storage_failures import failure, unavailable

CHUNK = 256 * 1024  # bytes that are sent at once
TIMEOUT = 60.0  # seconds
UPLOAD_TIMEOUT = 600.0  # seconds; Storage answers once it has put away all of a stream


class FileTooLarge(Exception):
    """A stored file has more bytes than the caller is ready to read."""


@dataclass(frozen=True)
class Storage:
    """The project's files."""

    http: HttpClient
    settings: CoreSettings

    def public_url(self, bucket: str, name: str) -> str:
        """The address under which a public bucket's file is served."""
        return f"{self._origin}/object/public/{bucket}/{quote(name)}"

    async def sign_upload(self, bucket: str, name: str) -> str:
        """An address that takes one file of that name by PUT; it does not replace one that is there."""
        response = await self._send("POST", f"/object/upload/sign/{bucket}/{quote(name)}")
        return f"{self._origin}{_path(response, 'url')}"

    async def sign_download(self, bucket: str, name: str, seconds: int) -> str:
        """An address that gives the file to anyone who holds it, for a time."""
        response = await self._send("POST", f"/object/sign/{bucket}/{quote(name)}", json={"expiresIn": seconds})
        return f"{self._origin}{_path(response, 'signedURL')}"

    async def upload(
        self,
        bucket: str,
        name: str,
        content: bytes | AsyncIterator[bytes],
        content_type: str,
        caching: str = "no-cache",
    ) -> None:
        """Stores a file, in the place of one that has its name; it is served with `caching` as its cache-control."""
        headers = {"content-type": content_type, "cache-control": caching, "x-upsert": "true"}
        timeout = TIMEOUT if isinstance(content, bytes) else UPLOAD_TIMEOUT
        await self._send("POST", f"/object/{bucket}/{quote(name)}", content=content, headers=headers, timeout=timeout)

    async def remove(self, bucket: str, names: Sequence[str]) -> None:
        """Removes files; those that are not there are none the less gone."""
        await self._send("DELETE", f"/object/{bucket}", json={"prefixes": list(names)})

    @asynccontextmanager
    async def reading(self, bucket: str, name: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """A file's bytes as they come. Raises: NotFound, ServiceUnavailable."""
        # On the plain path Storage takes a token that does not verify for a visitor's, who sees no such bucket.
        address = f"{self._origin}/object/authenticated/{bucket}/{quote(name)}"
        try:
            async with self.http.stream("GET", address, headers=self._headers(), timeout=TIMEOUT) as response:
                if response.status_code != 200:
                    raise failure(await response.read())
                yield response.chunks()
        except TransportError as error:
            raise unavailable() from error

    async def download(self, bucket: str, name: str, target: IO[bytes], limit: int) -> int:
        """Writes a file to `target`; how many bytes it has.

        Raises: NotFound, ServiceUnavailable, FileTooLarge (as soon as it is known).
        """
        size = 0
        async with self.reading(bucket, name) as chunks:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise FileTooLarge
                target.write(chunk)
        return size

    @property
    def _origin(self) -> str:
        return f"{self.settings.origin}/storage/v1"

    def _headers(self) -> dict[str, str]:
        key = self.settings.supabase_secret_key.get_secret_value()
        return {"apikey": key, "authorization": f"Bearer {key}"}

    async def _send(self, method: str, path: str, **request: Any) -> HttpResponse:
        headers = {**self._headers(), **request.pop("headers", {})}
        request.setdefault("timeout", TIMEOUT)
        try:
            with timed("storage"):
                response = await self.http.request(method, f"{self._origin}{path}", headers=headers, **request)
        except TransportError as error:
            raise unavailable() from error
        if not response.is_success:
            raise failure(response)
        return response


def _path(response: HttpResponse, member: str) -> str:
    """A signed path below `/storage/v1`. Raises: ServiceUnavailable, where the response has none."""
    try:
        path = parse_json(response.content)[member]
    except (ValueError, LookupError, TypeError):
        path = None
    if not isinstance(path, str) or not path.startswith("/"):
        raise unavailable()
    return path
