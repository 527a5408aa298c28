"""The webhook endpoints at Stripe and SendGrid, made or brought up to date through their APIs."""

from functools import partial
from typing import Any

import httpx
import stripe

from ops.deploy.steps import Procedure, Runner, SecretStore, Step, StepError

SECONDS = 20.0
SENDGRID_PATH = "/v3/user/webhooks/event/settings"
# https://www.twilio.com/docs/sendgrid/api-reference/webhooks: what docs/notifications.md asks for.
SENDGRID_EVENTS = {
    **dict.fromkeys(("processed", "dropped", "deferred", "delivered", "bounce", "spam_report", "unsubscribe"), True),
    **dict.fromkeys(("open", "click", "group_resubscribe", "group_unsubscribe"), False),
}


def stripe_endpoint(kept: SecretStore) -> Step:
    """`kept` is where the signing secret goes."""
    tells = (
        "Stripe: create or update the webhook endpoint {SUPABASE_URL}/functions/v1/webhooks/stripe",
        f"and a new endpoint's signing secret into {kept.title} as STRIPE_WEBHOOK_SECRETS",
    )
    needs = ("STRIPE_SETUP_KEY", "SUPABASE_URL")
    return Procedure("Stripe's webhook endpoint", tells, needs, partial(set_up_stripe, kept))


def sendgrid_webhook() -> Step:
    tells = (
        "SendGrid: create or update the signed event webhook {SUPABASE_URL}/functions/v1/webhooks/sendgrid",
        "its public key becomes SENDGRID_WEBHOOK_PUBLIC_KEYS",
    )
    needs = ("SENDGRID_SETUP_KEY", "SUPABASE_URL")
    return Procedure("SendGrid's event webhook", tells, needs, set_up_sendgrid)


def set_up_stripe(kept: SecretStore, runner: Runner) -> None:
    try:
        _set_up_stripe(kept, runner)
    except stripe.StripeError as error:  # its text may quote the key
        raise StepError(f"Stripe refused: {type(error).__name__} {error.code or ''}".strip()) from None


def _set_up_stripe(kept: SecretStore, runner: Runner) -> None:
    from showcase.billing.event_types import EVENT_TYPES
    from showcase.billing.stripe_api import API_VERSION

    url = f"{runner.values['SUPABASE_URL'].rstrip('/')}/functions/v1/webhooks/stripe"
    endpoints = _stripe(runner).v1.webhook_endpoints
    ours = [each for each in endpoints.list({"limit": 100}).auto_paging_iter() if each.url == url]
    if not ours:
        if "STRIPE_WEBHOOK_SECRETS" in runner.values:
            raise StepError(f"Stripe has no endpoint {url}: unset STRIPE_WEBHOOK_SECRETS to have one made")
        wanted: Any = {"url": url, "enabled_events": list(EVENT_TYPES), "api_version": API_VERSION}
        made = endpoints.create(wanted | {"description": "Showcase: subscriptions and tiers"})
        try:
            _keep_signing_secret(kept, runner, str(made.secret))
        except StepError:
            endpoints.delete(made.id)  # nobody will ever know its secret
            raise
        runner.say(f"      made {made.id}")
        return
    endpoint = ours[0]
    changes: Any = {"enabled_events": list(EVENT_TYPES), "disabled": False}
    if set(endpoint.enabled_events) == set(EVENT_TYPES) and endpoint.status == "enabled":
        runner.say(f"      {endpoint.id} is as it should be")
    else:
        endpoints.update(endpoint.id, changes)
        runner.say(f"      {endpoint.id} has other events now")
    if "STRIPE_WEBHOOK_SECRETS" not in runner.values and not kept.holds(runner, "STRIPE_WEBHOOK_SECRETS"):
        raise StepError(
            f"Stripe tells the signing secret of {endpoint.id} only once, and it is not in {kept.title}: "
            "reveal it in Stripe's dashboard, and set STRIPE_WEBHOOK_SECRETS"
        )


def _keep_signing_secret(kept: SecretStore, runner: Runner, secret: str) -> None:
    """At once: no later run could ask for it."""
    runner.values["STRIPE_WEBHOOK_SECRETS"] = secret
    kept.store(runner, "STRIPE_WEBHOOK_SECRETS")


def _stripe(runner: Runner) -> stripe.StripeClient:
    return stripe.StripeClient(
        runner.values["STRIPE_SETUP_KEY"],
        base_addresses={"api": runner.values.get("STRIPE_API_URL", "https://api.stripe.com").rstrip("/")},
        http_client=stripe.HTTPXClient(timeout=SECONDS, allow_sync_methods=True),
        max_network_retries=2,
    )


def set_up_sendgrid(runner: Runner) -> None:
    base = runner.values.get("SENDGRID_API_URL", "https://api.sendgrid.com").rstrip("/")
    headers = {"Authorization": f"Bearer {runner.values['SENDGRID_SETUP_KEY']}"}
    with httpx.Client(base_url=base, headers=headers, timeout=SECONDS) as client:
        try:
            key = _set_up_sendgrid(runner, client)
        except httpx.HTTPStatusError as error:
            raise StepError(f"SendGrid refused: {error.response.status_code}") from None
        except httpx.HTTPError as error:
            raise StepError(f"SendGrid does not answer: {type(error).__name__}") from None
        except (KeyError, ValueError):
            raise StepError("SendGrid answered something else than its webhooks' settings") from None
    given = [each for each in runner.values.get("SENDGRID_WEBHOOK_PUBLIC_KEYS", "").split(",") if each not in ("", key)]
    runner.values["SENDGRID_WEBHOOK_PUBLIC_KEYS"] = ",".join([key, *given])


def _set_up_sendgrid(runner: Runner, client: httpx.Client) -> str:
    """The webhook's public key."""
    url = f"{runner.values['SUPABASE_URL'].rstrip('/')}/functions/v1/webhooks/sendgrid"
    wanted = {"enabled": True, "url": url, "friendly_name": "Showcase", **SENDGRID_EVENTS}
    there = client.get(f"{SENDGRID_PATH}/all").raise_for_status().json()["webhooks"]
    found = next((each for each in there if each["url"] == url), None)
    if found is None:
        found = client.post(SENDGRID_PATH, json=wanted).raise_for_status().json()
        runner.say(f"      made {found['id']}")
    elif any(found.get(name) != value for name, value in wanted.items()):
        client.patch(f"{SENDGRID_PATH}/{found['id']}", json=wanted).raise_for_status()
        runner.say(f"      {found['id']} was brought up to date")
    else:
        runner.say(f"      {found['id']} is as it should be")
    signed = client.patch(f"{SENDGRID_PATH}/signed/{found['id']}", json={"enabled": True}).raise_for_status().json()
    return str(signed["public_key"])
