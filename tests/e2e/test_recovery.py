"""Parts that are killed under load are started again, and nothing that was acknowledged is missing."""

import contextlib
import queue
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from tests.support import plain_http
from tests.support.up import Up, own_environment
from tests.support.users import make_user

TIMEOUT = 200.0  # of a machine that is busy with other tests
VICTIMS = ["postgres", "gateway", "functions"]


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    up = Up(tmp_path / "state", own_environment(tmp_path / "state", CRON="false"))
    try:
        up.start()
        yield up
        up.press_ctrl_c()
        up.assert_nothing_left()
    finally:
        up.remove()


@dataclass
class Writers:
    """Each writes one thing after the other and remembers what was acknowledged."""

    url: str
    key: str
    token: str
    user_id: str
    stop: threading.Event = field(default_factory=threading.Event)
    projects: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    without_code: queue.Queue[str] = field(default_factory=queue.Queue)
    refused: Counter[str] = field(default_factory=Counter)

    def write_projects(self) -> None:
        """By PostgREST."""
        while not self.stop.is_set():
            identity = str(uuid.uuid4())
            body = {"id": identity, "user_id": self.user_id, "title": "kept", "status": "published"}
            if self._post("/rest/v1/projects", body) is not None:
                self.projects.add(identity)
                self.without_code.put(identity)
                time.sleep(0.2)  # a user may have a thousand

    def write_codes(self) -> None:
        """By a function, which stores a file and a row; one of each project, since there may not be many of one."""
        while not self.stop.is_set():
            try:
                project = self.without_code.get(timeout=0.1)
            except queue.Empty:
                continue
            answer = self._post("/functions/v1/generateQrCode", {"project_id": project})
            if answer is not None:
                self.codes.add(answer.json()["png_url"].rpartition("/qr-codes/")[2])

    def _post(self, path: str, body: dict[str, str]) -> httpx.Response | None:
        headers = {"apikey": self.key, "authorization": f"Bearer {self.token}"}
        try:
            answer = plain_http.post(f"{self.url}{path}", json=body, headers=headers, timeout=60)
        except httpx.TransportError:
            self.refused["no connection"] += 1
            time.sleep(0.05)
            return None
        if answer.is_success:
            return answer
        patient = answer.status_code == 503 and answer.headers.get("retry-after")
        self.refused["503" if patient else f"{path}: {answer.status_code} {answer.text}"] += 1
        time.sleep(0.05)
        return None

    def wait_for_more(self) -> None:
        """Until both ways work again."""
        before = len(self.projects), len(self.codes)
        deadline = time.monotonic() + TIMEOUT
        while len(self.projects) < before[0] + 5 or len(self.codes) < before[1] + 3:
            assert time.monotonic() < deadline, self.refused
            time.sleep(0.02)


@contextlib.contextmanager
def writing(up: Up) -> Iterator[Writers]:
    url = database_url(up)
    user = make_user(url, up.key("supabase_jwt_secret"), f"{up.url}/auth/v1")
    writers = Writers(up.url, up.key("supabase_publishable_key"), user.token, str(user.id))
    with ThreadPoolExecutor(4) as threads:
        work: list[Callable[[], None]] = [writers.write_projects, writers.write_codes]
        running = [threads.submit(each) for each in work * 2]
        try:
            yield writers
        finally:
            writers.stop.set()
    for each in running:
        each.result()


def kill(up: Up, part: str) -> None:
    """At once, with all its workers: nothing is said, finished or written down."""
    found = psutil.Process(up.postmaster) if part == "postgres" else up.listener(f"{part.upper()}_PORT")
    for process in [found, *found.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def recover(up: Up, victims: list[str]) -> None:
    with writing(up) as writers:
        writers.wait_for_more()
        for victim in victims:
            kill(up, victim)
            writers.wait_for_more()
    assert set(writers.refused) <= {"503", "no connection"}, writers.refused
    with psycopg.connect(database_url(up)) as connection:
        rows = connection.execute("select id::text from public.projects where title = 'kept'").fetchall()
        assert writers.projects <= {row[0] for row in rows}
        rows = connection.execute("select name from private.qr_codes").fetchall()
        assert writers.codes <= {row[0] for row in rows}
    for code in writers.codes:
        assert plain_http.get(f"{up.url}/storage/v1/object/public/qr-codes/{code}").is_success
    for victim in set(victims):
        assert f"{victim}" in up.said
    assert "started again" in up.said
    print(f"{len(writers.projects)} projects, {len(writers.codes)} codes; {dict(writers.refused)}")  # noqa: T201 shown with -rP


def database_url(up: Up) -> str:
    return f"postgresql://postgres:postgres@127.0.0.1:{up.port('POSTGRES_PORT')}/postgres"


@pytest.mark.timeout(1200)
def test_each_part_is_killed_once(up: Up) -> None:
    recover(up, VICTIMS)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_parts_are_killed_again_and_again(up: Up) -> None:
    for _ in range(4):
        recover(up, VICTIMS)
        time.sleep(20)  # what ends five times within a minute is given up
