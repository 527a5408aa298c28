"""Webhook endpoints, and which of them an event is for."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from local.simulators.stripe.context import Context
from local.simulators.stripe.state import Object, new_id

# In an endpoint's metadata: it receives only this subject's events, and then no endpoint without a subject does.
SUBJECT = "subject"
_FIRST = "we_simulator"


def new_endpoint(context: Context, url: str, secrets: Sequence[str] = (), **given: Any) -> Object:
    endpoint: Object = {
        "id": given.pop("id", None) or new_id("we"),
        "object": "webhook_endpoint",
        "api_version": None,
        "application": None,
        "created": context.now(),
        "description": None,
        "enabled_events": ["*"],
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
        "_secrets": list(secrets) or [new_id("whsec", 32)],
        "_retry_seconds": None,
    } | given
    return context.state.add(endpoint)


def first_endpoint(context: Context, secrets: Sequence[str]) -> None:
    """The one that the environment names; it follows the environment."""
    settings = context.settings
    context.state.forget(_FIRST)
    if settings.webhook_url:
        version = settings.webhook_api_version or None
        new_endpoint(context, settings.webhook_url, secrets, id=_FIRST, api_version=version)


def endpoints_for(context: Context, event_type: str, tags: Collection[str]) -> list[Object]:
    wanting = list(_wanting(context, event_type))
    own = [each for each in wanting if each["metadata"].get(SUBJECT) in tags]
    return own or [each for each in wanting if SUBJECT not in each["metadata"]]


def _wanting(context: Context, event_type: str) -> Iterator[Object]:
    for endpoint in context.state.all("webhook_endpoint"):
        enabled = endpoint["enabled_events"]
        if endpoint["status"] == "enabled" and ("*" in enabled or event_type in enabled):
            yield endpoint
