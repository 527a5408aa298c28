"""Supabase Storage, asked as the service, where row-level security has been decided before, or as a user."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Any, TypeVar
from urllib.parse import quote

from typing_extensions import TypedDict

from showcase.auth import SERVICE, Caller, caller_headers
from showcase.errors import SafeToLogError
from showcase.observability.telemetry import timed
from showcase.outbound.errors import TransportError
from showcase.outbound.http_client import HttpClient
from showcase.responses import parse_as
from showcase.settings import CoreSettings
from showcase.storage_failures import failure, unavailable

T = TypeVar("T")

CHUNK = 256 * 1024  # bytes that are sent at once
TIMEOUT = 60.0  # seconds
UPLOAD_TIMEOUT = 600.0  # seconds; Storage answers once it has put away all of a stream


class _Stored(TypedDict):
    Key: str


class _SignedUpload(TypedDict):
    url: str


class _SignedDownload(TypedDict):
    signedURL: str


class FileTooLarge(Exception):
    """A stored file has more bytes than the caller is ready to read."""


@dataclass(frozen=True)
class Storage:
    """The project's files."""

    http: HttpClient
    settings: CoreSettings
    caller: Caller = SERVICE

    def public_url(self, bucket: str, name: str) -> str:
        """The address under which a public bucket's file is served."""
        return f"{self._origin}/object/public/{bucket}/{quote(name)}"

    async def sign_upload(self, bucket: str, name: str) -> str:
        """An address that takes one file of that name by PUT; it does not replace one that is there."""
        signed = await self._send(_SignedUpload, "POST", f"/object/upload/sign/{bucket}/{quote(name)}")
        return f"{self._origin}{_path(signed['url'])}"

    async def sign_download(self, bucket: str, name: str, seconds: int) -> str:
        """An address that gives the file to anyone who holds it, for a time."""
        path = f"/object/sign/{bucket}/{quote(name)}"
        signed = await self._send(_SignedDownload, "POST", path, json={"expiresIn": seconds})
        return f"{self._origin}{_path(signed['signedURL'])}"

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
        path = f"/object/{bucket}/{quote(name)}"
        await self._send(_Stored, "POST", path, content=content, headers=headers, timeout=timeout)

    async def remove(self, bucket: str, names: Sequence[str]) -> None:
        """Removes files; those that are not there are none the less gone."""
        await self._send(list[dict[str, Any]], "DELETE", f"/object/{bucket}", json={"prefixes": list(names)})

    @asynccontextmanager
    async def reading(
        self, bucket: str, name: str, media_types: tuple[str, ...] = ()
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """A file's bytes as they come; `media_types` are how the media type of a file of this bucket begins.

        Raises: NotFound; ServiceUnavailable, also for what is of another media type, or HTML, which no bucket takes.
        """
        # On the plain path Storage takes a token that does not verify for a visitor's, who sees no such bucket.
        address = f"{self._origin}/object/authenticated/{bucket}/{quote(name)}"
        try:
            async with self.http.stream("GET", address, headers=self._headers(), timeout=TIMEOUT) as response:
                if response.status_code != 200:
                    raise failure(await response.read())
                media_type = response.headers.get("content-type", "")
                if media_type.startswith("text/html") or not media_type.startswith(media_types or ""):
                    raise unavailable()
                yield response.chunks()
        except TransportError as error:
            raise unavailable() from error

    async def download(self, bucket: str, name: str, target: IO[bytes], limit: int) -> int:
        """Writes an image or a video to `target`; how many bytes it has.

        Raises: NotFound, ServiceUnavailable, FileTooLarge (as soon as it is known).
        """
        size = 0
        async with self.reading(bucket, name, ("image/", "video/")) as chunks:
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
        headers = caller_headers(self.caller, self.settings)
        return {"authorization": f"Bearer {headers['apikey']}", **headers}

    async def _send(self, shape: type[T], method: str, path: str, **request: Any) -> T:
        """Raises: ServiceUnavailable, also where a success is not as Storage answers (`shape`); what `failure` says."""
        headers = {**self._headers(), **request.pop("headers", {})}
        request.setdefault("timeout", TIMEOUT)
        try:
            with timed("storage"):
                response = await self.http.request(method, f"{self._origin}{path}", headers=headers, **request)
        except TransportError as error:
            raise unavailable() from error
        if not response.is_success:
            raise failure(response)
        try:
            answer: T = parse_as(response.content, shape)
        except ValueError:
            raise unavailable() from SafeToLogError("unexpected response")
        return answer


def _path(path: str) -> str:
    """A signed path below `/storage/v1`. Raises: ServiceUnavailable, where it is something else."""
    if not path.startswith("/"):
        raise unavailable()
    return path
