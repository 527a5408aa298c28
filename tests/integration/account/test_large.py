"""The archive of somebody with very much: memory holds a piece of it at a time."""

import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from tests.support import plain_http
from tests.support.populated_users import rows
from tests.support.stack import Stack
from tests.support.users import User
from tests.support.vendors.sendgrid import Mail

PROJECTS = 2000
FILES = 25
FILE_BYTES = 42 * 1024 * 1024  # 25 of them are a little more than 1 GB
MOST = 200 * 1024 * 1024


def content() -> Iterator[bytes]:
    piece = bytes(range(256)) * 4096
    for _ in range(FILE_BYTES // len(piece)):
        yield piece


def fill(stack: Stack, user: User) -> None:
    query = """
        with made as (
          insert into public.projects (user_id, title, description, status)
          select %s, 'Project ' || number, repeat('Long text. ', 500), 'published' from generate_series(1, %s) as number
          returning id
        ), pictures as (
          insert into public.project_images (project_id, url) select id, 'https://example.com/' || id from made
        )
        insert into public.social_metrics (project_id, platform, stars, recorded_at)
        select id, 'github', day, current_date - day from made, generate_series(1, 3) as day
    """
    rows(stack, query, user.id, PROJECTS)
    with stack.client("service") as service:
        for number in range(FILES):
            service.post(
                f"/storage/v1/object/project-media/{user.id}/{number}.mp4",
                content=content(),
                headers={"Content-Type": "video/mp4"},
                timeout=120,
            ).raise_for_status()


def follow(mail: Mail, user: User) -> tuple[float, dict[str, Any]]:
    """By cron's calls to the end; how long the longest took, and the archive."""
    longest, headers = 0.0, mail.stack.headers(user)
    for number in range(200):
        name, caller = (
            ("continueAccountExports", mail.stack.headers("service")) if number else ("exportAccount", headers)
        )
        started = time.monotonic()
        url = f"{mail.functions_urls[0]}/functions/v1/{name}"
        assert plain_http.post(url, json={}, headers=caller, timeout=150, trust_env=False).status_code in {200, 202}
        longest = max(longest, time.monotonic() - started)
        answer: dict[str, Any] = mail.call("getAccountExport", {}, headers).json()
        if answer["status"] == "done":
            return longest, answer
    raise AssertionError("it is never complete")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_gigabyte_in_less_than_200_megabytes(stack: Stack, mail: Mail, user: User) -> None:
    fill(stack, user)
    port = int(mail.functions_urls[0].rpartition(":")[2])
    server = next(
        process
        for process in psutil.process_iter(["cmdline"])
        if "functions_framework" in str(process.info["cmdline"]) and str(port) in (process.info["cmdline"] or [])
    )
    highest = [0]
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            memory = sum(each.memory_info().rss for each in [server, *server.children(recursive=True)])
            highest[0] = max(highest[0], memory)
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.monotonic()
    try:
        longest, answer = follow(mail, user)
    finally:
        over.set()
        watcher.join()
        sys.stderr.write(f"at most {highest[0] / 2**20:.0f} MiB in {time.monotonic() - started:.0f} s\n")
    sys.stderr.write(f"{len(answer['parts'])} parts; the longest request took {longest:.0f} s\n")
    assert answer["size"] > FILES * FILE_BYTES
    assert len(answer["parts"]) >= answer["size"] // (150 * 1024 * 1024)
    assert highest[0] < MOST
