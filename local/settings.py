"""Every local setting in one place: which stack, ports, folder and keys (`.env.example` names them all)."""

import json
import os
import re
import secrets
import uuid
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from dotenv import dotenv_values
from jwt.algorithms import ECAlgorithm
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
SITE = ROOT / "examples" / "web" / "dist"

Port = Annotated[int, Field(ge=1, le=65535)]


class SettingsError(Exception):
    """A setting is missing or malformed."""


# The companies that have a simulator here: the variables that lead to the real one, and that open it.
VENDORS = {
    "github": ("GITHUB_API_URL", "GITHUB_TOKEN"),
    "x": ("X_API_URL", "X_BEARER_TOKEN"),
    "linkedin": ("LINKEDIN_API_URL", "LINKEDIN_ACCESS_TOKEN"),
    "stripe": ("STRIPE_API_URL", "STRIPE_SECRET_KEY"),
    "openai": ("OPENAI_API_URL", "OPENAI_API_KEY"),
    "sendgrid": ("SENDGRID_API_URL", "SENDGRID_API_KEY"),
}


class Settings(BaseSettings):
    """Read from the environment, then from `.env`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_file_encoding="utf-8", env_ignore_empty=True)

    stack: Literal["embedded", "docker", "hosted", "supabase"] = "embedded"
    stack_runtime: Literal["native", "docker"] = "native"  # of STACK=supabase: processes or containers
    state_folder: Path = ROOT / ".local"

    gateway_port: Port = 54321
    postgres_port: Port = 54322
    functions_port: Port = 54323
    identity_port: Port = 54324
    postgrest_port: Port = 54325
    postgrest_admin_port: Port = 54326
    github_simulator_port: Port = 54331
    x_simulator_port: Port = 54332
    linkedin_simulator_port: Port = 54333
    stripe_simulator_port: Port = 54334
    openai_simulator_port: Port = 54335
    sendgrid_simulator_port: Port = 54336

    local_hosts: str = ""  # with their ports, separated by commas: beside loopback's own names
    site_url: str = "http://127.0.0.1:3000"
    site: bool = True  # whether examples/web is served there
    postgrest: str = ""  # a program to run behind the gateway, or `path`; empty: the gateway's own engine
    cron: bool = True  # whether the functions that are scheduled are called

    # Embedded: made at the first start and kept in the state folder. Hosted: the project's.
    supabase_url: str = ""
    supabase_publishable_key: str = ""
    supabase_secret_key: str = ""
    supabase_jwt_secret: str = ""
    supabase_jwt_signing_key: str = ""  # embedded only: what Auth signs with, a private JWK (ES256) in JSON

    audit_database_url: SecretStr = SecretStr("")  # what `make audit` looks at; empty: the database of `make up`

    # Which vendors may have a simulator, and what is passed on to the functions as it is.
    vendors: tuple[str, ...] = tuple(VENDORS)
    functions_environment: dict[str, str] = {}

    @property
    def gateway_url(self) -> str:
        return f"http://{HOST}:{self.gateway_port}"

    @property
    def functions_url(self) -> str:
        return f"http://{HOST}:{self.functions_port}"

    @property
    def identity_url(self) -> str:
        return f"http://{HOST}:{self.identity_port}"

    @property
    def postgrest_url(self) -> str:
        return f"http://{HOST}:{self.postgrest_port}"

    @property
    def site_folder(self) -> Path | None:
        """The built files of examples/web; None where they are not served: SITE_URL may be another machine's."""
        here = urlsplit(self.site_url).scheme == "http" and not leaves_here(self.site_url)
        served = self.stack == "embedded" and self.site and here
        return SITE if served and (SITE / "index.html").exists() else None

    @property
    def logs(self) -> Path:
        return self.state_folder / "logs"

    def simulated(self) -> tuple[str, ...]:
        """The vendors whose simulator is started: those that no variable leads to."""
        return tuple(vendor for vendor in self.vendors if VENDORS[vendor][0] not in self.functions_environment)

    def simulator_port(self, vendor: str) -> int:
        port: int = getattr(self, f"{vendor}_simulator_port")
        return port

    def simulator_url(self, vendor: str) -> str:
        return f"http://{HOST}:{self.simulator_port(vendor)}"

    def ports(self) -> dict[str, tuple[str, int]]:
        """The ports that will be listened on: by the variable that moves it, the part and the port."""
        supabase = {
            "GATEWAY_PORT": ("gateway", self.gateway_port),
            "POSTGRES_PORT": ("postgres", self.postgres_port),
            "IDENTITY_PORT": ("google", self.identity_port),
        }
        postgrest = {
            "POSTGREST_PORT": ("postgrest", self.postgrest_port),
            "POSTGREST_ADMIN_PORT": ("postgrest", self.postgrest_admin_port),
        }
        gateway = {"GATEWAY_PORT": supabase["GATEWAY_PORT"]}
        return {
            **(supabase if self.stack == "embedded" else gateway if self.stack == "supabase" else {}),
            **(postgrest if self.stack == "embedded" and self.postgrest else {}),
            **{f"{v.upper()}_SIMULATOR_PORT": (v, self.simulator_port(v)) for v in self.simulated()},
            "FUNCTIONS_PORT": ("functions", self.functions_port),
        }


