"""Stored files, through the Storage API: hosted projects have no other way to their bytes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict

from ops.backup.errors import BackupError

PIECE = 256 * 1024
ATTEMPTS = 4
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
LARGE = httpx.Timeout(900.0, connect=5.0)  # Storage answers once it has put away all of an upload

OBJECT_MISSING = {"NoSuchKey", "not_found", "Not found"}
PASSING = {HTTPStatus.LOCKED, HTTPStatus.TOO_MANY_REQUESTS}

T = TypeVar("T")


class StoredFile(BaseModel):
    """A row of storage.objects, as far as its bytes are concerned, and what became of them while they were read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bucket: str
    name: str
    size: int | None = None
    etag: str | None = None
    content_type: str | None = None
    cache_control: str | None = None
    missing: bool = False
    changed: bool = False

    @property
    def label(self) -> str:
        return f"{self.bucket}/{self.name}"


class MissingError(Exception):
    """Storage has no such file."""


@dataclass(frozen=True)
class Storage:
    http: httpx.Client

    def fetch(self, file: StoredFile, into: IO[bytes]) -> tuple[int, str]:
        """The file's bytes; how many, and their ETag. Raises: MissingError, BackupError."""

        def attempt() -> tuple[int, str]:
            into.seek(0)
            into.truncate()
            with self.http.stream("GET", _path(file, "authenticated/"), timeout=TIMEOUT) as response:
                if response.is_error:
                    response.read()
                    _refuse(response, file)
                for piece in response.iter_bytes(PIECE):
                    into.write(piece)
                return into.tell(), response.headers.get("etag", "")

        return _again(attempt, f"{file.label} cannot be read")

    def put(self, file: StoredFile, content: IO[bytes], size: int) -> None:
        """Stores it, in the place of one that has its name. Raises: BackupError."""
        headers = {"content-type": file.content_type or "application/octet-stream", "x-upsert": "true"}
        headers |= {"content-length": str(size)}
        if file.cache_control:
            headers["cache-control"] = file.cache_control

        def attempt() -> None:
            content.seek(0)
            pieces = iter(lambda: content.read(PIECE), b"")
            response = self.http.post(_path(file), content=pieces, headers=headers, timeout=LARGE)
            if response.is_error:
                _refuse(response, file)

        _again(attempt, f"{file.label} cannot be stored")


@contextmanager
def storage(api_url: str, secret_key: str) -> Iterator[Storage]:
    headers = {"apikey": secret_key, "authorization": f"Bearer {secret_key}"}
    # Compressed answers would not be the bytes that were stored.
    with httpx.Client(
        base_url=f"{api_url}/storage/v1", headers={**headers, "accept-encoding": "identity"}, trust_env=False
    ) as http:
        yield Storage(http)


class _PassingError(Exception):
    """May be over in a moment."""


def _refuse(response: httpx.Response, file: StoredFile) -> None:
    """Storage answers 400 for most errors; the real status and a code are in the body."""
    found = _body(response)
    status = int(found.get("statusCode") or response.status_code)
    # Not for an unknown bucket or a refused key: then no file is missing.
    if status == HTTPStatus.NOT_FOUND and (found.get("code") or found.get("error")) in OBJECT_MISSING:
        raise MissingError(file.label)
    if status in PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _PassingError(f"Storage answered {status}")
    raise BackupError(f"Storage refused {file.label}: {status} {response.text[:300]}")


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) and str(found.get("statusCode", "0")).isdecimal() else {}


def _again(attempt: Callable[[], T], otherwise: str) -> T:
    reason: Exception | None = None
    for number in range(ATTEMPTS):
        if number:
            time.sleep(0.5 * 2**number)
        try:
            return attempt()
        except (httpx.TransportError, _PassingError) as error:
            reason = error
    raise BackupError(f"{otherwise}: {reason or 'no answer'}") from reason


def _path(file: StoredFile, access: str = "") -> str:
    return f"/object/{access}{quote(file.bucket, safe='')}/{quote(file.name)}"
