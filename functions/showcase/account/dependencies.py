"""What the account handlers share in one process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from showcase.account.settings import AccountSettings
from showcase.core import Core
from showcase.database import Database
from showcase.outbound.errors import TransportError
from showcase.outbound.http_client import HttpClient
from showcase.responses import HttpResponse
from showcase.settings import load
from showcase.storage import Storage

TIMEOUT = 60.0  # seconds


@dataclass(frozen=True)
class Functions:
    """The other functions, called as a service: Stripe and the mail service are theirs to speak to."""

    http: HttpClient
    url: str
    key: str

    async def call(self, name: str, body: Mapping[str, Any]) -> HttpResponse | None:
        """The answer, whatever it is; None where there is none."""
        try:
            return await self.http.request(
                "POST", f"{self.url}/{name}", json=dict(body), headers={"apikey": self.key}, timeout=TIMEOUT
            )
        except TransportError:
            return None


@dataclass(frozen=True)
class Account:
    """Dependencies of the account handlers: the database, the files, the other functions and the settings."""

    database: Database
    storage: Storage
    functions: Functions
    settings: AccountSettings


def account_dependencies(core: Core) -> Account:
    """Raises: SettingsError."""
    settings = load(AccountSettings)
    functions = Functions(core.http, core.settings.functions_url, core.settings.supabase_secret_key.get_secret_value())
    return Account(core.database, Storage(core.http, core.settings), functions, settings)
