"""The variables: all documented, none secret in the repository, and what `make secrets-check` says of them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from local.settings import ROOT, documented_variables
from ops.secrets_check import readers
from ops.variables import variables_of

# Of local.settings.Settings: filled in by code.
NOT_VARIABLES = {"VENDORS", "FUNCTIONS_ENVIRONMENT", "SUPABASE_JWT_SIGNING_KEY"}  # the last is local Auth's alone
# Keys of every service that is used here, as they come.
KEY = re.compile(
    r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{24,}|whsec_[A-Za-z0-9]{24,}|SG\.[\w-]{16,}\.[\w-]{16,}|ghp_[A-Za-z0-9]{36}"
    r"|github_pat_\w{40,}|sb_secret_[\w-]{20,}|sbp_[0-9a-f]{40}|GOCSPX-[\w-]{20,}|sk-(?:proj-)?[\w-]{32,}"
    r"|AIza[\w-]{35}|ya29\.[\w-]{30,}|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}"
)

# Texts that look like keys are its subject.
MADE_UP = "tests/unit/design/test_prompt_leaks.py"


def check(folder: Path, environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops.secrets_check", environment, f"--variables={folder}"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": "functions"},
        capture_output=True,
        text=True,
        check=False,
    )


def tracked() -> list[str]:
    return subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")


def test_each_documented_variable_is_read_and_each_that_is_read_is_documented() -> None:
    read = {variable.name for model in readers() for variable in variables_of(model)} - NOT_VARIABLES
    documented = documented_variables()
    assert len(documented) == len(set(documented))
    assert set(documented) == read


def test_each_documented_variable_has_a_comment() -> None:
    """Above it, or above those that it follows without an empty line."""
    sections = re.split(r"\n\s*\n", (ROOT / ".env.example").read_text())
    assert not [section for section in sections if not section.lstrip().startswith("#")]


def test_the_example_holds_no_secret() -> None:
    secret = {variable.name for model in readers() for variable in variables_of(model) if variable.secret}
    lines = [line.partition("=") for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line]
    assert not [name for name, _, value in lines if name in secret and value]


def test_nothing_tracked_looks_like_a_key() -> None:
    found = []
    for name in filter(None, tracked()):
        file = ROOT / name
        if name != MADE_UP and file.is_file() and KEY.search(file.read_text(encoding="utf-8", errors="ignore")):
            found.append(name)
    assert found == []


@pytest.mark.parametrize("name", [".env", ".env.staging", ".env.production", ".env.local"])
def test_files_of_variables_are_ignored(name: str) -> None:
    assert subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT, check=False).returncode == 0
    assert name not in tracked()


def test_a_check_names_what_is_missing_or_malformed_and_shows_no_value(tmp_path: Path) -> None:
    (tmp_path / ".env.staging").write_text("SUPABASE_URL=hunter2\nSTRIPE_SECRET_KEY=hunter2\nDEPLOY_AS=hunter2\n")
    said = check(tmp_path, "staging")
    assert said.returncode == 1
    assert re.search(r"^STRIPE_SECRET_KEY +secret +set +billing: functions/.*/settings.py$", said.stdout, re.MULTILINE)
    assert re.search(r"^SUPABASE_SECRET_KEY +secret +MISSING ", said.stdout, re.MULTILINE)
    for line in ("SUPABASE_URL: Input should be a valid URL", "DEPLOY_AS: Input should be", "SITE_URL: missing"):
        assert line in said.stderr
    assert "hunter2" not in said.stdout + said.stderr


def test_nothing_is_needed_locally_and_what_is_malformed_is_named(tmp_path: Path) -> None:
    assert check(tmp_path, "local").returncode == 0
    (tmp_path / ".env").write_text("GATEWAY_PORT=hunter2\n")
    said = check(tmp_path, "local")
    assert said.returncode == 1
    assert "GATEWAY_PORT: Input should be a valid integer" in said.stderr
    assert "hunter2" not in said.stdout + said.stderr
