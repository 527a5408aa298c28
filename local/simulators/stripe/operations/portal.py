"""Sessions of the billing portal."""

from typing import Any, Literal

from local.simulators.stripe.context import Context
from local.simulators.stripe.operations.base import Operation
from local.simulators.stripe.parameters import Expanding, Params, Text
from local.simulators.stripe.state import Object, new_id


class FlowSubscription(Params):
    subscription: str


class FlowData(Params):
    type: Literal["payment_method_update", "subscription_cancel", "subscription_update"]
    subscription_cancel: FlowSubscription | None = None
    subscription_update: FlowSubscription | None = None


class Create(Expanding):
    customer: str
    configuration: str | None = None
    flow_data: FlowData | None = None
    locale: str | None = None
    return_url: Text | None = None


def _create(context: Context, params: Create, _: str) -> Object:
    customer = context.state.need("customer", params.customer, param="customer")
    identity = new_id("bps")
    flow = params.flow_data
    session = {
        "id": identity,
        "object": "billing_portal.session",
        "configuration": params.configuration or "bpc_simulator",
        "created": context.now(customer),
        "customer": customer["id"],
        "customer_account": None,
        "flow": _flow(flow) if flow else None,
        "livemode": False,
        "locale": params.locale,
        "on_behalf_of": None,
        "return_url": params.return_url,
        "url": f"{context.public_url}/p/session/{identity}",
    }
    context.state.add(session)
    context.emit("billing_portal.session.created", session)
    return session


def _flow(flow: FlowData) -> dict[str, Any]:
    cancel, update = flow.subscription_cancel, flow.subscription_update
    return {
        "after_completion": {"hosted_confirmation": None, "redirect": None, "type": "portal_homepage"},
        "subscription_cancel": {"retention": None, "subscription": cancel.subscription} if cancel else None,
        "subscription_update": {"subscription": update.subscription} if update else None,
        "subscription_update_confirm": None,
        "type": flow.type,
    }


OPERATIONS = (Operation("billing_portal.sessions.create", "POST", "/v1/billing_portal/sessions", Create, _create),)
