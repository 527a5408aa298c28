"""What an operation of the API is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from local.simulators.stripe.context import Context
from local.simulators.stripe.errors import invalid
from local.simulators.stripe.parameters import Expanding, Paging, Params, Range, within
from local.simulators.stripe.state import Object


@dataclass(frozen=True)
class Listing:
    """Objects, the oldest first; the page that was asked for is cut out of them."""

    objects: Iterable[Object]


@dataclass(frozen=True)
class Operation:
    """`name` is the SDK's, and what behaviours are set for."""

    name: str
    method: str
    path: str
    params: type[Params]
    run: Callable[[Context, Any, str], Object | Listing]


def retrieve(kind: str) -> Callable[[Context, Expanding, str], Object]:
    def run(context: Context, _: Expanding, identity: str) -> Object:
        return context.state.need(kind, identity)

    return run


def listing(kind: str, **values: Callable[[Object], Any]) -> Callable[[Context, Paging, str], Listing]:
    """Lists what fits the parameters that are given: each is compared with the field of its name, or with `values`."""

    def run(context: Context, params: Paging, _: str) -> Listing:
        names = type(params).model_fields.keys() - Paging.model_fields.keys()
        wanted = {name: value for name in names if (value := getattr(params, name)) is not None}

        def fits(obj: Object) -> bool:
            return all(_is(values.get(name, itemgetter(name))(obj), value) for name, value in wanted.items())

        return Listing(obj for obj in context.state.all(kind) if not obj.get("_deleted") and fits(obj))

    return run


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return value in wanted
    return within(value, wanted) if isinstance(wanted, Range) else bool(value == wanted)


def page(listing: Listing, params: Paging, url: str, kind: str) -> tuple[list[Object], Object]:
    """The objects of the page, and the list object without them."""
    objects = list(listing.objects)[::-1]
    positions = {obj["id"]: position for position, obj in enumerate(objects)}
    for cursor, name in ((params.starting_after, "starting_after"), (params.ending_before, "ending_before")):
        if cursor is not None and cursor not in positions:
            raise invalid(f"No such {kind}: '{cursor}'", param=name, code="resource_missing")
    if params.ending_before is not None:
        end = positions[params.ending_before]
        start = max(0, end - params.limit)
        more = start > 0
    else:
        start = positions[params.starting_after] + 1 if params.starting_after is not None else 0
        end = start + params.limit
        more = end < len(objects)
    return objects[start:end], {"object": "list", "has_more": more, "url": url}
