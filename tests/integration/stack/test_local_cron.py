"""The local scheduler as a process: what is due is called, once at a time, and everything else goes on."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local.settings import ROOT
from local.stack.cron import due_after
from tests.support.ports import free_port

KEY = "sb_secret_local"


@dataclass
class Functions:
    """Stands in for the gateway: notes what was called, and answers when it is let."""

    url: str
    calls: list[dict[str, Any]] = field(default_factory=list)
    answering: threading.Event = field(default_factory=threading.Event)

    def count(self, path: str) -> int:
        return len([call for call in self.calls if call["path"] == path])


@pytest.fixture
def functions() -> Iterator[Functions]:
    port = free_port()
    noted = Functions(f"http://127.0.0.1:{port}")
    noted.answering.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            noted.calls.append({"path": self.path, "apikey": self.headers["apikey"], "body": body})
            if self.path.endswith("/slow"):
                noted.answering.wait(20)
            self.send_response(503 if self.path.endswith("/broken") else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield noted
    finally:
        noted.answering.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def running_cron(log: Path, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.stack.cron"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environment},
            stdout=output,
            stderr=output,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def schedule(database: str, *jobs: tuple[str, str], body: str = "{}") -> None:
    with psycopg.connect(database) as connection:
        connection.execute("delete from private.cron_jobs")
        for name, when in jobs:
            connection.execute(
                "insert into private.cron_jobs (name, schedule, path, body) values (%s, %s, %s, %s)",
                (name, when, name, body),
            )


def wait_until(condition: Callable[[], bool], what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


def environment(functions: Functions, database: str) -> dict[str, str]:
    return {"DATABASE_URL": database, "SUPABASE_URL": functions.url, "SUPABASE_SECRET_KEY": KEY}


def test_due_jobs_are_called_with_the_secret_key_and_logged(
    functions: Functions, database: str, tmp_path: Path
) -> None:
    log = tmp_path / "cron.log"
    schedule(database, ("greeting", "1 seconds"), ("broken", "1 seconds"), ("never", "0 0 29 2 *"), body='{"a": 1}')
    with running_cron(log, **environment(functions, database)):
        wait_until(lambda: functions.count("/functions/v1/greeting") >= 2, log.read_text)
        wait_until(lambda: "broken 503 " in log.read_text(), log.read_text)
    assert functions.calls[0]["apikey"] == KEY
    assert functions.calls[0]["body"] == {"a": 1}
    assert functions.count("/functions/v1/never") == 0
    first = next(line for line in log.read_text().splitlines() if line.startswith("greeting"))
    name, status, milliseconds, unit = first.split()
    assert (name, status, unit) == ("greeting", "200", "ms")
    assert milliseconds.isdecimal()


def test_a_job_never_overlaps_itself_nor_holds_up_another(functions: Functions, database: str, tmp_path: Path) -> None:
    log = tmp_path / "cron.log"
    functions.answering.clear()
    schedule(database, ("slow", "1 seconds"), ("quick", "1 seconds"))
    with running_cron(log, **environment(functions, database)):
        wait_until(lambda: functions.count("/functions/v1/quick") >= 3, log.read_text)
        assert functions.count("/functions/v1/slow") == 1
        assert "slow still runs" in log.read_text()
        functions.answering.set()
        wait_until(lambda: functions.count("/functions/v1/slow") >= 2, log.read_text)


def test_a_changed_schedule_is_noticed(functions: Functions, database: str, tmp_path: Path) -> None:
    log = tmp_path / "cron.log"
    schedule(database, ("before", "1 seconds"))
    with running_cron(log, **environment(functions, database)):
        wait_until(lambda: functions.count("/functions/v1/before") >= 1, log.read_text)
        schedule(database, ("after", "1 seconds"))
        wait_until(lambda: functions.count("/functions/v1/after") >= 1, log.read_text)
        before = functions.count("/functions/v1/before")
        wait_until(lambda: functions.count("/functions/v1/after") >= 3, log.read_text)
        assert functions.count("/functions/v1/before") == before


def test_nothing_that_is_down_stops_it(database: str, functions: Functions, tmp_path: Path) -> None:
    log = tmp_path / "cron.log"
    schedule(database, ("greeting", "1 seconds"))
    nowhere = f"http://127.0.0.1:{free_port()}"
    with running_cron(log, **environment(functions, database) | {"SUPABASE_URL": nowhere}) as process:
        wait_until(lambda: log.read_text().count("greeting ConnectError") >= 2, log.read_text)
        assert process.poll() is None
    away = f"postgresql://postgres@127.0.0.1:{free_port()}/postgres"
    with running_cron(log, **environment(functions, away)) as process:
        wait_until(lambda: "the schedule cannot be read" in log.read_text(), log.read_text)
        assert process.poll() is None


def test_missing_variables_are_named(tmp_path: Path) -> None:
    log = tmp_path / "cron.log"
    with running_cron(log, DATABASE_URL="postgresql://127.0.0.1/x") as process:
        assert process.wait(30) == 1
    assert log.read_text().strip() == "cron: set SUPABASE_URL, SUPABASE_SECRET_KEY in the environment"


def test_the_next_time_is_pg_crons() -> None:
    moment = datetime(2026, 11, 22, 23, 58, 30, tzinfo=UTC)  # a Sunday
    assert due_after("*/5 * * * *", moment) == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    assert due_after("59 23 * * *", moment) == datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
    assert due_after("0 3 * * 7", moment) == datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
    assert due_after("30 seconds", moment) == datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
