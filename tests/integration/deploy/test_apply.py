"""The whole deployment, run as `make deploy` runs it: real processes, recorded by fakes of the tools."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from showcase.billing.event_types import EVENT_TYPES
from showcase.billing.stripe_api import API_VERSION

from tests.support.cluster import TestCluster
from tests.support.deployment import SECRETS, Call, Deployment, ready_deployment
from tests.support.vendors.simulators import running_simulator

WEBHOOKS = "/v3/user/webhooks/event/settings/all"
STRIPE = {"Authorization": "Bearer sk_test_any"}


@dataclass(frozen=True)
class Applied:
    """A deployment that was made, how it ended, and its vendors."""

    deployment: Deployment
    done: subprocess.CompletedProcess[str]
    stripe: httpx.Client
    sendgrid: httpx.Client


@pytest.fixture(scope="module")
def applied(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    """For tests that only look at what it did."""
    folder = tmp_path_factory.mktemp("applied")
    with (
        running_simulator("stripe", cluster, folder) as stripe,
        running_simulator("sendgrid", cluster, folder) as sendgrid,
        ready_deployment(folder, stripe, sendgrid) as deployment,
    ):
        done = deployment.run("--apply")
        assert done.returncode == 0, done.stdout + done.stderr
        yield Applied(deployment, done, stripe, sendgrid)


def find(calls: list[Call], text: str) -> Call:
    found = [call for call in calls if text in call.text]
    assert len(found) == 1, f"{text}: {len(found)} calls"
    return found[0]


def endpoints(stripe: httpx.Client) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = stripe.get("/v1/webhook_endpoints", headers=STRIPE).json()["data"]
    return listed


def test_schema_webhooks_secrets_functions_forwarders_schedule(applied: Applied) -> None:
    assert "staging runs v1.2.3" in applied.done.stdout
    order = [
        *("db push", "config push", "versions add showcase-staging-STRIPE_WEBHOOK_SECRETS"),
        *("versions add showcase-staging-STRIPE_SECRET_KEY", "gcloud run deploy"),
        *("run services update-traffic showcase-staging --to-latest", "run services describe"),
        *("supabase secrets set", "functions deploy --use-api", "db query"),
    ]
    texts = [call.text for call in applied.deployment.calls()]
    places = [next(place for place, text in enumerate(texts) if part in text) for part in order]
    assert places == sorted(places)


def test_each_tool_gets_what_it_is_meant_to_have_and_no_secret_as_an_argument(applied: Applied) -> None:
    deployment, done = applied.deployment, applied.done
    calls = deployment.calls(checks=True)
    webhook_secret = deployment.stored("STRIPE_WEBHOOK_SECRETS")
    assert webhook_secret.startswith("whsec_")
    for secret in (*SECRETS.values(), webhook_secret):
        assert secret not in done.stdout + done.stderr
        assert not [call.text for call in calls if secret in call.text]
    for call in calls:
        assert {mode for _, mode in call.files.values()} <= {"0o600"}
        if call.argv[0] == "gcloud":
            assert not SECRETS.keys() & call.env.keys()
        else:
            assert call.env["SUPABASE_ACCESS_TOKEN"] == SECRETS["SUPABASE_ACCESS_TOKEN"]
            assert not {"STRIPE_SECRET_KEY", "SUPABASE_SECRET_KEY"} & call.env.keys()
            assert "link" not in call.argv
    assert find(calls, "config push").env["GOOGLE_CLIENT_SECRET"] == SECRETS["GOOGLE_CLIENT_SECRET"]
    assert deployment.stored("SUPABASE_SECRET_KEY") == SECRETS["SUPABASE_SECRET_KEY"]


def test_the_service_is_told_where_its_secrets_are_and_the_forwarders_where_it_is(applied: Applied) -> None:
    calls = applied.deployment.calls()
    service = find(calls, "gcloud run deploy")
    ((plain, _),) = service.files.values()
    reported = json.loads(plain)
    assert reported["SITE_URL"] == "https://staging.example.com"
    assert reported["ENVIRONMENT"] == "staging"
    assert reported["SENDGRID_WEBHOOK_PUBLIC_KEYS"] == applied.sendgrid.get("/_simulator/webhook").json()["public_key"]
    (secrets,) = [word for word in service.argv if word.startswith("--set-secrets=")]
    named = {pair.partition("=")[0] for pair in secrets.removeprefix("--set-secrets=").split(",")}
    assert {"SUPABASE_SECRET_KEY", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS"} <= named
    assert not named & reported.keys()
    never = {"STRIPE_SETUP_KEY", "SENDGRID_SETUP_KEY", "SUPABASE_DB_PASSWORD", "GOOGLE_CLIENT_SECRET"}
    assert not never & (named | reported.keys())
    ((forwarders, _),) = find(calls, "supabase secrets set").files.values()
    assert "FUNCTIONS_BACKEND_URL='https://showcase-staging-abc.a.run.app'\n" in forwarders
    assert f"FUNCTIONS_BACKEND_SECRET='{SECRETS['FUNCTIONS_BACKEND_SECRET']}'\n" in forwarders


def test_the_vendors_are_told_where_to_send_events(applied: Applied) -> None:
    origin = applied.deployment.variables["SUPABASE_URL"]
    (endpoint,) = endpoints(applied.stripe)
    assert endpoint["url"] == f"{origin}/functions/v1/webhooks/stripe"
    assert set(endpoint["enabled_events"]) == set(EVENT_TYPES)
    assert endpoint["api_version"] == API_VERSION
    listed = applied.sendgrid.get(WEBHOOKS, headers={"Authorization": "Bearer SG.any"}).json()
    (webhook,) = listed["webhooks"]
    assert webhook["url"] == f"{origin}/functions/v1/webhooks/sendgrid"
    assert webhook["bounce"]
    assert not webhook["open"]


def test_twice_is_as_once(deployment: Deployment, stripe: httpx.Client, sendgrid: httpx.Client) -> None:
    assert deployment.run("--apply").returncode == 0
    secret = deployment.stored("STRIPE_WEBHOOK_SECRETS")
    (before,) = endpoints(stripe)
    deployment.forget_calls()
    again = deployment.run("--apply")
    assert again.returncode == 0, again.stdout + again.stderr
    texts = [call.text for call in deployment.calls()]
    assert not [text for text in texts if "secrets create" in text or "versions add" in text]
    assert endpoints(stripe) == [before]
    assert deployment.stored("STRIPE_WEBHOOK_SECRETS") == secret
    listed = sendgrid.get(WEBHOOKS, headers={"Authorization": "Bearer SG.any"})
    assert len(listed.json()["webhooks"]) == 1


def test_an_endpoint_with_other_events_is_brought_up_to_date(deployment: Deployment, stripe: httpx.Client) -> None:
    assert deployment.run("--apply").returncode == 0
    (endpoint,) = endpoints(stripe)
    changed = {"enabled_events[0]": "invoice.paid", "disabled": "true"}
    assert stripe.post(f"/v1/webhook_endpoints/{endpoint['id']}", data=changed, headers=STRIPE).is_success
    assert deployment.run("--apply").returncode == 0
    (after,) = endpoints(stripe)
    assert set(after["enabled_events"]) == set(EVENT_TYPES)
    assert (after["id"], after["status"]) == (endpoint["id"], "enabled")


def test_a_signing_secret_that_cannot_be_kept_leaves_no_endpoint(deployment: Deployment, stripe: httpx.Client) -> None:
    """Stripe would never tell it again."""
    deployment.refuse("versions add showcase-staging-STRIPE_WEBHOOK_SECRETS")
    failed = deployment.run("--apply")
    assert failed.returncode == 1
    assert endpoints(stripe) == []
    deployment.refuse("no such call")
    assert deployment.run("--apply").returncode == 0
    assert len(endpoints(stripe)) == 1


def test_the_first_failure_ends_it_and_says_where(deployment: Deployment) -> None:
    deployment.refuse("config push")
    failed = deployment.run("--apply")
    assert failed.returncode == 1
    assert "Step 2 of" in failed.stderr
    assert "supabase ended with 3" in failed.stderr
    assert [call.argv[1:3] for call in deployment.calls()] == [["db", "push"], ["config", "push"]]
    assert "refused, with the password" in failed.stdout
    assert SECRETS["SUPABASE_DB_PASSWORD"] not in failed.stdout + failed.stderr


def test_each_entry_point_by_itself_gets_its_own_variables_alone(deployment: Deployment) -> None:
    deployment.variables["DEPLOY_AS"] = "functions"
    done = deployment.run("--apply")
    assert done.returncode == 0, done.stdout + done.stderr
    calls = [call for call in deployment.calls() if "functions deploy showcase-staging-" in call.text]
    metrics = find(calls, "--entry-point=get_social_metrics")
    assert "STRIPE" not in metrics.text
    ((plain, _),) = metrics.files.values()
    assert json.loads(plain)["FUNCTION_USE_ASGI"] == "true"
    stripe = find(calls, "--entry-point=webhooks_stripe")
    assert stripe.argv[3] == "showcase-staging-webhooks-stripe"
    assert "STRIPE_WEBHOOK_SECRETS=showcase-staging-STRIPE_WEBHOOK_SECRETS:latest" in stripe.text
    ((forwarders, _),) = find(deployment.calls(), "supabase secrets set").files.values()
    assert ".cloudfunctions.net/showcase-staging-{function}'" in forwarders
