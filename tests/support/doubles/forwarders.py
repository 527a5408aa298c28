"""The forwarders of supabase/functions, served by Deno with the permissions they need and no others."""

import json
import os
import socket
import sys
import tomllib
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jwt

from local.settings import HOST, ROOT
from local.stack.services import INHERITED, Service
from tests.support import plain_http
from tests.support.cluster import TestCluster
from tests.support.ports import free_port
from tests.support.servers import running_services

FORWARDERS = ROOT / "supabase" / "functions"
RUNTIME = ROOT / "tests" / "support" / "edge_runtime.ts"
SECRET = "a secret between forwarders and functions"
JWT_SECRET = "what the project of the stub signs with"
DENO = Path(sys.executable).parent / "deno"
OFFLINE = ("--quiet", "--no-remote", "--no-npm", "--no-lock", "--config", str(FORWARDERS / "deno.json"))
VARIABLES = (
    "FUNCTIONS_BACKEND_URL",
    "FUNCTIONS_BACKEND_AUTH",
    "FUNCTIONS_BACKEND_SECRET",
    "FUNCTIONS_BACKEND_AUDIENCE",
    "FUNCTIONS_BACKEND_TIMEOUT_SECONDS",
    "FUNCTIONS_BACKEND_LONG_TIMEOUT_SECONDS",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
)


@dataclass(frozen=True)
class Edge:
    """Running forwarders; `log` is what they said."""

    url: str
    log: Path

    def client(self, **headers: str) -> httpx.Client:
        return plain_http.Client(base_url=f"{self.url}/functions/v1/", headers=headers, timeout=30, trust_env=False)

    def leave(self, path: str, headers: Mapping[str, str], body: bytes, when: Callable[[], object]) -> None:
        """Posts, and hangs up without an answer once `when` is done.

        In one piece: Deno does not notice who leaves before the answer begins, where the body came after the headers.
        """
        reported = {"Host": "edge", "Content-Length": str(len(body)), **headers}
        lines = [f"POST /functions/v1/{path} HTTP/1.1", *(f"{name}: {value}" for name, value in reported.items())]
        with socket.create_connection((HOST, int(self.url.rpartition(":")[2])), timeout=30) as wire:
            wire.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            when()


def deno_environment(**own: str) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**inherited, "DENO_NO_UPDATE_CHECK": "1", "DENO_NO_PROMPT": "1", "NO_COLOR": "1", **own}


def configured() -> dict[str, Any]:
    """The functions of supabase/config.toml."""
    functions: dict[str, Any] = tomllib.loads((ROOT / "supabase" / "config.toml").read_text())["functions"]
    return functions


def signed_in() -> str:
    """The Authorization of somebody whom the edge lets pass."""
    return f"Bearer {jwt.encode({'exp': 4_000_000_000, 'role': 'authenticated'}, JWT_SECRET, algorithm='HS256')}"


@contextmanager
def running_forwarders(cluster: TestCluster, jwt_secret: str = JWT_SECRET, **environment: str) -> Iterator[Edge]:
    """With these variables, and no others of theirs."""
    folder = cluster.folder / f"edge-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    url = f"http://{HOST}:{(port := free_port())}"
    verifies = {name: function["verify_jwt"] for name, function in configured().items()}
    command = (
        *(str(DENO), "run", *OFFLINE, f"--allow-net={HOST}", f"--allow-env={','.join(VARIABLES)}"),
        *(f"--allow-read={FORWARDERS}", str(RUNTIME), str(FORWARDERS), str(port)),
        json.dumps({"verifies": verifies, "secret": jwt_secret}),
    )
    service = Service("edge", command, deno_environment(**environment), f"{url}/_ready")
    with running_services([service], folder, belongs_to=cluster.folder):
        yield Edge(url, folder / "edge.log")
