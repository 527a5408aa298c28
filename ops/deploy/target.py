"""Where an environment is deployed to: what the tools need beside what the functions read."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from local.settings import ROOT
from ops.deploy.sizes import LONGEST
from ops.variables import read_values

Environment = Literal["staging", "production"]
ENVIRONMENTS: tuple[Environment, ...] = ("staging", "production")
# What a build or a session has of its own. Anything else of the machine's may belong to another project.
FROM_MACHINE = ("RELEASE", "FUNCTIONS_IMAGE", "SUPABASE_ACCESS_TOKEN")


class Target(BaseSettings):
    """One environment's Supabase project and Google Cloud project, and how the functions are deployed there."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    supabase_project_ref: str = Field(pattern=r"^[a-z]{20}$")
    # Instead of `supabase login`.
    supabase_access_token: SecretStr | None = None
    supabase_db_password: SecretStr
    google_client_id: str
    google_client_secret: SecretStr
    google_cloud_project: str = Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")
    google_cloud_region: str = Field(default="europe-west1", pattern=r"^[a-z]+-[a-z]+[0-9]+$")
    # One Cloud Run service with all functions, one Cloud Function for each entry point, or Supabase Compute (alpha).
    deploy_as: Literal["service", "functions", "compute"] = "service"
    # A service runs this image where it is given; else functions/Dockerfile is built.
    functions_image: str | None = None
    # What the forwarders know (docs/forwarders.md). The URL is asked of Google Cloud where it is not given.
    functions_backend_url: str | None = Field(default=None, pattern=r"^https?://")
    functions_backend_auth: Literal["secret", "google"] = "secret"
    functions_backend_secret: SecretStr | None = Field(default=None, min_length=32)
    google_service_account_key: SecretStr | None = None
    functions_backend_audience: str | None = None
    functions_backend_timeout_seconds: float = Field(default=60, gt=0, lt=LONGEST)
    functions_backend_long_timeout_seconds: float = Field(default=145, gt=0, lt=LONGEST)
    # Keys that may change webhook endpoints; without one, the endpoint is made by hand.
    stripe_setup_key: SecretStr | None = None
    sendgrid_setup_key: SecretStr | None = None


def read_target(environment: Environment, machine: Mapping[str, str], folder: Path = ROOT) -> dict[str, str]:
    """The values of `.env.<environment>` (without such a file, those of the machine), and what follows from them."""
    file = folder / f".env.{environment}"
    values = read_values(file, {} if file.exists() else machine)
    for name in FROM_MACHINE:
        if machine.get(name):
            values.setdefault(name, machine[name])
    values["ENVIRONMENT"] = environment
    values["FUNCTION_USE_ASGI"] = "true"  # how functions-framework serves what is asynchronous
    if "RELEASE" not in values and (release := _release()):
        values["RELEASE"] = release
    for name in ("GOOGLE_CLOUD_REGION", "FUNCTIONS_BACKEND_AUTH"):
        values.setdefault(name, str(Target.model_fields[name.lower()].default))
    if values["FUNCTIONS_BACKEND_AUTH"] == "secret" and (secret := values.get("FUNCTIONS_BACKEND_SECRET")):
        values.setdefault("FUNCTIONS_BACKEND_SECRETS", secret)
    if values.get("DEPLOY_AS") == "functions" and (project := values.get("GOOGLE_CLOUD_PROJECT")):
        origin = f"https://{values['GOOGLE_CLOUD_REGION']}-{project}.cloudfunctions.net"
        values.setdefault("FUNCTIONS_BACKEND_URL", f"{origin}/showcase-{environment}-{{function}}")
    if on_compute(values) and (ref := values.get("SUPABASE_PROJECT_REF")):
        values.setdefault("FUNCTIONS_BACKEND_URL", f"https://{ref}.supabase.co/compute/v1/functions")
    return values


def on_compute(values: Mapping[str, str]) -> bool:
    """Whether the functions run on Supabase Compute, where nothing of Google Cloud is needed."""
    return values.get("DEPLOY_AS") == "compute"


def mistakes(environment: Environment, values: Mapping[str, str]) -> list[str]:
    """Values that are well formed, and belong to something else."""
    found = [] if values.get("RELEASE") else ["RELEASE: missing, since git cannot say it"]
    ref, url = values.get("SUPABASE_PROJECT_REF"), values.get("SUPABASE_URL", "").rstrip("/")
    if ref and url.endswith(".supabase.co") and url != f"https://{ref}.supabase.co":
        found.append("SUPABASE_URL: leads to another project than SUPABASE_PROJECT_REF")
    found += _closed_doors(values)
    mode = "live" if environment == "production" else "test"
    for name in ("STRIPE_SECRET_KEY", "STRIPE_SETUP_KEY"):
        key = values.get(name, "")
        if re.match("[a-z]+_(test|live)_", key) and key.split("_")[1] != mode:
            found.append(f"{name}: {environment} takes a key of Stripe's {mode} mode")
    public = ("SUPABASE_URL", "SITE_URL", "PUBLIC_FUNCTIONS_URL")
    plain = [name for name in public if name in values and not values[name].startswith("https://")]
    return [*found, *(f"{name}: not an https address" for name in plain)]


def _closed_doors(values: Mapping[str, str]) -> list[str]:
    """Where the functions would not let the forwarders in."""
    way, secret = values.get("FUNCTIONS_BACKEND_AUTH"), values.get("FUNCTIONS_BACKEND_SECRET")
    if way == "google" and on_compute(values):
        return ["FUNCTIONS_BACKEND_AUTH: Supabase Compute checks no token of Google's, so it takes secret"]
    wanted = [each.strip() for each in values.get("FUNCTIONS_BACKEND_SECRETS", "").split(",")]
    if way == "google" and wanted != [""]:
        return ["FUNCTIONS_BACKEND_SECRETS: with FUNCTIONS_BACKEND_AUTH=google no forwarder shows one"]
    if way == "secret" and secret and secret not in wanted:
        return ["FUNCTIONS_BACKEND_SECRETS: FUNCTIONS_BACKEND_SECRET is not among them"]
    shown = {"secret": "FUNCTIONS_BACKEND_SECRET", "google": "GOOGLE_SERVICE_ACCOUNT_KEY"}.get(way or "")
    return [f"{shown}: missing"] if shown and shown not in values else []


def _release() -> str:
    """What is deployed, as git names it; marked where something is not committed; empty where git cannot say."""
    asked = ["git", "describe", "--always", "--dirty", "--tags"]
    try:
        return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""
