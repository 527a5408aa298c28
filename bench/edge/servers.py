"""The servers that are compared: each listens on a port of its own, all ask one stub of PostgREST."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from uuid import UUID

import jwt
import psutil  # type: ignore[import-untyped]

from local.postgres.migrations import node_program
from local.settings import HOST, ROOT
from local.stack.services import inherited
from tests.support.ports import free_port

HERE = Path(__file__).parent
USER = UUID("00000000-0000-4000-8000-000000000001")
JWT_SECRET = "what the project of the benchmark signs with"  # noqa: S105
PUBLISHABLE_KEY = "sb_publishable_of_the_benchmark"
TOKEN = jwt.encode({"sub": str(USER), "role": "authenticated", "exp": 4_000_000_000}, JWT_SECRET, algorithm="HS256")


@dataclass(frozen=True)
class Server:
    """How to start one, and with which request it is measured."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    port: int
    request: Mapping[str, object]  # as load_generator.mjs takes it

    @contextmanager
    def running(self) -> Iterator[psutil.Process]:
        """The process that was started; its children are the server's too."""
        process = subprocess.Popen(
            self.command, env=dict(self.environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(10)

    def ask(self) -> bool:
        """Sends the request once; False where nothing listens yet."""
        connection = HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request("POST", self.request["path"], self.request["body"], self.request["headers"])  # type: ignore[arg-type]
            answer = connection.getresponse()
            body = answer.read()
        except ConnectionError:
            return False
        finally:
            connection.close()
        assert answer.status == 200, body
        return True

    def wait(self) -> None:
        """Until it has answered once."""
        while not self.ask():
            time.sleep(0.001)


def processes(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def cpu(process: psutil.Process) -> float:
    """Seconds of processor time that a server has used."""
    return float(sum(sum(each.cpu_times()[:2]) for each in processes(process)))


def memory(process: psutil.Process) -> float:
    """MB that the process that serves has resident: the worker, where another one minds it."""
    return float(max(each.memory_info().rss for each in processes(process))) / 2**20


def metrics_request(signed_in: bool) -> dict[str, object]:
    caller = TOKEN if signed_in else PUBLISHABLE_KEY
    return {
        "method": "POST",
        "path": "/functions/v1/getSocialMetrics",
        "headers": {
            "apikey": PUBLISHABLE_KEY,
            "authorization": f"Bearer {caller}",
            "content-type": "application/json",
        },
        "body": json.dumps({"project_id": "00000000-0000-4000-8000-000000000101"}),
    }


def container(name: str, target: str, supabase_url: str, request: Mapping[str, object]) -> Server:
    """A Python entry point of this build, as its container starts it."""
    port = free_port()
    own = {"HOST": HOST, "PORT": str(port), "FUNCTION_TARGET": target, **_settings(supabase_url)}
    command = (sys.executable, str(ROOT / "functions" / "server.py"))
    return Server(name, command, inherited(own), port, request)


def function(name: str, root: Path, target: str, supabase_url: str, request: Mapping[str, object]) -> Server:
    """A Python entry point of the build at `root`, as functions-framework starts it."""
    own = {"PYTHONPATH": str(root / "functions"), **_settings(supabase_url)}
    return _framework(name, root / "functions" / "main.py", target, own, request)


def _settings(supabase_url: str) -> dict[str, str]:
    return {
        "SUPABASE_URL": supabase_url,
        "SUPABASE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "SUPABASE_SECRET_KEY": "sb_secret_of_the_benchmark",
        "SUPABASE_JWT_SECRET": JWT_SECRET,
    }


def empty_function(request: Mapping[str, object]) -> Server:
    return _framework("empty function", HERE / "empty_function.py", "empty", {}, request)


def _framework(
    name: str, source: Path, target: str, environment: Mapping[str, str], request: Mapping[str, object]
) -> Server:
    port = free_port()
    command = (
        *(sys.executable, "-m", "functions_framework", "--asgi", "--source", str(source), "--target", target),
        *("--host", HOST, "--port", str(port)),
    )
    return Server(name, command, inherited(environment), port, request)


def deno_peer(folder: Path, supabase_url: str, request: Mapping[str, object]) -> Server:
    """`peer.ts` with the supabase-js that the tests use, which Deno looks for beside the program."""
    folder.mkdir()
    shutil.copy(HERE / "peer.ts", folder)
    shutil.copy(ROOT / "local" / "package.json", folder)
    (folder / "node_modules").symlink_to(ROOT / "local" / "node_modules")
    port = free_port()
    deno = Path(sys.executable).parent / "deno"
    offline = ("--quiet", "--no-lock", "--no-remote", "--node-modules-dir=manual")
    allowed = ("--allow-net", "--allow-env", "--allow-read")
    environment = {
        "PORT": str(port),
        "SUPABASE_URL": supabase_url,
        "SUPABASE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "DENO_NO_UPDATE_CHECK": "1",
        "DENO_DIR": str(folder / "cache"),  # compiled at the first start, as a deployment keeps it
    }
    command = (str(deno), "run", *offline, *allowed, str(folder / "peer.ts"))
    return Server("Deno peer", command, inherited(environment), port, request)


@contextmanager
def running_stub() -> Iterator[str]:
    """The URL of a project whose one user asks for a project with fresh numbers."""
    port = free_port()
    answers = {"/rest/v1/rpc/get_project_metrics": _project(), "/rest/v1/users": [{"id": str(USER)}]}
    stub = subprocess.Popen(
        (str(node_program()), str(HERE / "postgrest_stub.mjs"), str(port)), stdin=subprocess.PIPE, env=dict(os.environ)
    )
    try:
        assert stub.stdin is not None
        stub.stdin.write(json.dumps(answers).encode())
        stub.stdin.close()
        yield f"http://{HOST}:{port}"
    finally:
        stub.terminate()
        stub.wait(10)


def _project() -> dict[str, object]:
    today = time.strftime("%Y-%m-%d", time.gmtime())
    counts = {"stars": 1000, "forks": 100, "watchers": 10, "likes": 7, "comments": 3, "retweets": 0, "replies": 0}
    snapshot = {**counts, "recorded_at": today, "as_of": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())}
    return {
        "user_id": str(USER),
        "title": "A project",
        "github_link": "https://github.com/owner/project",
        "linkedin_link": "https://www.linkedin.com/feed/update/urn:li:share:1/",
        "twitter_link": None,
        "snapshots": [{"platform": platform, **snapshot} for platform in ("github", "linkedin")],
        "history": [],
        "views": None,
        "account_gone": False,
    }
