"""Test clocks."""

from typing import Annotated

from pydantic import Field

from local.simulators.stripe import customers
from local.simulators.stripe.console import timeline
from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import invalid
from local.simulators.stripe.invoicing.calendar import DAY
from local.simulators.stripe.operations.base import Operation, listing, retrieve
from local.simulators.stripe.parameters import Expanding, Paging, Params
from local.simulators.stripe.state import Object, new_id


class Create(Expanding):
    frozen_time: int
    name: Annotated[str, Field(max_length=300)] | None = None


class Advance(Expanding):
    frozen_time: int


def _create(context: Context, params: Create, _: str) -> Object:
    clock = {
        "id": new_id("clock"),
        "object": "test_helpers.test_clock",
        "created": context.now(),
        "deletes_after": context.now() + 30 * DAY,
        "frozen_time": params.frozen_time,
        "livemode": False,
        "name": params.name,
        "status": "ready",
        "status_details": {},
    }
    context.state.add(clock)
    context.emit("test_helpers.test_clock.created", clock)
    return clock


def _advance(context: Context, params: Advance, identity: str) -> Object:
    """All of it is done by the time this answers, though the answer says `advancing` as Stripe's does."""
    clock = context.state.need("test_helpers.test_clock", identity)
    if params.frozen_time <= clock["frozen_time"]:
        raise invalid("Test clock time can only be advanced forward.", param="frozen_time")
    answer = clock | {
        "status": "advancing",
        "status_details": {"advancing": {"target_frozen_time": params.frozen_time}},
    }
    origin, context.origin = context.origin, None
    timeline.advance_clock(context, clock, params.frozen_time)
    context.origin = origin
    context.emit("test_helpers.test_clock.ready", clock)
    return answer


def _delete(context: Context, _: Params, identity: str) -> Object:
    clock = context.state.need("test_helpers.test_clock", identity)
    for customer in context.state.all("customer"):
        if customer["test_clock"] == identity and not customer.get("_deleted"):
            customers.delete(context, customer)
    clock["_deleted"] = True
    return clock


_PATH = "/v1/test_helpers/test_clocks"
OPERATIONS = (
    Operation("test_helpers.test_clocks.create", "POST", _PATH, Create, _create),
    Operation("test_helpers.test_clocks.list", "GET", _PATH, Paging, listing("test_helpers.test_clock")),
    Operation(
        "test_helpers.test_clocks.retrieve", "GET", f"{_PATH}/{{id}}", Expanding, retrieve("test_helpers.test_clock")
    ),
    Operation("test_helpers.test_clocks.advance", "POST", f"{_PATH}/{{id}}/advance", Advance, _advance),
    Operation("test_helpers.test_clocks.delete", "DELETE", f"{_PATH}/{{id}}", Params, _delete),
)