def leaves_here(url: str) -> bool:
    """Whether an address is another machine's, to be reached by the proxy that the environment names."""
    try:
        host = urlsplit(url).hostname or ""
        return host != "localhost" and not ip_address(host).is_loopback
    except ValueError:  # a name, or nothing that could be asked
        return True


def read_settings(env_file: Path = ROOT / ".env") -> Settings:
    try:
        settings = Settings(_env_file=env_file)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"Settings (.env or the environment): {wrong}") from None
    given = {**dotenv_values(env_file), **os.environ}
    passed_on = {
        name: value
        for name in documented_variables()
        if (value := given.get(name)) and not name.startswith("BACKUP_")  # no function may open backups
    }
    return settings.model_copy(
        update={"state_folder": (ROOT / settings.state_folder).absolute(), "functions_environment": passed_on}
    )


def documented_variables() -> tuple[str, ...]:
    """Every variable of `.env.example`: what is not there reaches no function."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    return tuple(re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE))


def with_hosted_url(settings: Settings) -> Settings:
    """Hosted: the project's URL and keys must be given."""
    needed = ("supabase_url", "supabase_publishable_key", "supabase_secret_key")
    if missing := [name.upper() for name in needed if not getattr(settings, name)]:
        raise SettingsError(f"STACK=hosted needs {', '.join(missing)}: set them in .env (see .env.example).")
    return settings.model_copy(update={"supabase_url": settings.supabase_url.rstrip("/")})


def with_local_keys(settings: Settings) -> Settings:
    """Embedded: the keys of this state folder, made at the first start; never anything but local ones."""
    file = settings.state_folder / "keys.json"
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    keys = {**new_keys(), **found}  # a folder of an older version lacks some
    if keys != found:
        _write_private(file, json.dumps(keys, indent=2))
    return settings.model_copy(update={**keys, "supabase_url": settings.gateway_url})


def _write_private(file: Path, text: str) -> None:
    """Only the owner may read it, from the first moment on; whole or not at all."""
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    new.replace(file)


def new_keys() -> dict[str, str]:
    return {
        "supabase_publishable_key": f"sb_publishable_{secrets.token_urlsafe(24)}",
        "supabase_secret_key": f"sb_secret_{secrets.token_urlsafe(24)}",
        "supabase_jwt_secret": secrets.token_urlsafe(48),
        "supabase_jwt_signing_key": _new_signing_key(),
    }


def _new_signing_key() -> str:
    key = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    return json.dumps({**key, "kid": str(uuid.uuid4()), "alg": "ES256"})
