"""Stripe-Signature, and the body that it signs."""

import hashlib
import hmac
import json
from collections.abc import Sequence

from local.simulators.stripe.shapes import in_version
from local.simulators.stripe.state import Object, State


def body_of(state: State, event: Object, version: str) -> str:
    """The event as an endpoint of that version receives it."""
    shown = json.loads(json.dumps({name: value for name, value in event.items() if not name.startswith("_")}))
    shown["data"]["object"] = in_version(shown["data"]["object"], version, state)
    return json.dumps(shown | {"api_version": version}, indent=2, ensure_ascii=False)


def signature(body: str, secrets: Sequence[str], timestamp: int) -> str:
    """One v1 for each secret, as while a secret is being replaced."""
    signed = f"{timestamp}.{body}".encode()
    marks = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={timestamp}", *(f"v1={mark}" for mark in marks)])
