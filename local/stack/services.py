"""The services of the local stack: what each one runs, with which environment, and how to tell that it is ready."""

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from local.postgres.migrations import node_program
from local.settings import HOST, ROOT, VENDORS, Settings
from local.stack.postgrest import configuration, find_postgrest

# Of our own environment, only what programs need to find their files: a variable meant for something else (PORT, DEBUG,
# a key of another project) must not change what the stack does.
INHERITED = ("HOME", "LANG", "LC_ALL", "NO_COLOR", "PATH", "SSL_CERT_FILE", "TMPDIR", "TZ", "USER")


@dataclass(frozen=True)
class Service:
    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ready_url: str = ""  # answers 200 once the service is ready; empty: ready at once


def services(settings: Settings, database_url: str) -> tuple[Service, ...]:
    """Everything beside Postgres, for the stack that the settings choose.

    The functions are late: they are ready when what they depend on is, and remember for a while that it was not.
    """
    if settings.stack == "hosted":
        return (*simulators(settings), functions(settings))
    scheduler = [cron(settings, database_url)] if settings.cron else []
    ours = (*simulators(settings), functions(settings), *scheduler)
    if settings.stack == "embedded":
        return (*api(settings, database_url), identity_provider(settings), *ours)
    return ours  # behind `front`, with the servers that it leads to


def api(settings: Settings, database_url: str) -> tuple[Service, ...]:
    """The gateway, and behind it a PostgREST where one is named."""
    rest = [postgrest(settings, database_url)] if settings.postgrest else []
    return (*rest, gateway(settings, database_url))


def gateway(settings: Settings, database_url: str) -> Service:
    environment = {
        "PORT": str(settings.gateway_port),
        "HOST": HOST,
        "DB_URL": database_url,
        "IDP_URL": settings.identity_url,
        "FUNCTIONS_URL": settings.functions_url,
        "CONFIG": str(ROOT / "supabase" / "config.toml"),
        "STORAGE_DIR": str(settings.state_folder / "storage"),
        "SITE_URL": settings.site_url,
        "SITE_FOLDER": str(settings.site_folder or ""),
        "SUPABASE_URL": settings.supabase_url,
        "SUPABASE_JWT_SIGNING_KEY": settings.supabase_jwt_signing_key,
        "LOCAL_HOSTS": settings.local_hosts,
        "REST_URL": settings.postgrest_url if settings.postgrest else "",
        # Compiled code, and TypeScript without its types: a later start takes a quarter of the time, and 30 MB less.
        "NODE_COMPILE_CACHE": str(ROOT / "local" / "node_modules" / ".cache" / "node"),
        **_keys(settings),
    }
    return Service(
        "gateway", _node("local/gateway/gateway.mjs"), inherited(environment), f"{settings.gateway_url}/_local/ready"
    )


def front(settings: Settings, servers: Mapping[str, str], jwt_secret: str = "") -> Service:
    """One origin for servers that run elsewhere, `auth`, `rest` and `storage` by their URLs, and for the functions.

    `jwt_secret` is for servers that know no API keys: they get tokens of the keys' roles.
    """
    environment = {
        "PORT": str(settings.gateway_port),
        "HOST": HOST,
        **{f"{name.upper()}_URL": url for name, url in servers.items()},
        "FUNCTIONS_URL": settings.functions_url,
        "SUPABASE_PUBLISHABLE_KEY": settings.supabase_publishable_key,
        "SUPABASE_SECRET_KEY": settings.supabase_secret_key,
        "SUPABASE_JWT_SECRET": jwt_secret,
    }
    ready = f"{settings.gateway_url}/_local/ready"
    return Service("front", _node("local/gateway/http/front.mjs"), inherited(environment), ready)


def postgrest(settings: Settings, database_url: str) -> Service:
    ready = f"http://{HOST}:{settings.postgrest_admin_port}/ready"
    return Service("postgrest", (find_postgrest(settings),), inherited(configuration(settings, database_url)), ready)


def identity_provider(settings: Settings) -> Service:
    environment = {
        "PORT": str(settings.identity_port),
        "HOST": HOST,
        "LOCAL_HOSTS": settings.local_hosts,
        "SITE_URL": settings.site_url,
    }
    ready = f"{settings.identity_url}/.well-known/openid-configuration"
    program = _node("local/gateway/identity_provider/identity_provider.mjs")
    return Service("google", program, inherited(environment), ready)


def functions(settings: Settings) -> Service:
    command = (
        *(sys.executable, "-m", "functions_framework", "--asgi", "--source", "functions/main.py"),
        *("--target", "all_functions", "--host", HOST, "--port", str(settings.functions_port)),
    )
    environment = {
        "ENVIRONMENT": "local",
        **settings.functions_environment,
        **_simulator_variables(settings),
        **_keys(settings),
        "FUNCTIONS_BACKEND_SECRETS": "",  # there are no forwarders here
        "PYTHONPATH": str(ROOT / "functions"),
        "PYTHONUNBUFFERED": "1",
        "SUPABASE_URL": settings.supabase_url,
        "SITE_URL": settings.site_url,
    }
    return Service("functions", command, inherited(environment), f"{settings.functions_url}/functions/v1/health")


