"""In place of api.supabase.com: answers the Supabase CLI 3.1 as its own schemas ask, and keeps what it was sent.

Nothing here was recorded from the real API. A project that is nobody's: its configuration is the defaults of a new one.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from local.settings import ROOT

REF = "abcdefghijklmnopqrst"
PROJECT = f"/v1/projects/{REF}"
COMPUTE = f"/v2/projects/{REF}/compute/functions"
POSTGREST = {"db_schema": "public, graphql_public", "db_extra_search_path": "public, extensions", "max_rows": 500}
POOL = ("db_pool", "db_pool_acquisition_timeout", "db_pool_max_lifetime", "db_pool_max_idletime")
# What the CLI wants to find in the answer to a change of Auth's settings: null, but for these.
AUTH = (ROOT / "tests" / "integration" / "deploy" / "auth_config.txt").read_text().split()
AUTH_SET = {
    **dict.fromkeys(("mailer_otp_exp", "mfa_phone_otp_length", "sms_otp_length", "custom_oauth_max_providers"), 0),
    **dict.fromkeys(("passkey_enabled", "oauth_server_enabled", "custom_oauth_enabled"), False),
    "oauth_server_allow_dynamic_registration": False,
}
CONFIG = {
    "api": POSTGREST,
    "auth": {"site_url": "http://localhost:3000", "uri_allow_list": "", "disable_signup": True, "jwt_exp": 600},
    "database": {"major_version": 17, "ssl_enforced": True, "postgres_settings": {}},
    "storage": {"file_size_limit": 50 * 1024 * 1024, "features": {"s3_protocol": {"enabled": True}}},
}
BUILD = ("building", "building", "active")  # what is reported of a compute, one time after the other


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class ManagementApi:
    """`sent` has the requests in their order."""

    url: str = ""
    sent: list[Sent] = field(default_factory=list)
    polled: int = 0
    spec: dict[str, Any] = field(default_factory=dict)

    def of(self, method: str, path: str) -> list[Sent]:
        return [one for one in self.sent if one.method == method and one.path.partition("?")[0] == path]

    def answer(self, request: Sent) -> tuple[int, Any]:
        method, path = request.method, request.path.partition("?")[0]
        if path.startswith(COMPUTE):
            return self._compute(method, path, request)
        if path == f"/v2/projects/{REF}/config":
            return 200, {"data": {"type": "project_config", "id": REF, "attributes": CONFIG}}
        if path == f"{PROJECT}/postgrest":
            return 200, {**POSTGREST, **dict.fromkeys(POOL), **request.json()}
        if path == f"{PROJECT}/config/auth":
            return 200, {**dict.fromkeys(AUTH), **AUTH_SET, **request.json()}
        if path == f"{PROJECT}/billing/addons":
            return 200, {"selected_addons": [], "available_addons": []}
        if path == f"{PROJECT}/functions/deploy":
            slug = request.path.partition("slug=")[2].partition("&")[0]
            return 201, {"id": slug, "slug": slug, "name": slug, "version": 1, "status": "ACTIVE", "verify_jwt": False}
        if path in {f"{PROJECT}/secrets", f"{PROJECT}/functions", "/v1/projects"} and method == "GET":
            return 200, []
        return (200, project()) if path == PROJECT else (201 if method == "POST" else 200, [])

    def _compute(self, method: str, path: str, request: Sent) -> tuple[int, Any]:
        if path == f"{COMPUTE}/uploads":
            there = {"url": f"{self.url}/context?signature=x", "method": "PUT", "expires_at": "2100-01-01T00:00:00Z"}
            return 201, {"data": {"type": "project_compute_instance_upload", "id": "upload", "attributes": there}}
        if path == f"{COMPUTE}/deploy":
            self.spec = request.json()["data"]["attributes"]["spec"]
            return 202, self._instance("building")
        state = BUILD[min(self.polled, len(BUILD) - 1)]
        self.polled += 1
        return 200, self._instance(state)

    def _instance(self, state: str) -> dict[str, Any]:
        attributes = {"spec": self.spec, "build_state": state, "secret_generation": "1"}
        return {"data": {"type": "project_compute_instance", "id": "functions", "attributes": attributes}}


def project() -> dict[str, Any]:
    host = {"host": f"db.{REF}.supabase.co", "version": "17", "postgres_engine": "17", "release_channel": "ga"}
    names = {"id": REF, "ref": REF, "name": "staging", "organization_id": "o", "organization_slug": "o"}
    where = {"region": "eu-west-1", "status": "ACTIVE_HEALTHY", "created_at": "2026-01-01T00:00:00Z"}
    return {**names, **where, "database": host}


@contextmanager
def running_management_api() -> Iterator[ManagementApi]:
    api = ManagementApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_request(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            request = Sent(self.command, self.path, dict(self.headers), body)
            api.sent.append(request)
            status, answer = api.answer(request)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request  # noqa: N815 - http.server's names

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def sign_in(home: Path, api: ManagementApi) -> None:
    """The CLI's profile of this home leads to the API: as `supabase login --profile` leaves it."""
    profile = home / "profile.yaml"
    hosts = {"api_url": api.url, "dashboard_url": api.url, "project_host": "supabase.co"}
    profile.write_text("".join(f"{name}: {value}\n" for name, value in {"name": "recording", **hosts}.items()))
    (home / ".supabase").mkdir(exist_ok=True)
    (home / ".supabase" / "profile").write_text(str(profile))
