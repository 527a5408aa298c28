"""Names and headers that Postgres or HTTP cannot hold are refused before anything is stored."""

import base64
import uuid
from typing import Any

import httpx
import pytest

from tests.support.stack import Stack

NUL = "a\0b"
ENCODED = "a%00b"
PATHS = [
    *(("GET", f"/object/{kind}ai-assets/{ENCODED}") for kind in ("", "authenticated/", "info/")),
    *(("HEAD", f"/object/ai-assets/{ENCODED}"), ("DELETE", f"/object/ai-assets/{ENCODED}")),
    *(("POST", f"/object/ai-assets/{ENCODED}"), ("PUT", f"/object/ai-assets/{ENCODED}")),
    ("GET", f"/object/public/project-media/{ENCODED}"),
    ("GET", f"/render/image/public/project-media/{ENCODED}"),
    ("POST", f"/object/upload/sign/ai-assets/{ENCODED}"),
    *(("GET", f"/bucket/{ENCODED}"), ("DELETE", f"/bucket/{ENCODED}")),
]
BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("DELETE", "/object/ai-assets", {"prefixes": [NUL]}),
    ("POST", "/object/list/ai-assets", {"prefix": NUL}),
    ("POST", "/object/list/ai-assets", {"prefix": "", "search": NUL}),
    ("POST", "/object/list-v2/ai-assets", {"prefix": NUL}),
    ("POST", "/object/move", {"bucketId": "ai-assets", "sourceKey": NUL, "destinationKey": "b"}),
    ("POST", "/object/copy", {"bucketId": "ai-assets", "sourceKey": NUL, "destinationKey": "b"}),
    ("POST", "/object/sign/ai-assets", {"expiresIn": 60, "paths": [NUL]}),
    ("POST", f"/object/sign/ai-assets/{ENCODED}", {"expiresIn": 60}),
]
LINE_BREAKS = ["image/png\nX-Other: 1", "image/png\r\nX-Other: 1", "image/png\0", "image/\u2028png"]


@pytest.fixture
def bucket(stack: Stack) -> str:
    """One that takes files of every type."""
    name = f"any-{uuid.uuid4().hex[:8]}"
    with stack.client("service") as http:
        http.post("/storage/v1/bucket", json={"id": name, "name": name}).raise_for_status()
    return name


@pytest.mark.parametrize(("method", "path"), PATHS, ids=str)
def test_a_nul_in_a_path_is_400(stack: Stack, method: str, path: str) -> None:
    is_upload = method in {"POST", "PUT"} and "/sign/" not in path
    with stack.client("service") as http:
        answer = http.request(
            method,
            f"/storage/v1{path}",
            content=b"png" if is_upload else None,
            headers={"content-type": "image/png"} if is_upload else {},
        )
    assert answer.status_code == 400


@pytest.mark.parametrize(("method", "path", "body"), BODIES, ids=str)
def test_a_nul_in_a_body_is_400(stack: Stack, method: str, path: str, body: dict[str, Any]) -> None:
    with stack.client("service") as http:
        answer = http.request(method, f"/storage/v1{path}", json=body)
    assert (answer.status_code, answer.json()["statusCode"]) == (400, "400")


@pytest.mark.parametrize("media_type", LINE_BREAKS)
def test_a_content_type_that_is_no_header_is_refused(stack: Stack, bucket: str, media_type: str) -> None:
    with stack.client("service") as http:
        form = {"data": {"contentType": media_type}, "files": {"": ("a", b"png", "image/png")}}
        answer = http.post(f"/storage/v1/object/{bucket}/a", **form)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) in {(400, "InvalidMimeType"), (400, "InvalidRequest")}
        assert resumable(http, bucket, contentType=media_type).status_code in {400, 415}
        assert http.post(f"/storage/v1/object/list/{bucket}", json={"prefix": ""}).json() == []


def test_a_cache_control_that_is_no_header_is_refused_or_left_out(stack: Stack, bucket: str) -> None:
    with stack.client("service") as http:
        form = {"data": {"cacheControl": "3600\nX-Other: 1"}, "files": {"": ("a", b"png", "image/png")}}
        answer = http.post(f"/storage/v1/object/{bucket}/a", **form)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")
        assert resumable(http, bucket, cacheControl="3600\nX-Other: 1").status_code == 201


def resumable(http: httpx.Client, bucket: str, **described: str) -> httpx.Response:
    metadata = {"bucketName": bucket, "objectName": "b", **described}
    encoded = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in metadata.items())
    headers = {"tus-resumable": "1.0.0", "upload-length": "3", "upload-metadata": encoded}
    return http.post("/storage/v1/upload/resumable", headers=headers)
