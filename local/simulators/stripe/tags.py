"""The names under which tests speak of an object: its id, its customer's, and what its owner wrote on it.

So a test can say "this user" by the id that the application put into metadata, before it knows any of Stripe's ids.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from local.simulators.stripe.state import Object, State

_REFERENCES = (
    "customer", "subscription", "charge", "invoice", "checkout_session", "test_clock", "payment_method", "price",
)  # fmt: skip
_WRITTEN = ("email", "customer_email", "client_reference_id")


def tags_of(state: State, obj: Mapping[str, Any]) -> list[str]:
    """The object's own first, then those of its subscription and its customer."""
    found: dict[str, None] = {}
    _collect(state, obj, found, set())
    return list(found)


def tags_in(state: State, identity: str | None, params: Mapping[str, Any]) -> list[str]:
    """Of a request: what its path names, and what its parameters name or write."""
    found: dict[str, None] = {}
    _follow(state, identity, found, set())
    _collect(state, params, found, set())
    return list(found)


def usable(text: object) -> bool:
    """A slash would divide a subject from an operation."""
    return isinstance(text, str) and 0 < len(text) <= 200 and "/" not in text and text != "*"


def _collect(state: State, obj: Mapping[str, Any], found: dict[str, None], seen: set[str]) -> None:
    metadata = obj.get("metadata")
    written = [obj.get("id"), *(obj.get(name) for name in _WRITTEN)]
    if isinstance(metadata, Mapping):
        written += metadata.values()
    found.update({str(text): None for text in written if usable(text)})
    for reference in (*(obj.get(name) for name in _REFERENCES), *_parents(obj)):
        _follow(state, reference, found, seen)


def _follow(state: State, reference: object, found: dict[str, None], seen: set[str]) -> None:
    if not isinstance(reference, str) or not usable(reference) or reference in seen:
        return
    seen.add(reference)
    found[reference] = None
    obj: Object | None = state.find(reference)
    # A price or a clock is shared: what is written on it says nothing about whom it is for.
    if obj is not None and obj["object"] not in {"price", "test_helpers.test_clock"}:
        _collect(state, obj, found, seen)


def _parents(obj: Mapping[str, Any]) -> Iterable[object]:
    """Of invoices, and of the settings that checkout passes on."""
    parent = obj.get("parent")
    if isinstance(parent, Mapping):
        yield (parent.get("subscription_details") or {}).get("subscription")
