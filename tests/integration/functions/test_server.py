"""functions/server.py, as the container starts it: one process, which ends when it is asked to, its requests first."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.settings import HOST, ROOT
from tests.support import plain_http
from tests.support.doubles.served import served
from tests.support.ports import free_port

PATH = "/functions/v1/getSocialMetrics"
BODY = {"project_id": "00000000-0000-4000-8000-000000000101"}


@dataclass
class Database:
    """PostgREST without any project; it responds once `released` is set, and notices callers that hang up."""

    asked: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    abandoned: threading.Event = field(default_factory=threading.Event)

    async def respond(self, request: Request) -> Response:
        await request.body()
        self.asked.set()
        while not self.released.is_set():
            if await request.is_disconnected():
                self.abandoned.set()
                break
            await asyncio.sleep(0.01)
        return JSONResponse(None)


def start(**environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "functions/server.py"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


@contextmanager
def serving(database: Database) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """getSocialMetrics alone: its process and its port."""
    port = free_port()
    with served(Starlette(routes=[Route("/{path:path}", database.respond, methods=["POST"])])) as url:
        process = start(
            FUNCTION_TARGET="get_social_metrics",
            HOST=HOST,
            PORT=str(port),
            SUPABASE_URL=url,
            SUPABASE_PUBLISHABLE_KEY="publishable",
            SUPABASE_SECRET_KEY="secret",
        )
        try:
            wait_until_listening(port)
            yield process, port
        finally:
            process.kill()
            process.communicate()


def wait_until_listening(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            return HTTPConnection(HOST, port).connect()
        except ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def call(port: int) -> httpx.Response:
    return plain_http.post(f"http://{HOST}:{port}{PATH}", json=BODY, timeout=60, trust_env=False)


def test_a_running_request_is_answered_before_the_server_ends() -> None:
    database = Database()
    with serving(database) as (process, port), ThreadPoolExecutor(1) as pool:
        running = pool.submit(call, port)
        assert database.asked.wait(60)
        process.send_signal(signal.SIGTERM)
        database.released.set()
        answer = running.result()
        assert (answer.status_code, answer.json()["code"]) == (404, "project_not_found")
        assert process.wait(60) == 0


def test_a_caller_who_hangs_up_ends_the_work() -> None:
    database = Database()
    with serving(database) as (_, port):
        connection = HTTPConnection(HOST, port)
        connection.request("POST", PATH, json.dumps(BODY), {"Content-Type": "application/json"})
        assert database.asked.wait(60)
        connection.close()
        assert database.abandoned.wait(60)


def test_what_is_missing_is_named_before_it_serves() -> None:
    process = start(FUNCTION_TARGET="get_social_metrics")
    _, log = process.communicate(timeout=60)
    assert process.returncode == 1
    for name in ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"):
        assert name in log
