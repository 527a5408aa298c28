"""STACK=supabase: how the managed stack is started and read, by a program in the CLI's place, and offline."""

import json
import sys
from pathlib import Path

import pytest

from local.settings import ROOT, Settings, new_keys
from local.stack import managed_stack
from local.stack.managed_stack import MIRROR, ManagedStack
from local.stack.services import services
from local.stack.state_lock import StackError
from tests.support.cluster import TestCluster
from tests.support.stack import free_settings, state_folder

# Keeps how it was called, and answers as CLI 3.1 does: dotenv lines, quoted.
PROGRAM = """
import json, os, sys
from pathlib import Path
with open({calls!r}, "a") as calls:
    calls.write(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd(), os.listdir("supabase")]) + "\\n")
if sys.argv[1:3] == ["stack", "status"]:
    print(Path({status!r}).read_text())
sys.exit({code})
"""
STATUS = """API_URL="http://127.0.0.1:54325"
DB_URL="postgresql://postgres:postgres@127.0.0.1:54322/postgres"
PUBLISHABLE_KEY="sb_publishable_x"
SECRET_KEY="sb_secret_$x"
"""


@pytest.fixture
def settings(cluster: TestCluster) -> Settings:
    return free_settings(state_folder(cluster)).model_copy(update={"stack": "supabase"})


def program(folder: Path, status: str = STATUS, code: int = 0) -> tuple[str, ...]:
    (folder / "status").write_text(status)
    file = folder / "cli.py"
    file.write_text(PROGRAM.format(calls=str(folder / "calls"), status=str(folder / "status"), code=code))
    return sys.executable, str(file)


def test_it_is_started_with_what_it_needs_and_read_as_it_reports_itself(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPABASE_AUTH_SITE_URL", "http://stray.example.com")
    cli = program(tmp_path)
    started = managed_stack.start(settings, cli)
    assert started == ManagedStack(
        "http://127.0.0.1:54325",
        "postgresql://postgres:postgres@127.0.0.1:54322/postgres",
        "sb_publishable_x",
        "sb_secret_$x",
    )
    managed_stack.stop(settings, cli)
    (start, status, stop) = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    assert start[0][:4] == ["stack", "start", "--runtime=native", "--eager"]
    assert status[0] == ["stack", "status", "--env", "--output-format=text"]
    assert stop[0] == ["stack", "stop"]
    for _, environment, folder, files in (start, status, stop):
        assert environment["SUPABASE_EXPERIMENTAL_STACK"] == "1"
        assert environment["SUPABASE_AUTH_JWT_SECRET"] == settings.supabase_jwt_secret
        assert "SUPABASE_AUTH_SITE_URL" not in environment
        assert Path(folder) == settings.state_folder / "supabase-stack"
        assert files == ["config.toml"]
    written = settings.state_folder / "supabase-stack" / "supabase" / "config.toml"
    assert written.read_text() == (ROOT / "supabase" / "config.toml").read_text()


def test_a_report_without_a_key_is_named(settings: Settings, tmp_path: Path) -> None:
    cli = program(tmp_path, STATUS.replace("SECRET_KEY", "OTHER"))
    with pytest.raises(StackError, match="says nothing of SECRET_KEY"):
        managed_stack.start(settings, cli)


def test_a_start_that_fails_is_reported(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="stack start failed"):
        managed_stack.start(settings, program(tmp_path, code=1))


def test_a_stack_that_is_not_there_is_forgotten_too(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the real CLI: as after a start that failed."""
    monkeypatch.setenv("HOME", str(tmp_path))
    managed_stack.destroy(settings)
    folder = settings.state_folder / "supabase-stack"
    (folder / "supabase").mkdir(parents=True)
    managed_stack.destroy(settings)
    assert not folder.exists()


def test_a_stack_that_cannot_be_destroyed_is_not_forgotten(settings: Settings, tmp_path: Path) -> None:
    folder = settings.state_folder / "supabase-stack"
    (folder / "supabase").mkdir(parents=True)
    with pytest.raises(StackError, match="stack destroy failed"):
        managed_stack.destroy(settings, program(tmp_path, code=1))
    assert folder.exists()


@pytest.mark.parametrize("stack", ["docker", "supabase", "hosted"])
def test_no_other_stack_starts_the_embedded_gateway(settings: Settings, stack: str) -> None:
    """It would listen on the port of the front."""
    chosen = settings.model_copy(update={"stack": stack, **new_keys()})
    names = {service.name for service in services(chosen, "postgresql://127.0.0.1:1/postgres")}
    assert not {"gateway", "google"} & names
    assert "functions" in names


@pytest.mark.slow  # the CLI tries for 16 s
def test_offline_is_one_line_and_names_the_embedded_stack(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR, "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(StackError) as refused:
        managed_stack.start(settings)
    assert "STACK=embedded" in str(refused.value)
    assert "\n" not in str(refused.value)
