"""What a deployment does, in which order: schema, webhooks, secrets, functions, forwarders, schedule, a look at it."""

import time
from collections.abc import Mapping, Sequence

import httpx
from pydantic import BaseModel

from ops.deploy import compute, google, supabase, webhooks
from ops.deploy.steps import Procedure, Runner, Step, StepError
from ops.deploy.target import Target, on_compute
from ops.variables import functions_models, is_secret, variables_of

HEALTHY_SECONDS = 90.0  # Supabase Compute gives an instance 50 s to begin to answer


def plan(values: Mapping[str, str]) -> Sequence[Step]:
    known = known_variables(values)
    signing_secrets = compute.SIGNING_SECRETS if on_compute(values) else google.SIGNING_SECRETS
    return [
        *supabase.schema(),
        *([webhooks.stripe_endpoint(signing_secrets)] if values.get("STRIPE_SETUP_KEY") else []),
        *([webhooks.sendgrid_webhook()] if values.get("SENDGRID_SETUP_KEY") else []),
        *(compute.functions(known) if on_compute(values) else _google(values, known)),
        *supabase.forwarders(),
        *supabase.schedule(),
        look(),
    ]


def _google(values: Mapping[str, str], known: set[str]) -> Sequence[Step]:
    stored = google.secret_names(functions_models(), (known - given_by_steps(values)) | values.keys())
    deploy = google.functions if values.get("DEPLOY_AS") == "functions" else google.service
    return [*(google.store_secret(name) for name in stored), *deploy(values, known)]


def models() -> Sequence[type[BaseModel]]:
    """All that read a variable in a deployment."""
    return [*functions_models(), Target]


def needed_variables(values: Mapping[str, str]) -> set[str]:
    """Without these nothing is deployed."""
    required = {variable.name for model in models() for variable in variables_of(model) if variable.needed}
    return required - given_by_steps(values) - ({"GOOGLE_CLOUD_PROJECT"} if on_compute(values) else set())


def given_by_steps(values: Mapping[str, str]) -> set[str]:
    """What a step finds out by itself: how webhooks are signed, by who may set them up."""
    given = {"STRIPE_SETUP_KEY": "STRIPE_WEBHOOK_SECRETS", "SENDGRID_SETUP_KEY": "SENDGRID_WEBHOOK_PUBLIC_KEYS"}
    return {name for key, name in given.items() if values.get(key)}


def known_variables(values: Mapping[str, str]) -> set[str]:
    """All that the functions are given: what is set, what must be, and what steps find out."""
    return needed_variables(values) | given_by_steps(values) | values.keys()


def secrets(values: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name in known_variables(values) if is_secret(name, models()))


def env_file_variables(values: Mapping[str, str]) -> Sequence[str]:
    """What goes by an env file, which cannot hold every text."""
    return [*supabase.FORWARDERS, *(compute.function_variables(known_variables(values)) if on_compute(values) else [])]


def look() -> Step:
    tells = ("GET {SUPABASE_URL}/functions/v1/health until the release {RELEASE} answers",)
    return Procedure("Whether it runs", tells, ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY"), _look)


def _look(runner: Runner) -> None:
    """An older release may go on answering for some seconds."""
    url = f"{runner.values['SUPABASE_URL'].rstrip('/')}/functions/v1/health"
    headers = {"apikey": runner.values["SUPABASE_PUBLISHABLE_KEY"]}
    wanted, seen = runner.values["RELEASE"], "nothing"
    deadline = time.monotonic() + HEALTHY_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(url, headers=headers, timeout=20)
            health = answer.json()
            seen = f"{answer.status_code}, {health.get('status')}, release {health.get('release')}"
            if answer.is_success and health.get("release") == wanted:
                runner.say(f"      {seen}")
                return
        except (httpx.HTTPError, ValueError) as error:
            seen = type(error).__name__
        time.sleep(2)
    raise StepError(f"{url} does not answer as it should: {seen}")
