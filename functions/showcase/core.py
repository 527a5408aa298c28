"""The composition point: what every endpoint of a process shares."""

from dataclasses import dataclass

from showcase.database import Database
from showcase.observability import telemetry
from showcase.outbound.http_client import HttpClient
from showcase.settings import CoreSettings, load
from showcase.signing_keys import SigningKeys


@dataclass(frozen=True)
class Core:
    """One process's settings and its one pool of connections. Holds no caller's token."""

    settings: CoreSettings
    http: HttpClient
    database: Database
    keys: SigningKeys


def connect_core() -> Core:
    """Reads the settings and sets up the pool; opens no connection yet.

    Raises:
        SettingsError: naming every variable that is missing or malformed.
    """
    settings = load(CoreSettings)
    telemetry.configure(settings)
    http = HttpClient(f"showcase/{settings.release}", settings.origin)
    keys = SigningKeys(http, f"{settings.origin}/auth/v1/.well-known/jwks.json")
    return Core(settings, http, Database(http, settings), keys)
