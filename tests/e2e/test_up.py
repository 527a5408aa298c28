"""`make up`: what it starts, that it keeps what was stored, and that it leaves nothing behind however it ends."""

import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from local.settings import ROOT
from local.stack.welcome import SEEDED_PROJECT
from tests.support import plain_http
from tests.support.ports import free_port
from tests.support.stack import Stack
from tests.support.up import Up, own_environment

PARTS = {
    "gateway": "GATEWAY_PORT",
    "google": "IDENTITY_PORT",
    "github": "GITHUB_SIMULATOR_PORT",
    "functions": "FUNCTIONS_PORT",
}


@pytest.fixture(scope="session")
def kept() -> Iterator[Up]:
    """One state folder for the tests of this process: each finds what the one before it left, running or not."""
    with tempfile.TemporaryDirectory(prefix="showcase-up-") as folder:
        Path(folder).chmod(0o755)
        up = Up(Path(folder) / "state", own_environment(Path(folder) / "state"))
        try:
            yield up
            if up.process is not None and up.process.poll() is None:
                up.press_ctrl_c()
        finally:
            up.remove()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Up]:
    site = {"SITE": "true", "SITE_URL": f"http://127.0.0.1:{free_port()}"}
    up = Up(tmp_path / "state", own_environment(tmp_path / "state", **site))
    yield up
    up.remove()
    assert not list(up.state.iterdir())


def test_first_start_to_first_answers_and_what_is_stored_survives(fresh: Up) -> None:
    fresh.start()
    assert {project["title"] for project in fresh.projects().json()} >= {"Analytical Engine", "Compiler"}
    assert github_numbers(fresh)["counts"]["stars"] > 0
    deadline = time.monotonic() + 120
    while github_numbers(fresh)["stale"]:  # where cron has the lease just now, or the machine too much to do
        assert time.monotonic() < deadline, fresh.said
        time.sleep(0.2)
    key = fresh.key("supabase_secret_key")
    renamed = plain_http.patch(
        f"{fresh.url}/rest/v1/projects?id=eq.{SEEDED_PROJECT}",
        json={"title": "Difference Engine"},
        headers={"apikey": key, "authorization": f"Bearer {key}"},
    )
    assert renamed.is_success, renamed.text
    site = plain_http.get(f"{fresh.environment['SITE_URL']}/ada")
    assert fresh.key("supabase_publishable_key") in site.text
    assert site.headers["content-type"].startswith("text/html")
    stored = plain_http.post(
        f"{fresh.url}/storage/v1/object/avatars/00000000-0000-4000-8000-000000000001/a.png",
        content=b"png",
        headers={"apikey": key, "authorization": f"Bearer {key}", "content-type": "image/png"},
    )
    assert stored.is_success, stored.text
    assert open_to_others(fresh.state) == []

    begun = time.monotonic()
    assert fresh.press_ctrl_c() == 0
    stopped = time.monotonic() - begun
    fresh.assert_nothing_left()
    assert fresh.said.rstrip().endswith("Stopped. What was stored is kept for the next start.")

    first = fresh.seconds
    fresh.start()
    print(f"first start {first:.1f} s, stop {stopped:.1f} s, second start {fresh.seconds:.1f} s")  # noqa: T201 shown with -rP
    assert "Difference Engine" in {project["title"] for project in fresh.projects().json()}
    assert fresh.key("supabase_secret_key") == key
    fresh.press_ctrl_c()
    fresh.assert_nothing_left()


