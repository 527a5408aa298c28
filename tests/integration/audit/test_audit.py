"""`make audit`, by its command line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg

from local.settings import ROOT

KEY = "ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"
WORKFLOW = """
name: Bad
on: pull_request_target
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: echo ${{ github.event.pull_request.title }}
      - run: echo ${{ nonsense.value }}
"""


def audit(*options: str, **variables: str) -> tuple[int, str]:
    """The exit status and the report."""
    finished = subprocess.run(
        [sys.executable, "-m", "ops.audit", *options],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stderr == ""
    return finished.returncode, finished.stdout


def verdict(report: str, check: str) -> str:
    """What the table at the top says of a check."""
    (row,) = (line for line in report.splitlines() if line.startswith(f"| {check} "))
    return row.split("|")[2].strip()


def repository(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    return str(folder)


def test_this_repository_has_no_secrets_and_sound_workflows() -> None:
    status, report = audit("--only", "repository")
    assert status == 0, report
    assert verdict(report, "Secrets in the repository") == verdict(report, "Workflows") == "fine"


def test_a_key_is_found_by_its_place_and_not_shown(tmp_path: Path) -> None:
    folder = repository(tmp_path, {"notes/todo.md": f"first\ntoken: {KEY}\n"})
    status, report = audit("--only", "repository", "--folder", folder)
    assert status == 1
    assert verdict(report, "Secrets in the repository") == "FIX"
    assert "notes/todo.md | 2 " in report
    assert KEY not in report


def test_what_is_wrong_in_a_workflow_is_found_by_both(tmp_path: Path) -> None:
    folder = repository(tmp_path, {".github/workflows/bad.yml": WORKFLOW})
    status, report = audit("--only", "repository", "--folder", folder)
    assert status == 1
    assert ".github/workflows/bad.yml:10" in report
    for problem in ("nonsense", "dangerous-triggers", "unpinned-uses", "template-injection"):
        assert problem in report


def test_an_unknown_key_in_dependabot_is_found(tmp_path: Path) -> None:
    text = (
        (ROOT / ".github" / "dependabot.yml").read_text().replace("package-ecosystem: pip", "package-ecosystem: pipp")
    )
    status, report = audit("--only", "repository", "--folder", repository(tmp_path, {".github/dependabot.yml": text}))
    assert (status, verdict(report, "Workflows")) == (1, "FIX")


def test_a_service_that_is_not_reachable_passes_for_nothing(tmp_path: Path) -> None:
    nowhere = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), "http://127.0.0.1:9")
    index = {"UV_DEFAULT_INDEX": "https://index.invalid/simple", "UV_CONFIG_FILE": "", "UV_FIND_LINKS": ""}
    caches = {"PIP_CACHE_DIR": str(tmp_path / "pip"), "UV_CACHE_DIR": str(tmp_path / "uv")}
    npm = {"npm_config_cache": str(tmp_path / "npm"), "npm_config_fetch_retries": "0"}
    status, report = audit(
        "--only", "dependencies", "--out", str(tmp_path / "audit.md"), **nowhere, **index, **caches, **npm
    )
    assert status == 2, report
    assert (tmp_path / "audit.md").read_text() == report
    for check in ("functions/requirements.txt", "local/requirements.txt", "local/package-lock.json"):
        assert verdict(report, f"Vulnerabilities, {check}") == "NOT CHECKED"


def test_the_database_report_shows_what_is_slow_unused_and_unguarded(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create index audit_never_used on public.projects (title)")
    url = f"{database}?sslmode=disable"
    status, report = audit("--only", "database", AUDIT_DATABASE_URL=url)
    assert status == 0, report
    assert verdict(report, "Supabase's advisors") == "fine"
    assert "audit_never_used" in report
    # Ten of the whole cluster, which other tests use too: any statement that took time will do.
    assert re.search(r"## Statements by their time in all.*\| *[a-z].*\d", report, re.DOTALL)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table public.unguarded (id int primary key)")
    status, report = audit("--only", "database", AUDIT_DATABASE_URL=url)
    assert (status, verdict(report, "Supabase's advisors")) == (1, "FIX")
    assert "public.unguarded" in report


def test_a_database_that_does_not_answer_is_said_without_its_password() -> None:
    address = f"postgresql://postgres:{'hidden'}@127.0.0.1:9/postgres?sslmode=disable"
    status, report = audit("--only", "database", AUDIT_DATABASE_URL=address)
    assert status == 2
    assert verdict(report, "Supabase's advisors") == "NOT CHECKED"
    assert "does not answer" in report
    assert "hidden" not in report
