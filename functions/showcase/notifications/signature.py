"""Whether a delivery of the event webhook comes from SendGrid: its signature over the raw body, and its age."""

import binascii
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sendgrid.helpers.eventwebhook import EventWebhook, EventWebhookHeader

from showcase.errors import BadRequest
from showcase.outbound.retry_after import parse_seconds
from showcase.settings import SettingsError, split

AHEAD = 300  # seconds that SendGrid's clock may be ahead of ours

# The SDK's reader of one key.
Key = Any


def read_keys(listed: str) -> Sequence[Key]:
    """The verification keys, as SendGrid shows them: base64, separated by commas.

    Raises: SettingsError.
    """
    keys = [EventWebhook(_checked(key)) for key in split(listed)]
    if not all(hasattr(key.public_key, "curve") for key in keys):
        raise SettingsError("SENDGRID_WEBHOOK_PUBLIC_KEYS: not keys of elliptic curves")
    return keys


def _checked(key: str) -> str:
    try:
        EventWebhook(key)
    except ValueError:
        raise SettingsError("SENDGRID_WEBHOOK_PUBLIC_KEYS: not public keys in base64") from None
    return key


def verify(body: bytes, headers: Mapping[str, str], keys: Sequence[Key], tolerance: int) -> str:
    """The body as text, once it is known to be SendGrid's.

    Raises: BadRequest.
    """
    refused = BadRequest("This was not signed by SendGrid, or it was signed too long ago.", code="invalid_signature")
    signature, timestamp = headers.get(EventWebhookHeader.SIGNATURE, ""), headers.get(EventWebhookHeader.TIMESTAMP, "")
    signed_at = parse_seconds(timestamp)
    if signed_at is None or not -AHEAD <= time.time() - signed_at <= tolerance:
        raise refused
    try:
        text = body.decode()  # the helper encodes it again: to the same bytes, since it was UTF-8
        if any(key.verify_signature(text, signature, timestamp) for key in keys):
            return text
    except (UnicodeDecodeError, binascii.Error, ValueError):
        pass
    raise refused
