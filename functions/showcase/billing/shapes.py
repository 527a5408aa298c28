"""Which members of Stripe's objects are relied on, by their `object` (https://docs.stripe.com/api). No I/O."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from showcase.errors import Failure, VendorError

P = ParamSpec("P")
T = TypeVar("T")

_MEMBERS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "account": {"id": str},
    "customer": {"id": str},
    "subscription": {"id": str, "status": str, "created": int, "customer": (str, dict), "items": dict},
    "invoice": {"id": str},
    "charge": {"id": str},
    "price": {"id": str},
    "checkout.session": {"id": str, "status": str, "created": int, "expires_at": int, "metadata": dict},
    "billing_portal.session": {"url": str},
}


class UnexpectedObject(VendorError):
    """A response that is not what Stripe describes."""

    def __init__(self) -> None:
        super().__init__("stripe", Failure.UNAVAILABLE, "unexpected_object")


def check_object(found: Any, kind: str) -> dict[str, Any]:
    """`found`, an object of that kind. Raises: UnexpectedObject."""
    if not isinstance(found, dict) or found.get("object") != kind:
        raise UnexpectedObject
    if not all(isinstance(found.get(name), type_) for name, type_ in _MEMBERS[kind].items()):
        raise UnexpectedObject
    return found


def check_list(found: Any, kind: str) -> tuple[list[dict[str, Any]], bool]:
    """A page of objects of that kind, and whether there are more. Raises: UnexpectedObject."""
    data, more = (found.get("data"), found.get("has_more")) if isinstance(found, dict) else (None, None)
    if not isinstance(data, list) or not isinstance(more, bool) or (more and not data):
        raise UnexpectedObject
    return [check_object(each, kind) for each in data], more


def reads(function: Callable[P, T]) -> Callable[P, T]:
    """For what reads an object's inner members, whose types nothing has checked. Raises: UnexpectedObject."""

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except (TypeError, ValueError, LookupError, AttributeError):
            raise UnexpectedObject from None

    return checked
