"""What is missing is named, all of it, before anything runs; and what a dry run shows."""

from pathlib import Path

import pytest

from tests.support.deployment import SECRETS, Deployment, variables


@pytest.fixture
def dry(tmp_path: Path) -> Deployment:
    ready = Deployment(tmp_path, variables())
    ready.install("supabase", "gcloud")
    return ready


def test_a_dry_run_shows_every_command_and_runs_none(dry: Deployment) -> None:
    shown = dry.run()
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert dry.calls() == []
    for part in ("supabase db push --remote=abcdefghijklmnopqrst", "gcloud run deploy showcase-staging", "db query"):
        assert part in shown.stdout
    assert '<<< "$SUPABASE_SECRET_KEY"' in shown.stdout
    assert not [name for name, secret in SECRETS.items() if secret in shown.stdout]


@pytest.mark.parametrize("apply", [True, False])
def test_all_that_is_missing_is_named_at_once_and_nothing_runs(dry: Deployment, apply: bool) -> None:
    for name in ("SUPABASE_DB_PASSWORD", "STRIPE_SECRET_KEY", "FUNCTIONS_BACKEND_SECRET"):
        del dry.variables[name]
    dry.variables.update(LOG_LEVEL="hunter2", SENDGRID_TEMPLATE_IDS="{hunter2", DESIGN_SECONDS="149")
    dry.refuse("auth print-access-token")
    refused = dry.run(*(["--apply"] if apply else []))
    assert refused.returncode == 1
    for line in (
        "SUPABASE_DB_PASSWORD: missing",
        "STRIPE_SECRET_KEY: missing",
        "FUNCTIONS_BACKEND_SECRET: missing",
        "LOG_LEVEL: String should match",
        "SENDGRID_TEMPLATE_IDS: Value error, not JSON",
        "DESIGN_SECONDS: aiDesignAssistant is given 150 s",
        "gcloud: not signed in; run: gcloud auth login",
    ):
        assert line in refused.stderr
    assert "hunter2" not in refused.stderr
    assert dry.calls() == []


def test_a_tool_that_is_missing_is_named(tmp_path: Path) -> None:
    dry = Deployment(tmp_path, variables())
    dry.install("supabase")
    refused = dry.run("--apply", path="/nonexistent")
    assert refused.returncode == 1
    assert "gcloud: not found; https://" in refused.stderr
    assert dry.calls() == []


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"SUPABASE_URL": "https://zzzzzzzzzzzzzzzzzzzz.supabase.co"}, "SUPABASE_URL: leads to another project"),
        ({"STRIPE_SECRET_KEY": "sk_live_hunter2"}, "STRIPE_SECRET_KEY: staging takes a key of Stripe's test mode"),
        ({"SITE_URL": "http://example.com"}, "SITE_URL: not an https address"),
        ({"FUNCTIONS_BACKEND_AUTH": "google"}, "GOOGLE_SERVICE_ACCOUNT_KEY: missing"),
        ({"FUNCTIONS_BACKEND_AUTH": "google", "FUNCTIONS_BACKEND_SECRETS": "s" * 32}, "no forwarder shows one"),
        ({"FUNCTIONS_BACKEND_SECRETS": "s" * 32}, "FUNCTIONS_BACKEND_SECRET is not among them"),
        (
            {"FUNCTIONS_BACKEND_AUTH": "google", "GOOGLE_SERVICE_ACCOUNT_KEY": '{\n"a": 1}'},
            "GOOGLE_SERVICE_ACCOUNT_KEY: no single quotes, no line breaks",
        ),
        ({"FUNCTIONS_BACKEND_SECRET": "short"}, "FUNCTIONS_BACKEND_SECRET: Value should have at least 32"),
    ],
)
def test_what_belongs_elsewhere_is_named(dry: Deployment, given: dict[str, str], line: str) -> None:
    dry.variables.update(given)
    refused = dry.run("--apply")
    assert refused.returncode == 1
    assert line in refused.stderr
    assert dry.calls() == []


def test_a_secret_that_is_left_over_closes_no_door(dry: Deployment) -> None:
    """The forwarders show Google's token now: functions that asked for the secret would answer nobody."""
    dry.variables.update(FUNCTIONS_BACKEND_AUTH="google", GOOGLE_SERVICE_ACCOUNT_KEY="{}")
    assert "FUNCTIONS_BACKEND_SECRET" in dry.variables
    shown = dry.run()
    assert shown.returncode == 0, shown.stderr
    assert "--no-allow-unauthenticated" in shown.stdout
    assert "FUNCTIONS_BACKEND_SECRETS" not in shown.stdout


def test_without_setup_keys_webhooks_are_made_by_hand_and_their_secret_is_needed(dry: Deployment) -> None:
    for name in ("STRIPE_SETUP_KEY", "SENDGRID_SETUP_KEY"):
        del dry.variables[name]
    refused = dry.run()
    assert refused.returncode == 1
    assert "STRIPE_WEBHOOK_SECRETS: missing" in refused.stderr
    dry.variables["STRIPE_WEBHOOK_SECRETS"] = "whsec_hunter2"
    shown = dry.run()
    assert shown.returncode == 0
    assert "Secret Manager: STRIPE_WEBHOOK_SECRETS" in shown.stdout
    assert "Stripe's webhook endpoint" not in shown.stdout
