"""What the real Supabase CLI sends for our deployment, from a checkout and a shell that are full of other values."""

import io
import json
import re
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree, ignore_patterns

import psycopg
import pytest

from local.postgres.migrations import MODULES, node_program
from local.settings import ROOT
from tests.support.cluster import PLATFORM, TestCluster
from tests.support.deployment import SECRETS, Deployment
from tests.support.vendors.management_api import (
    COMPUTE,
    PROJECT,
    REF,
    ManagementApi,
    Sent,
    running_management_api,
    sign_in,
)

CONFIG = tomllib.loads((ROOT / "supabase" / "config.toml").read_text(encoding="utf-8"))
ACCESS_TOKEN = f"sbp_{'0' * 40}"
# Of another project, or of `make up`: none of it may be sent.
STRAY = {
    "SUPABASE_API_MAX_ROWS": "7",
    "SUPABASE_AUTH_JWT_EXPIRY": "61",
    "SUPABASE_AUTH_SITE_URL": "http://stray.example.com",
    "SUPABASE_AUTH_ENABLE_SIGNUP": "false",
    "SUPABASE_STORAGE_FILE_SIZE_LIMIT": "1MiB",
    "SUPABASE_DB_MIGRATIONS_ENABLED": "false",
    "SUPABASE_COMPUTE_FUNCTIONS_SIZE": "16gb",
    "SUPABASE_PROJECT_ID": "stray",
    "SITE_URL": "http://stray.example.com",
    "GOOGLE_CLIENT_ID": "stray",
    "FUNCTIONS_BACKEND_URL": "http://stray.example.com",
    "STRIPE_API_URL": "http://stray.example.com",
}
SHELL = {**STRAY, "SUPABASE_WORKDIR": "/nonexistent", "SUPABASE_ENV": "production", "PGHOST": "stray.example.com"}
# The database alone is led elsewhere: the CLI asks for the project's own by name, on port 5432.
CLI = """#!{python}
import os, sys
words = sys.argv[1:]
if words[:2] == ["db", "push"]:
    words = ["--remote={database}" if word == "--remote={ref}" else word for word in words]
if words[:2] == ["db", "query"]:
    sys.exit(0)  # tests/sql/core/test_deployed_schedule.py
os.execv({node!r}, [{node!r}, {cli!r}, *words])
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this one, with .env files wherever somebody might have them."""
    copy = tmp_path / "checkout"
    left_out = ignore_patterns("node_modules", "__pycache__", ".env*")
    for name in ("local", "ops", "functions", "supabase"):
        copytree(ROOT / name, copy / name, ignore=left_out)
    (copy / "local" / "node_modules").symlink_to(MODULES)
    (copy / ".env.example").write_text((ROOT / ".env.example").read_text())
    stray = "".join(f"{name}={value}\n" for name, value in STRAY.items())
    for folder in ("", "supabase", "functions", "supabase/functions"):
        for name in (".env", ".env.local", ".env.development", ".env.production"):
            (copy / folder / name).write_text(stray)
    return copy


@pytest.fixture
def api() -> Iterator[ManagementApi]:
    with running_management_api() as running:
        yield running


@pytest.fixture
def database(cluster: TestCluster) -> Iterator[str]:
    with cluster.copy(PLATFORM) as url:
        yield url


@pytest.fixture
def real(deployment: Deployment, checkout: Path, api: ManagementApi, database: str) -> Deployment:
    """A deployment to Supabase Compute whose `supabase` is the real one."""
    sign_in(deployment.folder, api)
    cli = str(MODULES / "supabase" / "dist" / "supabase.js")
    program = {"python": sys.executable, "node": str(node_program()), "cli": cli}
    tool = deployment.folder / "supabase"
    tool.write_text(CLI.format(**program, ref=REF, database=f"{database}?sslmode=disable"))
    given = {"DEPLOY_AS": "compute", "SUPABASE_ACCESS_TOKEN": ACCESS_TOKEN}
    variables = {name: value for name, value in deployment.variables.items() if name != "GOOGLE_CLOUD_PROJECT"}
    return replace(deployment, variables={**variables, **given}, shell=SHELL, checkout=checkout)


def only(sent: list[Sent]) -> Sent:
    assert len(sent) == 1, sent
    return sent[0]


def test_supabase_is_sent_what_config_toml_says(real: Deployment, api: ManagementApi, database: str) -> None:
    done = real.run("--apply")
    assert done.returncode == 0, done.stdout + done.stderr
    assert real.calls() == [], "gcloud has nothing to do"
    check_configuration(api)
    check_secrets(api)
    check_compute(api)
    check_forwarders(api)
    with psycopg.connect(database) as connection:
        pushed = connection.execute("select version from supabase_migrations.schema_migrations order by 1").fetchall()
    assert [row[0] for row in pushed] == sorted(file.name[:14] for file in (ROOT / "supabase/migrations").glob("*.sql"))
    everything = b"".join(one.path.encode() + one.body for one in api.sent)
    assert b"stray" not in everything
    assert not [name for name, secret in SECRETS.items() if secret in done.stdout + done.stderr]


