"""`expand[]`: ids replaced by the objects they name, and lists that are left out unless asked for."""

from collections.abc import Callable
from typing import Any

from local.simulators.stripe.errors import invalid
from local.simulators.stripe.shapes import present
from local.simulators.stripe.state import Object, State

_DEEPEST = 4


def expand(state: State, shown: Object, paths: list[str], show: Callable[[Object], Object]) -> None:
    """In place. `show` gives a stored object in the caller's version."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > _DEEPEST:
            raise invalid(f"You cannot expand more than {_DEEPEST} levels of a property ({path}).", param="expand")
        _step(state, shown, steps, path, show)


def _step(state: State, shown: Any, steps: list[str], path: str, show: Callable[[Object], Object]) -> None:
    if isinstance(shown, list):
        for each in shown:
            _step(state, each, steps, path, show)
        return
    if not steps or shown is None:
        return
    if not isinstance(shown, dict):
        raise _refusal(path)
    name, *rest = steps
    included = _INCLUDED.get((str(shown.get("object")), name))
    if included and name not in shown:
        shown[name] = included(state, shown["id"])
    value = shown.get(name)
    if name not in shown:
        raise _refusal(path)
    if isinstance(value, str):
        found = state.find(value)
        if found is None:
            raise _refusal(path)
        shown[name] = value = show(found)
    elif not rest and not isinstance(value, dict | list | None):
        raise _refusal(path)
    _step(state, value, rest, path, show)


def _refusal(path: str) -> Exception:
    return invalid(f"This property cannot be expanded ({path}).", param="expand[0]")


def _list(data: list[Object], url: str) -> Object:
    return {"object": "list", "data": data, "has_more": False, "url": url}


def _line_items(state: State, session_id: str) -> Object:
    data = []
    for position, (price_id, quantity) in enumerate(state.kinds["checkout.session"][session_id]["_items"]):
        price = present(state, state.kinds["price"][price_id])
        amount = price["unit_amount"] * quantity
        data.append(
            {
                "id": f"li_{session_id[-20:]}{position}",
                "object": "item",
                "amount_discount": 0,
                "amount_subtotal": amount,
                "amount_tax": 0,
                "amount_total": amount,
                "currency": price["currency"],
                "description": state.kinds["product"][price["product"]]["name"],
                "metadata": {},
                "price": price,
                "quantity": quantity,
            }
        )
    return _list(data, f"/v1/checkout/sessions/{session_id}/line_items")


def _payments(state: State, invoice_id: str) -> Object:
    payments = state.kinds["invoice"][invoice_id]["_payments"]
    return _list([present(state, each) for each in payments], "/v1/invoice_payments")


def _subscriptions(state: State, customer_id: str) -> Object:
    live = (each for each in state.owned("subscription", customer_id) if not each["ended_at"])
    return _list([present(state, each) for each in live], f"/v1/customers/{customer_id}/subscriptions")


# What is left out of an object unless a client asks for it.
_INCLUDED: dict[tuple[str, str], Callable[[State, str], Object]] = {
    ("checkout.session", "line_items"): _line_items,
    ("invoice", "payments"): _payments,
    ("customer", "subscriptions"): _subscriptions,
}
