"""aiDesignAssistant beside the bare call to the model: what it adds, when the first block comes, and how it starts.

Usage: python -m bench.design [--requests 40] [--starts 5]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg

from bench.support import print_machine, print_table, running_database
from local.settings import ROOT
from tests.support.ports import free_port
from tests.support.users import User
from tests.support.vendors.openai import KEY, Designer, identifier, running_designer

PROJECT = "00000000-0000-4000-8000-000000000101"
EVENT_SECONDS = 0.01  # how long the model takes for each piece, where it is slow: about 100 tokens a second
EMPTY = "def empty(request):\n    return 'ok'\n"


@contextmanager
def running() -> Iterator[Designer]:
    with running_database() as (cluster, url), running_designer(cluster, url) as designer:
        with psycopg.connect(url) as connection:
            connection.execute("update public.tier_limits set designs_per_day = 100000")
        yield designer


def call(designer: Designer, user: User, client: httpx.Client) -> None:
    answer = client.post(
        f"{designer.settings.functions_url}/functions/v1/aiDesignAssistant",
        json={"project_id": PROJECT},
        headers=designer.headers(user),
    )
    assert answer.status_code == 200, answer.text


def bare(designer: Designer, body: str, client: httpx.Client) -> None:
    """The same request to the model, its stream read to the end."""
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    with client.stream("POST", f"{designer.openai_url}/v1/chat/completions", content=body, headers=headers) as answer:
        assert sum(len(part) for part in answer.iter_raw()) > 0


def first_and_last(designer: Designer, user: User, client: httpx.Client) -> tuple[float, float]:
    """Milliseconds to the first block and to the end of the stream."""
    url = f"{designer.settings.functions_url}/functions/v1/aiDesignAssistant"
    started = time.perf_counter()
    headers = designer.headers(user, accept="text/event-stream")
    with client.stream("POST", url, json={"project_id": PROJECT}, headers=headers) as answer:
        parts = answer.iter_text()
        assert next(parts).startswith("event: block")
        first = time.perf_counter()
        assert "event: done" in "".join(parts)
    return (first - started) * 1000, (time.perf_counter() - started) * 1000


def milliseconds(do: Callable[[], None]) -> float:
    started = time.perf_counter()
    do()
    return (time.perf_counter() - started) * 1000


def cold_start(source: Path, target: str, signature: Sequence[str], environment: Mapping[str, str]) -> float:
    """Milliseconds from the start of the process to its first answer, whatever that is."""
    port = free_port()
    command = [sys.executable, "-m", "functions_framework", *signature, "--source", str(source), "--target", target]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                httpx.post(f"http://127.0.0.1:{port}/", timeout=30)
            except httpx.TransportError:
                time.sleep(0.005)
            else:
                return (time.perf_counter() - started) * 1000
    finally:
        process.terminate()  # its worker ends with it
        process.wait(10)


def starts(designer: Designer, times: int) -> list[tuple[str, float]]:
    own = {
        "PYTHONPATH": str(ROOT / "functions"),
        "SUPABASE_URL": designer.stack.url,
        "SUPABASE_PUBLISHABLE_KEY": designer.stack.publishable_key,
        "SUPABASE_SECRET_KEY": designer.stack.secret_key,
        "SUPABASE_JWT_SECRET": designer.stack.jwt_secret,
        "OPENAI_API_KEY": KEY,
        "OPENAI_API_URL": designer.openai_url,
    }
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "main.py"
        empty.write_text(EMPTY, encoding="utf-8")
        main = ROOT / "functions" / "main.py"
        kinds: dict[str, Callable[[], float]] = {
            "aiDesignAssistant": lambda: cold_start(main, "ai_design_assistant", ["--asgi"], own),
            "getSocialMetrics": lambda: cold_start(main, "get_social_metrics", ["--asgi"], own),
            "an empty function": lambda: cold_start(empty, "empty", [], {}),
        }
        # Turn by turn, so that whatever else the machine does strikes all; the first turn fills the disk's cache.
        turns = [{name: start() for name, start in kinds.items()} for _ in range(times + 1)][1:]
    return [(name, statistics.median(turn[name] for turn in turns)) for name in kinds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--starts", type=int, default=5)
    arguments = parser.parse_args()
    with running() as designer, httpx.Client(timeout=60) as client:
        ada = designer.seeded(1, "ada")
        call(designer, ada, client)
        body = designer.received(identifier(ada))[-1]["body"]
        turns = [
            (milliseconds(lambda: call(designer, ada, client)), milliseconds(lambda: bare(designer, body, client)))
            for _ in range(arguments.requests)
        ]
        designer.behave(identifier(ada), {"kind": "slow", "seconds": EVENT_SECONDS})
        streams = [first_and_last(designer, ada, client) for _ in range(5)]
        whole = [milliseconds(lambda: call(designer, ada, client)) for _ in range(5)]
        begun = starts(designer, arguments.starts)
    print_machine()
    handled, alone = (statistics.median(column) for column in zip(*turns, strict=True))
    rows = [("aiDesignAssistant", handled), ("the call to the model alone", alone), ("what is added", handled - alone)]
    print_table(f"a design, median of {arguments.requests}, ms", ("", "ms"), rows)
    first, last = (statistics.median(column) for column in zip(*streams, strict=True))
    rows = [("first block", first), ("last event", last), ("as one JSON answer", statistics.median(whole))]
    print_table(f"a model that takes {EVENT_SECONDS * 1000:.0f} ms a piece, median of 5, ms", ("", "ms"), rows)
    print_table("from the start of the process to its first answer, median, ms", ("", "ms"), begun)


if __name__ == "__main__":
    main()