def check_configuration(api: ManagementApi) -> None:
    assert only(api.of("PATCH", f"{PROJECT}/postgrest")).json() == {"max_rows": CONFIG["api"]["max_rows"]}
    auth = only(api.of("PATCH", f"{PROJECT}/config/auth")).json()
    assert auth["site_url"] == "https://staging.example.com"
    assert auth["jwt_exp"] == CONFIG["auth"]["jwt_expiry"]
    assert auth["disable_signup"] is not CONFIG["auth"]["enable_signup"]
    assert auth["uri_allow_list"].split(",") == CONFIG["auth"]["additional_redirect_urls"]
    assert auth["external_google_client_id"] == "123.apps.googleusercontent.com"
    assert auth["external_google_secret"] == SECRETS["GOOGLE_CLIENT_SECRET"]
    assert auth["hook_before_user_created_uri"] == CONFIG["auth"]["hook"]["before_user_created"]["uri"]
    storage = only(api.of("PATCH", f"{PROJECT}/config/storage")).json()
    assert storage["fileSizeLimit"] == 256 * 1024 * 1024


def check_secrets(api: ManagementApi) -> None:
    sent = [{row["name"]: row["value"] for row in one.json()} for one in api.of("POST", f"{PROJECT}/secrets")]
    signing, functions, forwarders = sent
    assert list(signing) == ["STRIPE_WEBHOOK_SECRETS"]
    assert functions["STRIPE_WEBHOOK_SECRETS"] == signing["STRIPE_WEBHOOK_SECRETS"]
    assert functions["PROJECT_SECRET_KEY"] == SECRETS["SUPABASE_SECRET_KEY"]
    assert functions["PROJECT_PUBLISHABLE_KEY"] == "sb_publishable_anybody"
    assert functions["PROJECT_URL"].startswith("https://")
    assert functions["FUNCTIONS_BACKEND_SECRETS"] == SECRETS["FUNCTIONS_BACKEND_SECRET"]
    assert functions["SITE_URL"] == "https://staging.example.com"
    never = {"STRIPE_SETUP_KEY", "SUPABASE_DB_PASSWORD", "SUPABASE_ACCESS_TOKEN", "GOOGLE_CLIENT_SECRET"}
    assert not never & (functions.keys() | forwarders.keys())
    assert forwarders["FUNCTIONS_BACKEND_URL"] == f"https://{REF}.supabase.co/compute/v1/functions"
    assert forwarders["FUNCTIONS_BACKEND_SECRET"] == SECRETS["FUNCTIONS_BACKEND_SECRET"]


def check_compute(api: ManagementApi) -> None:
    """Room for a build context is asked for, it is put there, deployed by its id, and polled until it runs."""
    steps = [
        (one.method, one.path.partition("?")[0]) for one in api.sent if COMPUTE in one.path or "context" in one.path
    ]
    assert steps == [
        ("POST", f"{COMPUTE}/uploads"),
        ("PUT", "/context"),
        ("POST", f"{COMPUTE}/deploy"),
        *[("GET", COMPUTE)] * 3,
    ]
    asked = only(api.of("POST", f"{COMPUTE}/deploy")).json()["data"]["attributes"]
    assert asked["context_upload_id"] == "upload"
    assert asked["spec"] == {"exposure": "public", "instances": 1, "size": "2gb-1vcpu"}
    context = only(api.of("PUT", "/context"))
    with tarfile.open(fileobj=io.BytesIO(context.body), mode="r:gz") as archive:
        names = {name.removeprefix("./") for name in archive.getnames()}
    assert {"Dockerfile", "main.py", "requirements.txt", "showcase/routes.py"} <= names
    assert not [name for name in names if ".env" in name or "__pycache__" in name]


def check_forwarders(api: ManagementApi) -> None:
    deployed = {one.path.partition("slug=")[2].partition("&")[0]: one.body.decode("latin-1") for one in uploads(api)}
    assert deployed.keys() == CONFIG["functions"].keys()
    for name, body in deployed.items():
        metadata = json.loads(re.search(r"name=\"metadata\"[^\n]*\r\n(?:[^\n]+\r\n)*\r\n(\{.*?\})\r\n", body)[1])  # type: ignore[index]
        assert metadata["verify_jwt"] is CONFIG["functions"][name]["verify_jwt"], name


def uploads(api: ManagementApi) -> list[Sent]:
    return api.of("POST", f"{PROJECT}/functions/deploy")


def test_without_our_care_the_stray_values_would_be_sent(checkout: Path, api: ManagementApi, tmp_path: Path) -> None:
    """What the CLI does by itself: where it stops, local/stack/supabase_cli.py can go."""
    sign_in(tmp_path, api)
    machine = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "SUPABASE_ACCESS_TOKEN": ACCESS_TOKEN}
    machine |= {"GOOGLE_CLIENT_SECRET": "secret"}
    cli = [str(node_program()), str(MODULES / "supabase" / "dist" / "supabase.js")]
    push = [*cli, "config", "push", f"--remote={REF}", "--yes"]
    done = subprocess.run(push, cwd=checkout, env=machine, capture_output=True, text=True, check=False)
    sent = [one.json() for one in api.of("PATCH", f"{PROJECT}/postgrest")]
    assert sent == [{"max_rows": 7}], done.stdout + done.stderr