def _simulator_variables(settings: Settings) -> dict[str, str]:
    """The simulators' addresses, and a token where none is set: they take any."""
    chosen: dict[str, str] = {}
    for vendor in settings.simulated():
        address, token = VENDORS[vendor]
        chosen[address] = settings.simulator_url(vendor)
        chosen[token] = settings.functions_environment.get(token, "local")
    if "stripe" in settings.simulated():
        chosen |= {"STRIPE_SECRET_KEY": "sk_test_local", "STRIPE_WEBHOOK_SECRETS": _stripe_secret(settings)}
    if "sendgrid" in settings.simulated():
        chosen["SENDGRID_WEBHOOK_PUBLIC_KEYS"] = _sendgrid_public_key(settings)
    return chosen


def simulators(settings: Settings) -> tuple[Service, ...]:
    """One process with those that are Python, and OpenAI's, which is Node.js."""
    python = tuple(vendor for vendor in settings.simulated() if vendor != "openai")
    node = [openai_simulator(settings)] if "openai" in settings.simulated() else []
    return (*([simulator(settings, *python)] if python else []), *node)


def simulator(settings: Settings, *vendors: str) -> Service:
    """These vendors' simulators, in one process."""
    own = {"stripe": _stripe_environment, "sendgrid": _sendgrid_environment}
    environment = {"PYTHONUNBUFFERED": "1", "HOST": HOST, "LOCAL_HOSTS": settings.local_hosts}
    for vendor in vendors:
        environment |= own[vendor](settings) if vendor in own else {}
    listening = (f"{vendor}={settings.simulator_port(vendor)}" for vendor in vendors)
    command = (sys.executable, "-m", "local.simulators", *listening)
    name = vendors[0] if len(vendors) == 1 else "simulators"
    return Service(name, command, inherited(environment), f"{settings.simulator_url(vendors[0])}/_simulator")


def _stripe_environment(settings: Settings) -> dict[str, str]:
    """It remembers what was bought, and sends its events to the functions, signed."""
    return {
        # Its pages' address is in what it makes at its start: the demo subscription's invoice.
        "STRIPE_SIMULATOR_PUBLIC_URL": settings.simulator_url("stripe"),
        "STRIPE_SIMULATOR_STATE_FILE": str(settings.state_folder / "stripe.json"),
        "STRIPE_SIMULATOR_WEBHOOK_URL": f"{settings.functions_url}/functions/v1/webhooks/stripe",
        "STRIPE_SIMULATOR_WEBHOOK_SECRETS": _stripe_secret(settings),
        # Of the demo rows (supabase/seed.sql).
        "STRIPE_SIMULATOR_DEMO_USER": "00000000-0000-4000-8000-000000000001",
        "STRIPE_SIMULATOR_DEMO_SUBSCRIPTION": "sub_demo_ada",
    }


def _stripe_secret(settings: Settings) -> str:
    return f"whsec_{hashlib.sha256(settings.supabase_secret_key.encode()).hexdigest()}"


def _sendgrid_environment(settings: Settings) -> dict[str, str]:
    """It reports to the functions what became of e-mails, signed with a key that they know from the start."""
    return {
        "SENDGRID_SIMULATOR_WEBHOOK_URL": f"{settings.functions_url}/functions/v1/webhooks/sendgrid",
        "SENDGRID_SIMULATOR_SEED": _sendgrid_seed(settings),
    }


def _sendgrid_seed(settings: Settings) -> str:
    return f"sendgrid {settings.supabase_secret_key}"


def _sendgrid_public_key(settings: Settings) -> str:
    from local.simulators.sendgrid.keys import public_key, signing_key  # only where it is simulated

    return public_key(signing_key(_sendgrid_seed(settings)))


def openai_simulator(settings: Settings) -> Service:
    environment = {
        "PORT": str(settings.openai_simulator_port),
        "HOST": HOST,
        "LOCAL_HOSTS": settings.local_hosts,
    }
    ready = f"{settings.simulator_url('openai')}/_simulator"
    return Service("openai", _node("local/simulators/openai/simulator.mjs"), inherited(environment), ready)


def cron(settings: Settings, database_url: str) -> Service:
    """Hosted, pg_cron does it."""
    environment = {
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": database_url,
        "SUPABASE_URL": settings.supabase_url,
        "SUPABASE_SECRET_KEY": settings.supabase_secret_key,
    }
    return Service("cron", (sys.executable, "-m", "local.stack.cron"), inherited(environment))


def demo_content(settings: Settings) -> Service:
    """Runs once, when the others are ready, and ends."""
    environment = {"PYTHONUNBUFFERED": "1", **_keys(settings), "SUPABASE_URL": settings.supabase_url}
    environment["SITE_URL"] = settings.site_url
    return Service("demo", (sys.executable, "-m", "local.tools.demo_content"), inherited(environment))


def _node(program: str) -> tuple[str, ...]:
    return (str(node_program()), "--disable-warning=ExperimentalWarning", str(ROOT / program))


def _keys(settings: Settings) -> dict[str, str]:
    keys = {
        "SUPABASE_PUBLISHABLE_KEY": settings.supabase_publishable_key,
        "SUPABASE_SECRET_KEY": settings.supabase_secret_key,
        "SUPABASE_JWT_SECRET": settings.supabase_jwt_secret,
    }
    return {name: value for name, value in keys.items() if value}


def inherited(own: Mapping[str, str]) -> dict[str, str]:
    """A service's environment: what it is given, and of ours what programs need to find their files."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | dict(own)
