"""The composition point: what every endpoint of a process shares."""

from dataclasses import dataclass

import httpx

from showcase import telemetry
from showcase.auth import SigningKeys
from showcase.database import Database
from showcase.responses import BoundedClient
from showcase.settings import CoreSettings, load
from showcase.tracing import PassOn


@dataclass(frozen=True)
class Core:
    """One process's settings and its one pool of connections. Holds no caller's token."""

    settings: CoreSettings
    http: httpx.AsyncClient
    database: Database
    keys: SigningKeys


def connect() -> Core:
    """Reads the settings and sets up the pool; opens no connection yet.

    Raises:
        SettingsError: naming every variable that is missing or malformed.
    """
    settings = load(CoreSettings)
    telemetry.configure(settings)
    http = BoundedClient(
        headers={"User-Agent": f"showcase/{settings.release}"},
        timeout=httpx.Timeout(10.0, connect=3.0),
        # Idle connections go before the other side closes them under a request: Node's servers do after five seconds.
        limits=httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=4.0),
        event_hooks={"request": [PassOn(httpx.URL(settings.origin))]},
    )
    keys = SigningKeys(http, f"{settings.origin}/auth/v1/.well-known/jwks.json")
    return Core(settings, http, Database(http, settings), keys)
