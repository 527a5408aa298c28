"""Links that let users unsubscribe without signing in: signed, for one user and one type of e-mail, for a time."""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from showcase.notifications.domain import OPTIONAL, NotificationType
from showcase.notifications.settings import NotificationSettings
from showcase.settings import CoreSettings

_TOKEN = re.compile(r"([0-9a-f]{32})\.([a-z_]{1,40})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})")
_PURPOSE = b"showcase unsubscribe "


class InvalidLink(Exception):
    """It was not made here."""


class ExpiredLink(Exception):
    """It was made here, too long ago."""


@dataclass(frozen=True)
class Links:
    """Makes links and reads them. The first secret signs, every one is taken."""

    url: str  # of the function `unsubscribe`
    secrets: Sequence[bytes]
    seconds: int

    def to_decline(self, user_id: UUID, type_: NotificationType) -> str:
        """The address that turns e-mails of this type off for this user."""
        claim = f"{user_id.hex}.{type_}.{int(time.time()) + self.seconds}"
        return f"{self.url}?token={claim}.{_signature(claim, self.secrets[0])}"

    def read(self, token: str) -> tuple[UUID, NotificationType]:
        """Whom a token speaks for, and of what.

        Raises: InvalidLink, ExpiredLink.
        """
        found = _TOKEN.fullmatch(token) if token.isascii() else None
        if found is None:
            raise InvalidLink
        claim, signature = token.rpartition(".")[0], found[4]
        good = [hmac.compare_digest(signature, _signature(claim, secret)) for secret in self.secrets]
        if not any(good) or found[2] not in OPTIONAL:
            raise InvalidLink
        if int(found[3]) < time.time():
            raise ExpiredLink
        return UUID(found[1]), NotificationType(found[2])


def make_links(core: CoreSettings, settings: NotificationSettings) -> Links:
    made = hmac.digest(core.supabase_secret_key.get_secret_value().encode(), _PURPOSE, "sha256")
    return Links(
        f"{core.functions_url}/unsubscribe", settings.link_secrets or (made,), settings.notifications_link_days * 86_400
    )


def _signature(claim: str, secret: bytes) -> str:
    made = hmac.new(secret, _PURPOSE + claim.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
