"""What Supabase Storage itself answered (recorded.json), asked of the local one."""

import base64
import json
import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.support import plain_http
from tests.support.stack import Stack
from tests.support.users import User, access_token

STEPS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "recorded.json").read_text("utf-8"))["steps"]
PNG = bytes.fromhex("89504e470d0a1a0a") + bytes(range(256)) * 8
CONTENTS = {"png": PNG, "png+1": PNG + b"x"}

# Where this machine differs on purpose, and why.
DIFFERENT = {
    "upload over bucket limit, chunked": "our own trigger on storage.objects refuses it; Storage itself has no limit",
    "OPTIONS preflight upload": "the gateway answers a browser's preflight, as hosted projects' gateways do",
}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class Replay:
    """The recorded steps, one after the other; `differences` says where an answer is another."""

    def __init__(self, stack: Stack, user: User, other: User) -> None:
        self.http = plain_http.Client(base_url=f"{stack.url}/storage/v1", timeout=60)
        self.names = {
            "owner": str(user.id),
            "other": str(other.id),
            "run": uuid.uuid4().hex[:6],
            "long": "k" * 1100,
        }
        expired = access_token(stack.jwt_secret, f"{stack.url}/auth/v1", user.id, seconds=-60)
        tokens = {"owner": user.token, "other": other.token, "expired": expired, "garbage": "a.b.c"}
        key = stack.publishable_key
        self.callers = {name: {"apikey": key, "authorization": f"Bearer {token}"} for name, token in tokens.items()}
        self.callers |= {"anon": stack.headers("anon"), "service": stack.headers("service"), "none": {}}
        self.callers["badkey"] = {"apikey": "not-a-key", "authorization": "Bearer not-a-key"}

    def run(self) -> list[str]:
        return [line for step in STEPS for line in self._difference(step)]

    def filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return re.sub(r"\{(\w+)\}", lambda found: self.names.get(found[1], found[0]), value)
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        return {key: self.filled(item) for key, item in value.items()} if isinstance(value, dict) else value

    def _difference(self, step: dict[str, Any]) -> list[str]:
        answer = self._send(step["request"])
        for name, member in step.get("save", {}).items():
            self.names[name] = answer.headers["location"] if member == "location" else answer.json()[member]
        if step["name"] in DIFFERENT:
            return []
        expected = step["answer"]
        headers = {name: answer.headers.get(name) for name in expected.get("headers", {})}
        found = {"status": answer.status_code, "headers": headers, "body": self._body(answer, expected)}
        wanted = {"status": expected["status"], "headers": expected.get("headers", {}), "body": expected.get("body")}
        return [] if found == wanted else [f"{step['name']}:\n  expected {wanted}\n  found    {found}"]

    def _send(self, request: dict[str, Any]) -> httpx.Response:
        path = self.filled(request["path"]).removeprefix("/storage/v1")
        headers = {**self.callers[request["as"]], **self.filled(request.get("headers", {}))}
        if described := request.get("upload_metadata"):
            encoded = {name: base64.b64encode(self.filled(text).encode()).decode() for name, text in described.items()}
            headers["upload-metadata"] = ",".join(f"{name} {text}" for name, text in encoded.items())
        url = httpx.URL(path) if path.startswith("http") else httpx.URL(f"{self.http.base_url}{path.removeprefix('/')}")
        return self.http.request(request["method"], url, headers=headers, **self._content(request))

    def _content(self, request: dict[str, Any]) -> dict[str, Any]:
        if "form" in request:
            fields = dict(request["form"])
            file = fields.pop("file")
            return {"data": fields, "files": {"": ("x.png", PNG if file == "png" else bytes(file), "image/png")}}
        if "chunked" in request:
            return {"content": iter([bytes(request["chunked"])])}
        if "names" in request:
            return {"json": {"prefixes": [f"{self.names['owner']}/x{number}" for number in range(request["names"])]}}
        if "json" in request:
            return {"json": self.filled(request["json"])}
        content = request.get("content", b"")
        if isinstance(content, int):
            return {"content": bytes(content)}
        return {"content": CONTENTS.get(content, content)}

    def _body(self, answer: httpx.Response, expected: dict[str, Any]) -> Any:
        if "body" not in expected:
            return None
        if "json" not in answer.headers.get("content-type", ""):
            return answer.text
        return self._masked(answer.json())

    def _masked(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._masked(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self._masked(item, name) for item in value]
        if not isinstance(value, str):
            return value
        if name == "nextCursor":
            return "CURSOR"
        for placeholder in ("owner", "other", "run"):
            value = value.replace(self.names[placeholder], f"{{{placeholder}}}")
        value = "T" if name == "token" else re.sub(r"token=.*", "token=T", value)
        return TIME.sub("TIME", UUID.sub("UUID", value))


def test_the_recorded_requests_are_answered_as_by_storage_itself(stack: Stack, user: User) -> None:
    other = stack.make_user()
    differences = Replay(stack, user, other).run()
    assert not differences, "\n".join(differences)
    assert len(STEPS) == 142


def test_a_resumable_upload_lies_where_its_address_says(stack: Stack, user: User) -> None:
    name = f"{user.id}/there.png"
    metadata = ",".join(
        f"{key} {base64.b64encode(text.encode()).decode()}"
        for key, text in {"bucketName": "ai-assets", "objectName": name, "contentType": "image/png"}.items()
    )
    with stack.client(user) as http:
        headers = {"tus-resumable": "1.0.0", "upload-length": "1", "upload-metadata": metadata}
        location = http.post("/storage/v1/upload/resumable", headers=headers).headers["location"]
    address, _, encoded = location.rpartition("/")
    assert address == f"{stack.url}/storage/v1/upload/resumable"
    upload = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    assert upload.startswith(f"ai-assets/{name}/")
    assert UUID.fullmatch(upload.rpartition("/")[2])
    assert urlsplit(location).query == ""


def test_an_upload_goes_on_under_its_own_name_alone(stack: Stack, user: User) -> None:
    name = f"{user.id}/own.png"
    metadata = ",".join(
        f"{key} {base64.b64encode(text.encode()).decode()}"
        for key, text in {"bucketName": "ai-assets", "objectName": name, "contentType": "image/png"}.items()
    )
    tus = {"tus-resumable": "1.0.0"}
    with stack.client(user) as http:
        created = http.post(
            "/storage/v1/upload/resumable", headers={**tus, "upload-length": "3", "upload-metadata": metadata}
        )
        own = created.headers["location"].rpartition("/")[2]
        version = base64.urlsafe_b64decode(own + "=" * (-len(own) % 4)).decode().rpartition("/")[2]
        other = base64.urlsafe_b64encode(f"ai-assets/{user.id}/other.png/{version}".encode()).decode().rstrip("=")
        part = {**tus, "upload-offset": "0", "content-type": "application/offset+octet-stream"}
        statuses = [
            http.head(f"/storage/v1/upload/resumable/{other}", headers=tus).status_code,
            http.patch(f"/storage/v1/upload/resumable/{other}", headers=part, content=b"abc").status_code,
            http.delete(f"/storage/v1/upload/resumable/{other}", headers=tus).status_code,
            http.patch(f"/storage/v1/upload/resumable/{own}", headers=part, content=b"abc").status_code,
        ]
    assert statuses == [404, 404, 404, 204]
