"""Test clocks."""

from typing import Annotated

from pydantic import Field

from local.simulators.stripe import customers, timeline
from local.simulators.stripe.calendar import DAY
from local.simulators.stripe.errors import invalid
from local.simulators.stripe.operations.base import Operation, listing, retrieve
from local.simulators.stripe.parameters import Expanding, Paging, Params
from local.simulators.stripe.state import Object, new_id
from local.simulators.stripe.world import World


class Create(Expanding):
    frozen_time: int
    name: Annotated[str, Field(max_length=300)] | None = None


class Advance(Expanding):
    frozen_time: int


def _create(world: World, params: Create, _: str) -> Object:
    clock = {
        "id": new_id("clock"),
        "object": "test_helpers.test_clock",
        "created": world.now(),
        "deletes_after": world.now() + 30 * DAY,
        "frozen_time": params.frozen_time,
        "livemode": False,
        "name": params.name,
        "status": "ready",
        "status_details": {},
    }
    world.state.add(clock)
    world.emit("test_helpers.test_clock.created", clock)
    return clock


def _advance(world: World, params: Advance, identity: str) -> Object:
    """All of it is done by the time this answers, though the answer says `advancing` as Stripe's does."""
    clock = world.state.need("test_helpers.test_clock", identity)
    if params.frozen_time <= clock["frozen_time"]:
        raise invalid("Test clock time can only be advanced forward.", param="frozen_time")
    answer = clock | {
        "status": "advancing",
        "status_details": {"advancing": {"target_frozen_time": params.frozen_time}},
    }
    origin, world.origin = world.origin, None
    timeline.advance_clock(world, clock, params.frozen_time)
    world.origin = origin
    world.emit("test_helpers.test_clock.ready", clock)
    return answer


def _delete(world: World, _: Params, identity: str) -> Object:
    clock = world.state.need("test_helpers.test_clock", identity)
    for customer in world.state.all("customer"):
        if customer["test_clock"] == identity and not customer.get("_deleted"):
            customers.delete(world, customer)
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
