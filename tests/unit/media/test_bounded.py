"""The process that a file is checked in: what it may use, what it may see, and when it ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
import uvloop
from showcase.errors import ServiceUnavailable
from showcase.media.checks.bounded import Limits, open_result, run_bounded
from showcase.media.domain import Reason, Refused

MIB = 1024**2
LIMITS = Limits(seconds=60, cpu_seconds=20, memory_bytes=512 * MIB, file_bytes=8 * MIB)
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces this limit of memory")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits")


def run(job: str, folder: Path, limits: Limits = LIMITS, **arguments: Any) -> Mapping[str, Any]:
    return asyncio.run(run_bounded(f"tests.support.files.check_jobs:{job}", folder, limits, **arguments))


def refusal(job: str, folder: Path, limits: Limits = LIMITS) -> Reason:
    with pytest.raises(Refused) as refused:
        run(job, folder, limits)
    return refused.value.reason


def test_it_reads_and_writes_in_its_folder_and_answers(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(b"abc")
    assert run("answer", tmp_path, number=1, text="é") == {"number": 1, "text": "é"}
    with open_result(tmp_path / "output") as file:
        assert file.read() == b"cba"


def test_it_inherits_no_secret_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_SECRET_KEY", "secret")
    read, write = os.pipe()
    try:
        os.set_inheritable(write, True)
        found = run("environment", tmp_path)
    finally:
        os.close(read)
        os.close(write)
    assert set(found["names"]) <= {
        *("PATH", "LD_LIBRARY_PATH", "TMPDIR", "TEMP", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LC_CTYPE")
    }
    assert len([number for number in found["files"] if number > 2]) <= 1  # the folder that is being listed


def test_requests_go_before_it(tmp_path: Path) -> None:
    assert run("priority", tmp_path)["nice"] >= 10


def test_its_refusal_is_passed_on(tmp_path: Path) -> None:
    assert refusal("refuse", tmp_path) is Reason.WRONG_TYPE


@pytest.mark.parametrize("job", ["stumble", "crash"])
def test_a_decoder_that_raises_or_crashes_had_a_damaged_file(tmp_path: Path, job: str) -> None:
    assert refusal(job, tmp_path) is Reason.DAMAGED


def test_processor_time_ends(tmp_path: Path) -> None:
    start = time.monotonic()
    assert refusal("spin", tmp_path, replace(LIMITS, cpu_seconds=1)) is Reason.TOO_COMPLEX
    assert time.monotonic() - start < 50


@ON_LINUX
def test_memory_ends(tmp_path: Path) -> None:
    assert refusal("hoard", tmp_path) is Reason.TOO_COMPLEX


@ON_LINUX
def test_memory_ends_for_libraries_too(tmp_path: Path) -> None:
    assert refusal("hoard_outside_python", tmp_path) is Reason.DAMAGED


def test_the_disk_is_not_filled(tmp_path: Path) -> None:
    assert refusal("flood", tmp_path) is Reason.DAMAGED
    assert (tmp_path / "output").stat().st_size <= 8 * MIB


@pytest.mark.parametrize(("job", "seconds"), [("be_killed", 60.0), ("sleep", 2.0)])
def test_what_the_machine_ended_may_be_tried_again(tmp_path: Path, job: str, seconds: float) -> None:
    with pytest.raises(ServiceUnavailable) as refused:
        run(job, tmp_path, replace(LIMITS, seconds=seconds))
    assert (refused.value.code, "Retry-After" in refused.value.headers) == ("check_interrupted", True)


def test_a_link_is_no_result(tmp_path: Path) -> None:
    run("link", tmp_path)
    with pytest.raises(OSError, match="symbolic link"):
        open_result(tmp_path / "output")


def pid(folder: Path) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (folder / "pid").exists() and (text := (folder / "pid").read_text()):
            return int(text)
        time.sleep(0.02)
    raise AssertionError("it did not begin")


def wait_until_gone(process: int) -> None:
    deadline = time.monotonic() + 60
    while psutil.pid_exists(process):
        assert time.monotonic() < deadline, "it goes on"
        time.sleep(0.02)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_it_ends_with_its_request(tmp_path: Path, loop: Any) -> None:
    async def hang_up() -> int:
        task = asyncio.create_task(run_bounded("tests.support.files.check_jobs:sleep", tmp_path, LIMITS))
        process = await asyncio.to_thread(pid, tmp_path)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return process

    with asyncio.Runner(loop_factory=loop) as runner:
        assert not psutil.pid_exists(runner.run(hang_up()))


def test_it_ends_where_its_parent_was_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, "-m", "tests.support.files.check_jobs", str(tmp_path)], env=environment)
    process = pid(tmp_path)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait_until_gone(process)