def github_numbers(up: Up) -> Any:
    answer = plain_http.post(f"{up.url}/functions/v1/getSocialMetrics", json={"project_id": SEEDED_PROJECT}, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.json()["platforms"]["github"]


def open_to_others(state: Path) -> list[Path]:
    """Whatever another user of the machine could read, whatever the folder above it allows."""
    kept = [path for path in (state, *state.rglob("*")) if not path.is_symlink()]
    assert {state / "logs" / "stack.log", state / "keys.json"} < set(kept)
    assert any(path.is_file() for path in (state / "storage").rglob("*"))
    return [path for path in kept if stat.S_IMODE(path.stat().st_mode) & 0o077]


@pytest.mark.parametrize("part", ["postgres", *PARTS])
def test_a_part_that_is_killed_is_started_again(kept: Up, part: str) -> None:
    kept.ensure_started()
    restarts = kept.said.count("started again")
    former = victim(kept, part)
    former.kill()
    deadline = time.monotonic() + 60
    while kept.said.count("started again") == restarts or not up_again(kept, part, former.pid):
        assert time.monotonic() < deadline, kept.said
        time.sleep(0.1)


def test_what_was_started_again_ends_with_the_rest(kept: Up) -> None:
    kept.ensure_started()
    kept.press_ctrl_c()
    kept.assert_nothing_left()


def up_again(up: Up, part: str, former: int) -> bool:
    try:
        answers = up.projects().is_success
        return answers and victim(up, part).pid != former
    except (OSError, ValueError, httpx.TransportError):  # not yet
        return False


@pytest.mark.parametrize("part", ["supervisor", "reaper"])
def test_killing_what_keeps_the_parts_leaves_nothing_and_the_next_start_works(kept: Up, part: str) -> None:
    kept.ensure_started()
    victim(kept, part).kill()
    kept.assert_nothing_left()
    if part != "supervisor":
        assert "everything was stopped" in kept.said.splitlines()[-1]
    kept.start()
    assert kept.projects().status_code == 200


def victim(up: Up, part: str) -> psutil.Process:
    assert up.process is not None
    if part in PARTS:
        return up.listener(PARTS[part])
    if part == "postgres":
        return psutil.Process(up.postmaster)
    supervisor = psutil.Process(up.process.pid)
    if part == "supervisor":
        return supervisor
    (reaper,) = (child for child in supervisor.children() if "local.stack.reaper" in child.cmdline())
    return reaper


def test_a_second_stack_on_the_same_folder_is_refused(kept: Up) -> None:
    kept.ensure_started()
    second = run_up({**kept.environment})
    assert second.returncode == 1
    assert one_line(second).startswith(
        f"showcase: The stack is running already (process {kept.process and kept.process.pid})"
    )
    assert kept.projects().status_code == 200


def test_a_busy_port_is_named_before_anything_is_started(tmp_path: Path) -> None:
    environment = own_environment(tmp_path / "state")
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ended = run_up({**environment, "IDENTITY_PORT": str(port)})
    assert ended.returncode == 1
    line = one_line(ended)
    assert f"Port {port} (google) is in use" in line
    assert "set IDENTITY_PORT to another port" in line
    assert not (tmp_path / "state" / "pgdata").exists()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"STACK": "docker"}, "STACK=docker is for the tests"),
        ({"STACK": "hosted"}, "needs SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY"),
        (
            {
                "STACK": "hosted",
                "SUPABASE_URL": "http://127.0.0.1:1",
                "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_a",
                "SUPABASE_SECRET_KEY": "sb_secret_a",
            },
            "SUPABASE_URL does not answer",
        ),
        ({"STACK": "elsewhere"}, "STACK: "),
        ({"GATEWAY_PORT": "70000"}, "GATEWAY_PORT: "),
    ],
)
def test_a_wrong_setting_is_one_clear_line(tmp_path: Path, variables: dict[str, str], said: str) -> None:
    ended = run_up(own_environment(tmp_path / "state", **variables))
    assert ended.returncode == 1
    assert said in one_line(ended)


def test_hosted_runs_the_functions_against_a_project(tmp_path: Path, stack: Stack) -> None:
    project = {
        "STACK": "hosted",
        "SUPABASE_URL": stack.url,
        "SUPABASE_PUBLISHABLE_KEY": stack.publishable_key,
        "SUPABASE_SECRET_KEY": stack.secret_key,
        "SUPABASE_JWT_SECRET": stack.jwt_secret,
    }
    up = Up(tmp_path / "state", own_environment(tmp_path / "state", **project))
    up.launch()
    try:
        deadline = time.monotonic() + 60
        while "is ready after" not in up.said:
            assert time.monotonic() < deadline, up.said
            time.sleep(0.1)
        assert stack.secret_key not in up.said
        url = f"http://127.0.0.1:{up.port('FUNCTIONS_PORT')}/functions/v1/getSocialMetrics"
        answer = plain_http.post(url, json={"project_id": SEEDED_PROJECT}, timeout=20)
        assert answer.json()["platforms"]["github"]["counts"]["stars"] > 0
        assert not (up.state / "pgdata").exists()
        assert up.press_ctrl_c() == 0
        up.assert_nothing_left()
    finally:
        up.remove()


def test_an_old_python_is_one_clear_line(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    ended = subprocess.run(["make", f"PYTHON={old}", "up"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode
    assert ended.stderr.splitlines()[0].startswith(f"showcase: {old} is not Python 3.11 or newer")


def run_up(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        up = Up(Path(folder) / "state", environment)
        ended = up.launch()
        code = ended.wait(60)
        return subprocess.CompletedProcess(ended.args, code, up.said)


def one_line(ended: subprocess.CompletedProcess[str]) -> str:
    """What is said beside the steps."""
    lines = [line for line in ended.stdout.splitlines() if line.strip() and not line.startswith("  ")]
    assert len(lines) == 1, ended.stdout
    return lines[0]
