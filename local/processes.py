"""The parts of the local stack: what each one runs, with which environment, and how to tell that it is ready."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.database import node_program
from local.settings import HOST, ROOT, VENDORS, Settings

# Of our own environment, only what programs need to find their files: a variable meant for something else (PORT, DEBUG,
# a key of another project) must not change what the stack does.
INHERITED = ("HOME", "LANG", "LC_ALL", "NO_COLOR", "PATH", "SSL_CERT_FILE", "TMPDIR", "TZ", "USER")


@dataclass(frozen=True)
class Part:
    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ready_url: str = ""  # answers 200 once the part is ready; empty: ready at once


def parts(settings: Settings, database_url: str) -> tuple[Part, ...]:
    """Everything beside Postgres, for the stack that the settings choose.

    The functions are last: they are ready when what they depend on is, and remember for a while that it was not.
    """
    embedded = [gateway(settings, database_url), identity_provider(settings)] if settings.stack == "embedded" else []
    simulators = [
        openai_simulator(settings) if vendor == "openai" else simulator(vendor, settings)
        for vendor in settings.simulated()
    ]
    return (*embedded, *simulators, functions(settings))


def gateway(settings: Settings, database_url: str) -> Part:
    environment = {
        "PORT": str(settings.gateway_port),
        "HOST": HOST,
        "DB_URL": database_url,
        "IDP_URL": settings.identity_url,
        "FUNCTIONS_URL": settings.functions_url,
        "CONFIG": str(ROOT / "supabase" / "config.toml"),
        "STORAGE_DIR": str(settings.state_folder / "storage"),
        "SITE_URL": settings.site_url,
        "SUPABASE_URL": settings.supabase_url,
        **_keys(settings),
    }
    return Part(
        "gateway", _node("local/gateway/gateway.mjs"), _with(environment), f"{settings.gateway_url}/_local/ready"
    )


def identity_provider(settings: Settings) -> Part:
    environment = {"PORT": str(settings.identity_port), "HOST": HOST, "SITE_URL": settings.site_url}
    ready = f"{settings.identity_url}/.well-known/openid-configuration"
    return Part("google", _node("local/gateway/identity_provider.mjs"), _with(environment), ready)


def functions(settings: Settings) -> Part:
    command = (
        *(sys.executable, "-m", "functions_framework", "--asgi", "--source", "functions/main.py"),
        *("--target", "all_functions", "--host", HOST, "--port", str(settings.functions_port)),
    )
    environment = {
        "ENVIRONMENT": "local",
        **settings.functions_environment,
        **_stand_ins(settings),
        **_keys(settings),
        "PYTHONPATH": str(ROOT / "functions"),
        "PYTHONUNBUFFERED": "1",
        "SUPABASE_URL": settings.supabase_url,
        "SITE_URL": settings.site_url,
    }
    return Part("functions", command, _with(environment), f"{settings.functions_url}/functions/v1/health")


def _stand_ins(settings: Settings) -> dict[str, str]:
    """The stand-ins' addresses, and a token where none is set: they take any."""
    chosen: dict[str, str] = {}
    for vendor in settings.simulated():
        address, token = VENDORS[vendor]
        chosen[address] = settings.simulator_url(vendor)
        chosen[token] = settings.functions_environment.get(token, "local")
    return chosen


def github_simulator(settings: Settings) -> Part:
    return simulator("github", settings)


def simulator(vendor: str, settings: Settings) -> Part:
    command = (
        *(sys.executable, "-m", "uvicorn", "--factory", f"local.simulators.{vendor}:create_app"),
        *("--host", HOST, "--port", str(settings.simulator_port(vendor)), "--no-access-log"),
    )
    return Part(vendor, command, _with({"PYTHONUNBUFFERED": "1"}), f"{settings.simulator_url(vendor)}/_simulator")


def openai_simulator(settings: Settings) -> Part:
    environment = {"PORT": str(settings.openai_simulator_port), "HOST": HOST}
    ready = f"{settings.simulator_url('openai')}/_simulator"
    return Part("openai", _node("local/simulators/openai/simulator.mjs"), _with(environment), ready)


def database_log(server: int, log: Path) -> Part:
    """Postgres itself is started before the parts, and stopped after them."""
    return Part("postgres", (sys.executable, "-m", "local.follow", str(server), str(log)), _with({}))


def _node(program: str) -> tuple[str, ...]:
    return (str(node_program()), "--disable-warning=ExperimentalWarning", str(ROOT / program))


def _keys(settings: Settings) -> dict[str, str]:
    keys = {
        "SUPABASE_PUBLISHABLE_KEY": settings.supabase_publishable_key,
        "SUPABASE_SECRET_KEY": settings.supabase_secret_key,
        "SUPABASE_JWT_SECRET": settings.supabase_jwt_secret,
    }
    return {name: value for name, value in keys.items() if value}


def _with(own: Mapping[str, str]) -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | dict(own)
