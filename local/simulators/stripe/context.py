"""What the billing rules work on: the stored objects, the clock, and the listeners of events."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from local.simulators.stripe.settings import Settings
from local.simulators.stripe.shapes import present
from local.simulators.stripe.state import Object, State, new_id

EventListener = Callable[[Object], None]


@dataclass
class Context:
    state: State
    settings: Settings
    public_url: str = ""
    # The request that is being answered, for the events that follow from it; None when time causes them.
    origin: Mapping[str, str | None] | None = None
    listeners: list[EventListener] = field(default_factory=list)
    # Something changed that has not been written to the state file.
    dirty: bool = False
    _moment: int | None = None
    _elsewhere: dict[tuple[bool, bool], "Context"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.state.livemode = self.settings.livemode

    def of_key(self, key: str) -> "Context":
        """The one that the key opens: this one, or an empty one of the account's other mode, or of another account."""
        if self.settings.is_own(key):
            return self
        live, other = key[3:8] == "live_", "_other_" in key
        account = f"{self.settings.account}Other" if other else self.settings.account
        settings = self.settings.model_copy(update={"livemode": live, "account": account, "state_file": None})
        return self._elsewhere.setdefault((live, other), Context(State(), settings, self.public_url))

    def has_in_other_mode(self, identity: str, asked: "Context") -> bool:
        return (
            self.settings.account == asked.settings.account
            and self.settings.livemode != asked.settings.livemode
            and self.state.find(identity) is not None
        )

    def now(self, customer: Object | None = None) -> int:
        """The customer's time: its test clock's, or ours, moved on by as much as it was set."""
        if self._moment is not None:
            return self._moment
        if customer is None:
            return int(time.time())
        if customer["test_clock"]:
            return int(self.state.need("test_helpers.test_clock", customer["test_clock"])["frozen_time"])
        return int(time.time()) + int(customer.get("_ahead", 0))

    def now_of(self, customer_id: str) -> int:
        return self.now(self.state.find(customer_id, "customer"))

    @contextmanager
    def at(self, moment: int) -> Iterator[None]:
        """What happens inside happens then."""
        before, self._moment = self._moment, moment
        try:
            yield
        finally:
            self._moment = before

    def emit(
        self, kind: str, obj: Object, previous: Mapping[str, Any] | None = None, *, created: int | None = None
    ) -> Object:
        """Says what happened to the object, as it is now."""
        return self.announce(kind, present(self.state, obj), previous, created=created)

    def announce(
        self, kind: str, obj: Object, previous: Mapping[str, Any] | None = None, *, created: int | None = None
    ) -> Object:
        """Records an event about an object that is already as Stripe shows it, and notifies the delivery."""
        owner = obj["id"] if obj.get("object") == "customer" else obj.get("customer")
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": self.settings.api_version,
            "created": created if created is not None else (self.now_of(owner) if owner else self.now()),
            "data": {"object": obj} | ({"previous_attributes": dict(previous)} if previous else {}),
            "livemode": False,
            "pending_webhooks": 0,
            "request": dict(self.origin) if self.origin else {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.state.add(event)
        for listener in self.listeners:
            listener(event)
        return event

    @contextmanager
    def updating(self, obj: Object, kind: str) -> Iterator[None]:
        """Emits `kind` with the previous values, if anything changed."""
        before = present(self.state, obj)
        yield
        previous = changed(before, present(self.state, obj))
        if previous:
            self.emit(kind, obj, previous)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The old values of what is different: nested for dictionaries, whole for lists."""
    previous: dict[str, Any] = {}
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and name != "metadata":
            previous[name] = changed(old, new)
        elif name == "metadata" and isinstance(old, dict) and isinstance(new, dict):
            previous[name] = {key: old.get(key) for key in {**old, **new} if old.get(key) != new.get(key)}
        else:
            previous[name] = old
    return previous
