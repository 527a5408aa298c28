"""Events, and the endpoints that they are sent to."""

from typing import Annotated

from pydantic import Field

from local.simulators.stripe import endpoints
from local.simulators.stripe.context import Context
from local.simulators.stripe.operations.base import Listing, Operation, listing, retrieve
from local.simulators.stripe.parameters import (
    Clearable,
    Created,
    Expanding,
    Listed,
    Metadata,
    Paging,
    Params,
    Text,
    merged_metadata,
    within,
)
from local.simulators.stripe.state import Object


class ListEvents(Created):
    delivery_success: bool | None = None
    type: str | None = None
    types: Listed[str] | None = None


class CreateEndpoint(Expanding):
    enabled_events: Annotated[Listed[str], Field(min_length=1)]
    url: Annotated[str, Field(pattern="^https?://")]
    api_version: str | None = None
    description: Clearable[Text] = None
    metadata: Metadata = None


class UpdateEndpoint(Expanding):
    description: Clearable[Text] = None
    disabled: bool = False
    enabled_events: Listed[str] | None = None
    metadata: Metadata = None
    url: Annotated[str, Field(pattern="^https?://")] | None = None


def _list_events(context: Context, params: ListEvents, _: str) -> Listing:
    return Listing(event for event in context.state.all("event") if _fits(event, params))


def _fits(event: Object, params: ListEvents) -> bool:
    return (
        within(event["created"], params.created)
        and (params.type is None or _matches(event["type"], params.type))
        and (params.types is None or event["type"] in params.types)
        and params.delivery_success in {None, event["pending_webhooks"] == 0}
    )


def _matches(event_type: str, wanted: str) -> bool:
    """`invoice.*` means all that begin so."""
    return event_type.startswith(wanted[:-1]) if wanted.endswith(".*") else event_type == wanted


def _create(context: Context, params: CreateEndpoint, _: str) -> Object:
    """The only answer with the secret in it."""
    endpoint = endpoints.new_endpoint(
        context,
        params.url,
        api_version=params.api_version,
        description=params.description,
        enabled_events=params.enabled_events,
        metadata=merged_metadata({}, params.metadata),
    )
    return endpoint | {"secret": endpoint["_secrets"][0]}


def _update(context: Context, params: UpdateEndpoint, identity: str) -> Object:
    endpoint = context.state.need("webhook_endpoint", identity)
    for name in ("description", "enabled_events", "url"):
        if params.given(name):
            endpoint[name] = getattr(params, name)
    if params.given("disabled"):
        endpoint["status"] = "disabled" if params.disabled else "enabled"
    if params.given("metadata"):
        endpoint["metadata"] = merged_metadata(endpoint["metadata"], params.metadata)
    return endpoint


def _delete(context: Context, _: Params, identity: str) -> Object:
    endpoint = context.state.need("webhook_endpoint", identity)
    context.state.forget(identity)
    return endpoint | {"_deleted": True}


OPERATIONS = (
    Operation("events.list", "GET", "/v1/events", ListEvents, _list_events),
    Operation("events.retrieve", "GET", "/v1/events/{id}", Expanding, retrieve("event")),
    Operation("webhook_endpoints.create", "POST", "/v1/webhook_endpoints", CreateEndpoint, _create),
    Operation("webhook_endpoints.list", "GET", "/v1/webhook_endpoints", Paging, listing("webhook_endpoint")),
    Operation(
        "webhook_endpoints.retrieve", "GET", "/v1/webhook_endpoints/{id}", Expanding, retrieve("webhook_endpoint")
    ),
    Operation("webhook_endpoints.update", "POST", "/v1/webhook_endpoints/{id}", UpdateEndpoint, _update),
    Operation("webhook_endpoints.delete", "DELETE", "/v1/webhook_endpoints/{id}", Params, _delete),
)
